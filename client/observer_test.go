package client_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// recorder is an observer that keeps what it is told.
type recorder struct {
	mu     sync.Mutex
	starts []client.Op
	dones  []client.Outcome
	evs    []client.Event
}

func (o *recorder) Start(ctx context.Context, op client.Op) context.Context {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.starts = append(o.starts, op)
	return ctx
}

func (o *recorder) Done(_ context.Context, out client.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dones = append(o.dones, out)
}

func (o *recorder) Event(_ context.Context, ev client.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.evs = append(o.evs, ev)
}

// events are the events of a type so far.
func (o *recorder) events(typ client.EventType) (some []client.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, ev := range o.evs {
		if ev.Type == typ {
			some = append(some, ev)
		}
	}
	return some
}

func (o *recorder) attempts() []client.Event { return o.events(client.EventAttempt) }

func (o *recorder) reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.starts, o.dones, o.evs = nil, nil, nil
}

func TestHealthyCallIsStartAndDoneAndNothingElse(t *testing.T) {
	t.Parallel()
	observed(t, plan{"GET": {respfake.Bulk("v")}}.script, func(t *testing.T, o *recorder, c *client.Client) {
		cmd := c.B().Get().Key("k").Build()
		if err := c.Do(context.Background(), cmd).Error(); err != nil {
			t.Fatal(err)
		}
		op := client.Op{Door: "Do", Name: "GET", Slot: 7629 + 1}
		if len(o.starts) != 1 || o.starts[0] != op {
			t.Errorf("Start: got %+v; want %+v once", o.starts, op)
		}
		want := client.Outcome{Op: op, Effect: errs.Executed, Addr: addr, Attempts: 1}
		if len(o.dones) != 1 {
			t.Fatalf("Done: got %+v; want it once", o.dones)
		}
		if got := o.dones[0]; got != want {
			t.Errorf("Done: got %+v; want %+v", got, want)
		}
		if len(o.evs) != 0 {
			t.Errorf("events: got %+v; want none", o.evs)
		}
	})
}

// observed runs a test on the fake clock, in both modes, with an observer.
func observed(t *testing.T, script func() respfake.Handler, run func(t *testing.T, o *recorder, c *client.Client), changes ...setup) {
	t.Helper()
	modes(t, func(t *testing.T, mode setup) {
		fake := respfake.New(script())
		defer fake.Close()
		o := &recorder{}
		c := dial(t, fake, append(slices.Clip(changes), mode, client.WithObserver(o))...)
		o.reset() // New has asked the server whether it is a cluster
		run(t, o, c)
	})
}

func TestNilReplyIsASuccessForTheObserver(t *testing.T) {
	t.Parallel()
	observed(t, plan{"GET": {respfake.Null}}.script, func(t *testing.T, o *recorder, c *client.Client) {
		_ = get(context.Background(), c, "k")
		if len(o.dones) != 1 || o.dones[0].Kind != 0 || o.dones[0].Err != nil || len(o.evs) != 0 {
			t.Errorf("got %+v and %+v; want one success and no event", o.dones, o.evs)
		}
	})
}

func TestAttemptsAreReportedInOrder(t *testing.T) {
	t.Parallel()
	script := plan{"GET": {respfake.Error(loading), drop, respfake.Bulk("v")}}.script
	observed(t, script, func(t *testing.T, o *recorder, c *client.Client) {
		began := time.Now()
		if err := get(context.Background(), c, "k"); err != nil {
			t.Fatal(err)
		}
		want := []struct {
			kind   errs.Kind
			effect errs.Effect
			code   string
		}{{errs.Loading, errs.NotExecuted, "LOADING"}, {errs.ConnLost, errs.Unknown, ""}, {0, errs.Executed, ""}}
		evs := o.evs
		if len(evs) != len(want) {
			t.Fatalf("got %d events, want %d: %+v", len(evs), len(want), evs)
		}
		last := began
		for i, w := range want {
			ev := evs[i]
			if ev.Type != client.EventAttempt || ev.Attempt != i+1 || ev.Kind != w.kind || ev.Effect != w.effect || ev.Code != w.code ||
				ev.Addr != addr || ev.Op.Name != "GET" || ev.Op.Door != "Do" {
				t.Errorf("event %d: got %+v; want attempt %d, %v, %v, %q", i, ev, i+1, w.kind.Label(), w.effect, w.code)
			}
			if ev.Start.Before(last) || ev.End.Before(ev.Start) || ev.End.After(time.Now()) {
				t.Errorf("event %d: from %v to %v; want it between its neighbours", i, ev.Start, ev.End)
			}
			last = ev.End
		}
		out := o.dones[0]
		if len(o.dones) != 1 || out.Attempts != 3 || !out.Replayed || out.Kind != 0 || out.Elapsed < 16*time.Millisecond {
			t.Errorf("Done: got %+v; want a replayed success after three attempts", o.dones)
		}
	})
}

func TestOutcomeOfAFailureHasItsFacts(t *testing.T) {
	t.Parallel()
	observed(t, plan{"INCR": {respfake.Error(wrongType)}}.script, func(t *testing.T, o *recorder, c *client.Client) {
		err := incr(context.Background(), c)
		out := o.dones[0]
		if len(o.starts) != 1 || len(o.dones) != 1 || len(o.evs) != 1 {
			t.Fatalf("got %d starts, %d dones, %d events; want one each", len(o.starts), len(o.dones), len(o.evs))
		}
		if !errors.Is(out.Err, err) || out.Kind != errs.WrongType || out.Effect != errs.NotExecuted || out.Code != "WRONGTYPE" ||
			out.Addr != addr || out.Attempts != 1 || out.Replayed || !out.Write || out.Name != "INCR" {
			t.Errorf("got %+v; want WrongType of INCR at %s", out, addr)
		}
	})
}

func TestRefusedCallIsObservedWithoutAnAttempt(t *testing.T) {
	t.Parallel()
	observed(t, alwaysLoading, func(t *testing.T, o *recorder, c *client.Client) {
		canceled, cancel := context.WithCancel(context.Background())
		cancel()
		_ = incr(canceled, c)
		_ = incr(context.Background(), c)
		_ = incr(context.Background(), c)
		if len(o.starts) != 3 || len(o.dones) != 3 || len(o.attempts()) != 1 {
			t.Fatalf("got %d starts, %d dones, %d attempts; want 3, 3, 1", len(o.starts), len(o.dones), len(o.attempts()))
		}
		if out := o.dones[0]; out.Kind != errs.Canceled || out.Attempts != 0 || out.Effect != errs.NotExecuted {
			t.Errorf("canceled: got %+v", out)
		}
		if out := o.dones[2]; out.Kind != errs.BreakerOpen || out.Attempts != 0 || out.Addr != addr {
			t.Errorf("refused by the breaker: got %+v", out)
		}
	}, once, client.Breaker(client.BreakerPolicy{Failures: 1}))
}

// contextual passes a value in the context, as a tracer does.
type contextual struct {
	recorder
	seen []any
}

type spanKey struct{}

func (o *contextual) Start(ctx context.Context, op client.Op) context.Context {
	return context.WithValue(o.recorder.Start(ctx, op), spanKey{}, op.Name)
}

func (o *contextual) Done(ctx context.Context, out client.Outcome) {
	o.seen = append(o.seen, ctx.Value(spanKey{}))
	o.recorder.Done(ctx, out)
}

func (o *contextual) Event(ctx context.Context, ev client.Event) {
	if ev.Type == client.EventAttempt {
		o.seen = append(o.seen, ctx.Value(spanKey{}))
	}
	o.recorder.Event(ctx, ev)
}

func TestContextOfStartReachesEventsAndDone(t *testing.T) {
	t.Parallel()
	o := &contextual{}
	fake := respfake.New(plan{"INCR": {respfake.Error(wrongType)}}.script())
	defer fake.Close()
	c := dial(t, fake, client.WithObserver(o))
	o.seen = nil
	_ = incr(context.Background(), c)
	if len(o.seen) != 2 || o.seen[0] != "INCR" || o.seen[1] != "INCR" {
		t.Errorf("got %v; want the value of Start twice", o.seen)
	}
}

// nosy is an observer that calls the client back wherever it can. Under a lock
// of the client it would never return.
type nosy struct {
	recorder
	c    *client.Client
	busy atomic.Bool
}

func (o *nosy) call() {
	if o.c == nil || !o.busy.CompareAndSwap(false, true) {
		return
	}
	defer o.busy.Store(false)
	_ = incr(context.Background(), o.c)
	_ = get(context.Background(), o.c, "k")
	for _, n := range o.c.Nodes() {
		_ = get(context.Background(), n, "k")
	}
}

func (o *nosy) Start(ctx context.Context, op client.Op) context.Context {
	o.call()
	return o.recorder.Start(ctx, op)
}

func (o *nosy) Done(ctx context.Context, out client.Outcome) { o.call(); o.recorder.Done(ctx, out) }

func (o *nosy) Event(ctx context.Context, ev client.Event) { o.call(); o.recorder.Event(ctx, ev) }

func TestObserverMayCallTheClientBack(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		fake := respfake.New(plan{"INCR": {respfake.Error(readOnly)}, "GET": {drop, respfake.Bulk("v")}}.script())
		defer fake.Close()
		o := &nosy{}
		c := dial(t, fake, mode, client.WithObserver(o), client.Breaker(client.BreakerPolicy{Failures: 2}))
		o.c = c
		for range 5 {
			_ = incr(context.Background(), c)
			_ = get(context.Background(), c, "k")
			time.Sleep(time.Second)
		}
		if len(o.events(client.EventBreaker)) == 0 || len(o.events(client.EventRetire)) == 0 || len(o.attempts()) == 0 {
			t.Errorf("got %+v; want breaker, retire and attempt events", o.evs)
		}
	})
}
