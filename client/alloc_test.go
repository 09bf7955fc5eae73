//go:build !race

package client_test

import (
	"context"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// The race detector makes sync.Pool forget on purpose, so this is not counted
// under it. The server in memory allocates as well, for both clients the same.
func TestHealthyCallAllocatesWhatRueidisDoes(t *testing.T) {
	ctx := context.Background()
	script := plan{"GET": {respfake.Bulk("v")}, "HGET": {respfake.Null}}.script
	calls := map[string]func(c rueidis.Client) error{
		"GET": func(c rueidis.Client) error { return c.Do(ctx, c.B().Get().Key("k").Build()).Error() },
		"SET": func(c rueidis.Client) error { return c.Do(ctx, c.B().Set().Key("k").Value("v").Build()).Error() },
		"a nil reply": func(c rueidis.Client) error {
			if err := c.Do(ctx, c.B().Hget().Key("k").Field("f").Build()).Error(); err != rueidis.Nil {
				return err
			}
			return nil
		},
	}
	for mode, pipelining := range map[string]bool{"adaptive": false, "pipelining": true} {
		fake := respfake.New(script())
		opt := rueidis.ClientOption{
			InitAddress: []string{addr}, DialCtxFn: fake.Dial, ForceSingleClient: true, DisableRetry: true,
			PipelineMultiplex: -1, AlwaysPipelining: pipelining,
		}
		bare, err := rueidis.NewClient(opt)
		if err != nil {
			t.Fatal(err)
		}
		c, err := client.New(opt)
		if err != nil {
			t.Fatal(err)
		}
		for name, call := range calls {
			want, got := leastAllocs(t, bare, call), leastAllocs(t, c, call)
			if got != want {
				t.Errorf("%s, %s: %v allocations; rueidis makes %v", name, mode, got, want)
			}
		}
		bare.Close()
		c.Close()
		fake.Close()
	}
}

// leastAllocs is the least average of several runs: what a timer or a growing
// slice adds comes in one of them.
func leastAllocs(t *testing.T, c rueidis.Client, call func(rueidis.Client) error) float64 {
	t.Helper()
	least := 1e9
	for range 5 {
		least = min(least, testing.AllocsPerRun(100, func() {
			if err := call(c); err != nil {
				t.Fatal(err)
			}
		}))
	}
	return least
}
