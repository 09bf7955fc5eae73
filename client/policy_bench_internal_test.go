package client

import (
	"context"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client/internal/breaker"
	"github.com/redoubt-go/redoubt/internal/dialseam"
)

// memory is a node that answers every command at once. It recycles nothing, so
// one command serves a whole benchmark.
type memory struct{ rueidis.Client }

func (memory) Do(context.Context, rueidis.Completed) rueidis.RedisResult {
	return rueidis.RedisResult{}
}

// memoryCore is a client over a node in memory.
func memoryCore(tb testing.TB, opts ...Option) *core {
	tb.Helper()
	s, err := collect(&rueidis.ClientOption{}, opts)
	if err != nil {
		tb.Fatal(err)
	}
	c := newCore(s, 0)
	c.top = &single{n: &node{
		addr: "memory", wires: []rueidis.Client{memory{}},
		seam: dialseam.New(nil, true).Node("memory"), brk: breaker.New("memory", s.breaker, nil),
	}}
	return c
}

// command builds without a client: a zero Builder is a cluster's.
func command(args ...string) rueidis.Completed {
	var b rueidis.Builder
	return b.Arbitrary(args...).Build().Pin()
}

// BenchmarkPolicyOverhead is what the policy costs per Do: the same node in
// memory is asked directly and through the client.
func BenchmarkPolicyOverhead(b *testing.B) {
	ctx := context.Background()
	set := command("SET", "k", "v")
	subjects := map[string]func() rueidis.RedisResult{}
	n := rueidis.Client(memory{})
	subjects["bare"] = func() rueidis.RedisResult { return n.Do(ctx, set) }
	c := &Client{memoryCore(b)}
	subjects["redoubt"] = func() rueidis.RedisResult { return c.Do(ctx, set) }
	for _, name := range []string{"bare", "redoubt"} {
		do := subjects[name]
		b.Run(name+"/serial", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = do()
			}
		})
		b.Run(name+"/64", func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_ = do()
				}
			})
		})
	}
}
