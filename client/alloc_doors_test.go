//go:build !race

package client_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// As for Do: a batch and a hit in the cache cost what they cost rueidis.
func TestHealthyBatchesAndHitsAllocateWhatRueidisDoes(t *testing.T) {
	ctx := context.Background()
	calls := map[string]func(c rueidis.Client) error{
		"DoMulti": func(c rueidis.Client) error {
			return c.DoMulti(ctx, c.B().Get().Key("k").Build(), c.B().Set().Key("k").Value("v").Build())[1].Error()
		},
		"DoCache": func(c rueidis.Client) error {
			return c.DoCache(ctx, c.B().Get().Key("k").Cache(), time.Hour).Error()
		},
		"DoMultiCache": func(c rueidis.Client) error {
			return c.DoMultiCache(ctx, rueidis.CT(c.B().Get().Key("k").Cache(), time.Hour))[0].Error()
		},
	}
	fake := respfake.New(cacheServer(never)())
	defer fake.Close()
	opt := rueidis.ClientOption{
		InitAddress: []string{addr}, DialCtxFn: fake.Dial, ForceSingleClient: true, DisableRetry: true, PipelineMultiplex: -1,
	}
	bare, err := rueidis.NewClient(opt)
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	c, err := client.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for name, call := range calls {
		if want, got := leastAllocs(t, bare, call), leastAllocs(t, c, call); got > want {
			t.Errorf("%s: %v allocations; rueidis makes %v", name, got, want)
		}
	}
}
