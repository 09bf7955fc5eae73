package breaker_test

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cb "github.com/mercari/go-circuitbreaker"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client/internal/breaker"
	"github.com/redoubt-go/redoubt/errs"
)

// history checks that the changes of a lane are a path, told one at a time.
type history struct {
	telling atomic.Int32
	at      breaker.State
	opened  atomic.Int32
}

func (h *history) add(t *testing.T, c breaker.Change) {
	t.Helper()
	if h.telling.Add(1) != 1 {
		t.Error("two changes of a lane at once")
	}
	defer h.telling.Add(-1)
	if c.From != h.at {
		t.Errorf("change from %v after a change to %v", c.From, h.at)
	}
	if h.at = c.To; c.To == breaker.Open {
		h.opened.Add(1)
	}
}

// TestUnderLoad lets a node fail, hang and recover under many callers: the
// probes stay within their limit, and the story told is a consistent one.
func TestUnderLoad(t *testing.T) {
	t.Parallel()
	const often = 30
	p := breaker.Policy{Failures: 2, OpenFor: time.Microsecond, MaxOpenFor: 50 * time.Microsecond, Probes: 2, ProbeTimeout: time.Millisecond}
	var lanes [2]history
	b := breaker.New(addr, p, func(c breaker.Change) {
		if c.Lane == "write" {
			lanes[1].add(t, c)
		} else {
			lanes[0].add(t, c)
		}
	})
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for i := 0; i < 5_000_000 && min(lanes[0].opened.Load(), lanes[1].opened.Load()) < often; i++ {
				write := rand.IntN(2) == 0
				l := b.Lane(write)
				tok, ok := l.Allow(i%10 != 0)
				if !ok {
					if l.Open().Kind != errs.BreakerOpen {
						t.Error("Open() is not of kind BreakerOpen")
					}
					runtime.Gosched()
					continue
				}
				if verdict := rand.IntN(50); verdict < 5 {
					b.Learn(write, tok, classify.Lane(verdict), errs.ConnLost)
				} else if verdict > 5 { // else the token is lost
					b.Learn(write, tok, classify.LaneSuccess, 0)
				}
			}
		})
	}
	callers.Wait()
	b.Close()
	for i := range lanes {
		if opened := lanes[i].opened.Load(); opened < often {
			t.Errorf("lane %d opened %d times; want %d, or this test shows nothing", i, opened, often)
		}
	}
}

func TestProbesAreLimitedUnderLoad(t *testing.T) {
	t.Parallel()
	const limit = 3
	b := breaker.New(addr, breaker.Policy{OpenFor: time.Microsecond, Probes: limit, Failures: 1}, nil)
	l := b.Lane(false)
	for range 50 {
		l.Fail(mustAllow(t, l), errs.ConnLost)
		for l.State() != breaker.HalfOpen {
			time.Sleep(10 * time.Microsecond) // the library's timer, in real time
		}
		var admitted atomic.Int32
		var callers sync.WaitGroup
		var toks [16]breaker.Token
		for i := range toks {
			callers.Go(func() {
				tok, ok := l.Allow(true)
				if toks[i] = tok; ok {
					admitted.Add(1)
				}
			})
		}
		callers.Wait()
		if got := admitted.Load(); got != limit {
			t.Fatalf("%d probes at once; want %d", got, limit)
		}
		for _, tok := range toks {
			l.Success(tok)
		}
		wantState(t, l, breaker.Closed)
	}
	b.Close()
}

func TestHealthyAttemptAllocatesNothing(t *testing.T) {
	b := breaker.New(addr, breaker.Policy{}, func(breaker.Change) {})
	l := b.Lane(true)
	allocs := testing.AllocsPerRun(1000, func() {
		tok, _ := l.Allow(true)
		l.Success(tok)
		l.Ignore(tok)
	})
	if allocs != 0 {
		t.Errorf("%v allocations for a healthy attempt; want 0", allocs)
	}
	fail(t, l, 5, errs.ConnLost)
	_ = l.Open()
	allocs = testing.AllocsPerRun(1000, func() {
		if _, ok := l.Allow(true); !ok {
			_ = l.Open()
		}
	})
	if allocs > 0.1 {
		t.Errorf("%v allocations for a refused attempt; want 0 but for a few in an open time", allocs)
	}
	b.Close()
}

func BenchmarkHealthy(b *testing.B) {
	l := breaker.New(addr, breaker.Policy{}, nil).Lane(true)
	plain := cb.New(cb.WithCounterResetInterval(-1))
	lane := func() {
		tok, _ := l.Allow(true)
		l.Success(tok)
	}
	library := func() {
		if plain.Ready() {
			plain.Success()
		}
	}
	b.Run("lane/serial", func(b *testing.B) { serial(b, lane) })
	b.Run("library/serial", func(b *testing.B) { serial(b, library) })
	b.Run("lane/parallel", func(b *testing.B) { parallel(b, lane) })
	b.Run("library/parallel", func(b *testing.B) { parallel(b, library) })
}

func BenchmarkRefused(b *testing.B) {
	br := breaker.New(addr, breaker.Policy{OpenFor: time.Hour, Failures: 1}, nil)
	defer br.Close()
	l := br.Lane(true)
	tok, _ := l.Allow(true)
	l.Fail(tok, errs.ConnLost)
	serial(b, func() {
		if _, ok := l.Allow(true); !ok {
			_ = l.Open()
		}
	})
}

func serial(b *testing.B, attempt func()) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		attempt()
	}
}

func parallel(b *testing.B, attempt func()) {
	b.Helper()
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			attempt()
		}
	})
}
