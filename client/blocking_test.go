package client_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// patience is a server whose blocking commands wait for their last word, or the
// BLOCK of XREAD, and whose queue "full" gets an element after 1.5 s.
func patience() respfake.Handler {
	return func(c *respfake.Conn, cmd []string) {
		switch {
		case cmd[0] == "BLPOP" && cmd[1] == "full":
			c.Sleep(1500 * time.Millisecond)
			c.Write(respfake.Array(respfake.Bulk("full"), respfake.Bulk("x")))
		case cmd[0] == "BLPOP":
			wait, _ := time.ParseDuration(cmd[len(cmd)-1] + "s")
			c.Sleep(wait)
			c.Write(respfake.Null)
		case cmd[0] == "XREAD":
			wait, _ := time.ParseDuration(cmd[2] + "ms")
			c.Sleep(wait)
			c.Write(respfake.Null)
		default:
			c.Write(respfake.OK)
		}
	}
}

// shortTimeouts are far below what the blocking commands wait.
func shortTimeouts(o *rueidis.ClientOption) {
	o.ConnWriteTimeout, o.Dialer.KeepAlive = 500*time.Millisecond, 300*time.Millisecond
}

func TestTimeoutsOfTheClientDoNotCutBlockingCommands(t *testing.T) {
	t.Parallel()
	bubble(t, patience, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		blpop := func(key string, seconds float64) rueidis.Completed {
			return c.B().Blpop().Key(key).Timeout(seconds).Build()
		}
		var calls sync.WaitGroup
		calls.Go(func() {
			within(t, 1500*time.Millisecond, 1510*time.Millisecond, func() {
				if got, err := c.Do(t.Context(), blpop("full", 2)).AsStrSlice(); err != nil || strings.Join(got, " ") != "full x" {
					t.Errorf("got %q, %v; want the element", got, err)
				}
			})
		})
		calls.Go(func() {
			within(t, time.Second, 1010*time.Millisecond, func() {
				if err := c.DoMulti(t.Context(), blpop("empty", 1))[0].Error(); err != rueidis.Nil {
					t.Errorf("got %v; want rueidis.Nil", err)
				}
			})
		})
		calls.Go(func() {
			within(t, 1500*time.Millisecond, 1510*time.Millisecond, func() {
				read := c.B().Xread().Block(1500).Streams().Key("s").Id("$").Build()
				if err := c.Do(t.Context(), read).Error(); err != rueidis.Nil {
					t.Errorf("got %v; want rueidis.Nil", err)
				}
			})
		})
		calls.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
			defer cancel()
			within(t, 700*time.Millisecond, 750*time.Millisecond, func() {
				if err := c.Do(ctx, blpop("late", 5)).Error(); !errors.Is(err, errs.Deadline) || !errs.MayHaveExecuted(err) {
					t.Errorf("got %v; want Deadline, Unknown", err)
				}
			})
		})
		for range 100 { // ordinary commands do not wait behind them
			within(t, 0, 50*time.Millisecond, func() {
				if err := get(t.Context(), c, "k"); err != nil {
					t.Error(err)
				}
			})
			time.Sleep(10 * time.Millisecond)
		}
		calls.Wait()
		wantCount(t, fake, "BLPOP", 3)
		wantCount(t, fake, "XREAD", 1)
	}, shortTimeouts)
}

// Blocking commands are no probes: a client that sends nothing else must not be
// refused for ever.
func TestClientThatOnlyBlocksHealsAfterAnOutage(t *testing.T) {
	t.Parallel()
	script := plan{"BLPOP": {respfake.Array(respfake.Bulk("q"), respfake.Bulk("x"))}, "GET": {respfake.Bulk("v")}}
	bubble(t, script.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		pop := func() error { return c.Do(t.Context(), c.B().Blpop().Key("q").Timeout(1).Build()).Error() }
		stream := func() error {
			s := c.DoStream(t.Context(), c.B().Get().Key("k").Build())
			_, err := s.WriteTo(io.Discard)
			return err
		}
		batch := func() error { return c.DoMulti(t.Context(), c.B().Blpop().Key("q").Timeout(1).Build())[0].Error() }
		for name, call := range map[string]func() error{"pop": pop, "stream": stream, "batch": batch} {
			fake.Refuse(syscall.ECONNREFUSED)
			fake.Drop()
			synctest.Wait()
			for range 10 {
				if call() == nil {
					t.Fatalf("%s: no failure in the outage", name)
				}
			}
			fake.Refuse(nil)
			time.Sleep(5 * time.Second)
			if err := call(); err != nil {
				t.Errorf("%s after the outage: %v", name, err)
			}
		}
	})
}
