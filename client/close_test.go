package client_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// rueidis' Close leaves alone what is out of its pools: without an answer of
// the server it would wait for ever, and its goroutines with it.
func TestCloseCutsOffWhatIsInUse(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, use := range map[string]func(c *client.Client) error{
		"blocking": func(c *client.Client) error {
			return c.Do(ctx, c.B().Blpop().Key("k").Timeout(0).Build()).Error()
		},
		"batch": func(c *client.Client) error {
			return client.BatchError(c.DoMulti(ctx, c.B().Blpop().Key("k").Timeout(0).Build()))
		},
		"dedicated": func(c *client.Client) error {
			return c.Dedicated(func(d rueidis.DedicatedClient) error {
				return d.Do(ctx, d.B().Blpop().Key("k").Timeout(0).Build()).Error()
			})
		},
		"stream": func(c *client.Client) error {
			s := c.DoStream(ctx, c.B().Get().Key("k").Build())
			_, err := s.WriteTo(io.Discard)
			return classify.Typed(err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modes(t, func(t *testing.T, mode setup) {
				fake := respfake.New(plan{"BLPOP": {hang}, "GET": {hang}}.script())
				defer fake.Close()
				c := dial(t, fake, mode)
				got := make(chan error, 1)
				go func() { got <- use(c) }()
				synctest.Wait()
				within(t, 0, time.Second, func() {
					c.Close()
					err := <-got
					if !errs.MayHaveExecuted(err) || name != "stream" && errs.KindOf(err) != errs.Closed {
						t.Errorf("got %v; want Closed, in doubt", err)
					}
				})
			})
		})
	}
}
