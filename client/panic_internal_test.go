package client

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client/internal/breaker"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/dialseam"
)

// faulty is a node in memory that does what a test says, panics included: that
// is what a dial or credentials function of the user may do inside rueidis.
type faulty struct {
	rueidis.Client
	do func() rueidis.RedisResult
}

func (f faulty) Do(context.Context, rueidis.Completed) rueidis.RedisResult { return f.do() }

func (faulty) B() rueidis.Builder { return rueidis.Builder{} }

func faultyCore(t *testing.T, do func() rueidis.RedisResult, opts ...Option) *core {
	t.Helper()
	s, err := collect(&rueidis.ClientOption{}, opts)
	if err != nil {
		t.Fatal(err)
	}
	c := newCore(s, 0)
	c.top = &single{n: &node{
		addr: "memory", wires: []rueidis.Client{faulty{do: do}},
		seam: dialseam.New(nil, true).Node("memory"), brk: c.newBreaker("memory", s.breaker),
	}, tell: c.tell}
	t.Cleanup(c.top.(*single).n.brk.Close)
	return c
}

// panics reports whether the call panicked.
func panics(call func()) (did bool) {
	defer func() { did = recover() != nil }()
	call()
	return false
}

func TestPanicInTheFirstAttemptKeepsNoProbe(t *testing.T) {
	t.Parallel()
	testPanicKeepsNoProbe(t, "panic")
}

func TestPanicInALaterAttemptKeepsNoProbe(t *testing.T) {
	t.Parallel()
	testPanicKeepsNoProbe(t, "fail and panic")
}

// testPanicKeepsNoProbe opens a lane of one probe, lets that panic and expects
// that the next call is let through as the probe.
func testPanicKeepsNoProbe(t *testing.T, probe string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		mode := "fail"
		c := faultyCore(t, func() rueidis.RedisResult {
			switch mode {
			case "panic":
				panic("in a dial function")
			case "fail and panic":
				mode = "panic"
				fallthrough
			case "fail":
				return rueidis.NewErrorResult(&errs.Error{Kind: errs.ForeignContext, Effect: errs.NotExecuted})
			}
			return rueidis.RedisResult{}
		}, Breaker(BreakerPolicy{Failures: 1, Probes: 1, ProbeTimeout: time.Hour}))
		lane := c.top.(*single).n.lane(true)
		tok, _ := lane.Allow(true)
		lane.Fail(tok, errs.ConnLost)
		time.Sleep(time.Second)
		if lane.State() != breaker.HalfOpen {
			t.Fatalf("the lane is %v; want half-open", lane.State())
		}
		mode = probe
		if !panics(func() { c.do(t.Context(), command("INCR", "n")) }) {
			t.Fatal("the panic was swallowed")
		}
		mode = "fine"
		if _, failure := c.do(t.Context(), command("INCR", "n")); failure != nil {
			t.Errorf("after the panic: %v; want the probe's place free", failure)
		}
	})
}

func TestPanicKeepsNoSeat(t *testing.T) {
	t.Parallel()
	mode := "panic"
	c := faultyCore(t, func() rueidis.RedisResult {
		if mode == "panic" {
			panic("in a dial function")
		}
		return rueidis.RedisResult{}
	}, Bulkhead(1, 0))
	var b rueidis.Builder
	pop := func() rueidis.Completed { return b.Arbitrary("BLPOP", "q", "0").Blocking().Pin() }
	if !panics(func() { c.do(t.Context(), pop()) }) {
		t.Fatal("the panic was swallowed")
	}
	mode = "fine"
	if _, failure := c.do(t.Context(), pop()); failure != nil {
		t.Errorf("after the panic: %v; want a free seat", failure)
	}
}

// rude is an observer that panics where a test says.
type rude struct{ start, done, event bool }

func (r *rude) Start(ctx context.Context, _ Op) context.Context {
	if r.start {
		panic("in an observer")
	}
	return ctx
}

func (r *rude) Done(context.Context, Outcome) {
	if r.done {
		panic("in an observer")
	}
}

func (r *rude) Event(context.Context, Event) {
	if r.event {
		panic("in an observer")
	}
}

func TestPanicOfAnObserverKeepsNeitherSeatNorProbe(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]*rude{"Start": {start: true}, "Done": {done: true}, "Event": {event: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fail := true
			c := faultyCore(t, func() rueidis.RedisResult {
				if fail {
					return rueidis.NewErrorResult(&errs.Error{Kind: errs.ConnLost})
				}
				return rueidis.RedisResult{}
			}, Bulkhead(1, 0), WithObserver(o), Breaker(BreakerPolicy{Failures: 100}))
			var b rueidis.Builder
			pop := func() rueidis.Completed { return b.Arbitrary("BLPOP", "q", "0").Blocking().Pin() }
			if !panics(func() { c.do(t.Context(), pop()) }) {
				t.Fatal("the panic was swallowed")
			}
			*o, fail = rude{}, false
			if _, failure := c.do(t.Context(), pop()); failure != nil {
				t.Errorf("after the panic: %v; want a free seat", failure)
			}
		})
	}
}
