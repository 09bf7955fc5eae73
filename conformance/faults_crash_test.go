package conformance_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/goleak"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/servers"
)

// onEachVariant runs a test on every server in every variant.
func onEachVariant(t *testing.T, run func(t *testing.T, bin servers.Binary, v variant)) {
	t.Helper()
	onEachServer(t, func(t *testing.T, bin servers.Binary) {
		for _, v := range variants {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				run(t, bin, v)
			})
		}
	})
}

// TestIncrementsUnderConnectionKills: 16 callers increment while 200 of their
// connections are killed. No increment is executed twice.
func TestIncrementsUnderConnectionKills(t *testing.T) {
	t.Parallel()
	const kills = 200
	onEachVariant(t, func(t *testing.T, bin servers.Binary, v variant) {
		s := servers.Start(t, bin)
		l := startLoad(connect(t, s, v, nil), 16)
		defer l.stop()
		steer := s.Conn()
		for killed := int64(0); killed < kills; {
			l.progress(t, 16)
			n, err := steer.Do("CLIENT", "KILL", "TYPE", "normal")
			if err != nil {
				t.Fatal(err)
			}
			killed += n.(int64)
		}
		l.progress(t, 100)
		l.stop()
		l.settle(t, s)
	})
}

// TestIncrementsOverACrash: the server is killed under load and started again
// from its append-only file, three times.
func TestIncrementsOverACrash(t *testing.T) {
	t.Parallel()
	onEachVariant(t, func(t *testing.T, bin servers.Binary, v variant) {
		s := servers.Start(t, bin, servers.Config("appendonly", "yes"), servers.Config("appendfsync", "always"))
		l := startLoad(connect(t, s, v, nil), 8)
		defer l.stop()
		for range 3 {
			l.progress(t, 50)
			s.Kill()
			s.Restart()
		}
		l.progress(t, 50)
		l.stop()
		l.settle(t, s)
	})
}

// deadKinds are what a server that is gone can cause.
var deadKinds = []errs.Kind{errs.ConnLost, errs.DialRefused, errs.DialFailed, errs.BreakerOpen}

// TestBackgroundEndsAgainstADeadServer: without a deadline of its own, a call
// ends within the bounds of the policy, on every door, typed.
func TestBackgroundEndsAgainstADeadServer(t *testing.T) {
	t.Parallel()
	onEachServer(t, func(t *testing.T, bin servers.Binary) {
		for _, brk := range []client.BreakerPolicy{{}, {Disabled: true}} {
			s := servers.Start(t, bin)
			policy := client.RetryPolicy{MaxElapsed: 200 * time.Millisecond}
			c := connect(t, s, variants[0], nil, client.Retry(policy), client.Breaker(brk))
			s.Kill()
			endsOnEveryDoor(t, c, policy.MaxElapsed, deadKinds...)
		}
	})
}

// TestBackgroundEndsByDefault is the same without any option, on one server:
// it takes seconds.
func TestBackgroundEndsByDefault(t *testing.T) {
	t.Parallel()
	s := servers.Start(t, servers.Need(t)[0])
	c := connect(t, s, variants[0], nil)
	s.Kill()
	endsOnEveryDoor(t, c, 5*time.Second, deadKinds...)
}

// TestBackgroundEndsAgainstASilentServer is the same with a server that keeps
// its connections and never answers.
func TestBackgroundEndsAgainstASilentServer(t *testing.T) {
	t.Parallel()
	onEachVariant(t, func(t *testing.T, bin servers.Binary, v variant) {
		s := servers.Start(t, bin)
		c := connect(t, s, v, func(opt *rueidis.ClientOption) {
			opt.ConnWriteTimeout, opt.Dialer.Timeout, opt.Dialer.KeepAlive = 100*time.Millisecond, 100*time.Millisecond, 50*time.Millisecond
		}, client.Retry(client.RetryPolicy{MaxElapsed: 100 * time.Millisecond}))
		s.Pause()
		endsOnEveryDoor(t, c, time.Second, errs.ConnLost, errs.IOTimeout, errs.DialTimeout, errs.BreakerOpen)
		s.Continue()
	})
}

// slack is what a busy machine adds to a bound.
const slack = 2 * time.Second

// endsOnEveryDoor calls every door without a deadline.
func endsOnEveryDoor(t *testing.T, c *client.Client, bound time.Duration, kinds ...errs.Kind) {
	t.Helper()
	ctx, b := context.Background(), c.B
	doors := []struct {
		name string
		call func() error
	}{
		{"Do of a read", func() error { return get(c, "k") }},
		{"Do of a write", func() error { return set(c, "k", "v") }},
		{"DoMulti", func() error {
			return client.BatchError(c.DoMulti(ctx, b().Get().Key("k").Build(), b().Incr().Key(counter).Build()))
		}},
		{"DoCache", func() error { return c.DoCache(ctx, b().Get().Key("k").Cache(), time.Minute).Error() }},
		{"DoMultiCache", func() error {
			return client.BatchError(c.DoMultiCache(ctx, rueidis.CT(b().Get().Key("k").Cache(), time.Minute)))
		}},
		{"DoStream", func() error { s := c.DoStream(ctx, b().Get().Key("k").Build()); return s.Error() }},
		{"Receive", func() error {
			return c.Receive(ctx, b().Subscribe().Channel("ch").Build(), func(rueidis.PubSubMessage) {})
		}},
		{"Dedicated", func() error {
			return c.Dedicated(func(d rueidis.DedicatedClient) error { return d.Do(ctx, d.B().Get().Key("k").Build()).Error() })
		}},
	}
	for _, door := range doors {
		start := time.Now()
		err := door.call()
		took := time.Since(start)
		if batch, ok := errors.AsType[*errs.BatchError](err); ok {
			for _, f := range batch.Failed {
				wantKind(t, door.name, f.Err, kinds...)
			}
		} else {
			wantKind(t, door.name, err, kinds...)
		}
		if took > bound+slack {
			t.Errorf("%s took %v; want at most %v", door.name, took, bound)
		}
		t.Logf("%-14s %8v %v", door.name, took.Round(time.Millisecond), err)
	}
}

// TestDeadlinesOfASilentServer: callers with a deadline get it, and what they
// sent counts as perhaps executed, for it is once the server goes on.
func TestDeadlinesOfASilentServer(t *testing.T) {
	t.Parallel()
	onEachVariant(t, func(t *testing.T, bin servers.Binary, v variant) {
		s := servers.Start(t, bin)
		c := connect(t, s, v, nil)
		var y tally
		y.note(c.Do(context.Background(), c.B().Incr().Key(counter).Build()).Error())
		s.Pause()
		var callers sync.WaitGroup
		var mu sync.Mutex
		var over time.Duration
		for range 16 {
			callers.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
				defer cancel()
				due, _ := ctx.Deadline()
				err := c.Do(ctx, c.B().Incr().Key(counter).Build()).Error()
				late := time.Since(due)
				mu.Lock()
				over = max(over, late)
				mu.Unlock()
				y.note(err)
				if !errors.Is(err, errs.Deadline) || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errs.Timeout) {
					t.Errorf("got %v; want Deadline, of class Timeout, with context.DeadlineExceeded behind it", err)
				}
			})
		}
		callers.Wait()
		s.Continue()
		l := startLoad(c, 4)
		l.progress(t, 20)
		l.stop()
		y.acked += l.acked
		y.unknown += l.unknown
		y.settle(t, s)
		t.Logf("latest return %v behind the deadline", over.Round(time.Millisecond))
		if over > slack {
			t.Errorf("a caller returned %v behind its deadline", over)
		}
	})
}

// TestCloseLeavesNoGoroutine is not parallel: it compares the goroutines before
// and after. The client has lost connections, subscriptions and callers.
func TestCloseLeavesNoGoroutine(t *testing.T) {
	bin := servers.Need(t)[0]
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			s := servers.Start(t, bin)
			before := goleak.IgnoreCurrent()
			c, err := client.New(v.option(s))
			if err != nil {
				t.Fatal(err)
			}
			l := startLoad(c, 16)
			subscribed := make(chan error, 1)
			go func() {
				subscribed <- c.Receive(context.Background(), c.B().Subscribe().Channel("ch").Build(), func(rueidis.PubSubMessage) {})
			}()
			l.progress(t, 50)
			must(t, s, "CLIENT", "KILL", "TYPE", "normal")
			must(t, s, "CLIENT", "KILL", "TYPE", "pubsub")
			l.progress(t, 50)
			c.Close()
			l.stop()
			if err := <-subscribed; !errors.Is(err, errs.Closed) {
				t.Errorf("Receive ends with %v; want Closed", err)
			}
			if l.kinds[errs.Closed] == 0 {
				t.Errorf("failed by kind %v; want some Closed", l.kinds)
			}
			goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*call).DelayDo.func1"))
		})
	}
}
