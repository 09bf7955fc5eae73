package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

const readOnly = "READONLY You can't write against a read only replica."

// An address may be a name that leads elsewhere after a failover.
func TestReadOnlyHealsBehindANameThatLeadsElsewhere(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		replica := respfake.New(plan{"INCR": {respfake.Error(readOnly)}, "GET": {respfake.Bulk("old")}}.script())
		defer replica.Close()
		primary := respfake.New(plan{"INCR": {respfake.Int(5)}}.script())
		defer primary.Close()
		o := &recorder{}
		c := dial(t, replica, mode, client.WithObserver(o), leadsTo(replica, primary))
		n, err := c.Do(context.Background(), c.B().Incr().Key("n").Build()).AsInt64()
		if n != 5 || err != nil {
			t.Errorf("got %d, %v; want 5 from the primary", n, err)
		}
		wantCount(t, replica, "INCR", 1)
		wantCount(t, primary, "INCR", 1)
		retired := o.events(client.EventRetire)
		if len(retired) != 1 || retired[0].Kind != errs.ReadOnly || retired[0].Addr != addr || retired[0].End.IsZero() {
			t.Errorf("got %+v; want one retirement for ReadOnly at %s", retired, addr)
		}
	})
}

// leadsTo makes the address lead to each of the servers once, and then stay
// with the last.
func leadsTo(fakes ...*respfake.Server) setup {
	var dials atomic.Int32
	return func(opt *rueidis.ClientOption) {
		opt.DialCtxFn = func(ctx context.Context, a string, d *net.Dialer, tc *tls.Config) (net.Conn, error) {
			i := int(dials.Add(1)) - 1
			return fakes[min(i, len(fakes)-1)].Dial(ctx, a, d, tc)
		}
	}
}

func TestReadOnlyThatStaysSpareConnectionsOfReads(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"INCR": {respfake.Error(readOnly)}, "GET": {respfake.Bulk("v")}}.script,
		func(t *testing.T, c *client.Client, fake *respfake.Server) {
			within(t, 0, 6*time.Second, func() {
				err := incr(context.Background(), c)
				if e := mine(t, err); e.Kind != errs.ReadOnly || e.Effect != errs.NotExecuted {
					t.Errorf("got %v; want ReadOnly, not executed", err)
				}
			})
			if err := get(context.Background(), c, "k"); err != nil {
				t.Errorf("GET: %v", err)
			}
			if n := fake.Dials(); n > 7 {
				t.Errorf("got %d dials in 5 s; want at most one a second", n)
			}
		})
}

func TestReadOnlyStopsWritesAndNotReads(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"INCR": {respfake.Error(readOnly)}, "GET": {respfake.Bulk("v")}}.script,
		func(t *testing.T, c *client.Client, fake *respfake.Server) {
			for range 3 {
				if err := incr(context.Background(), c); !errors.Is(err, errs.ReadOnly) {
					t.Fatalf("got %v; want ReadOnly", err)
				}
			}
			err := incr(context.Background(), c)
			wantErr0(t, err, errs.BreakerOpen)
			open, ok := errors.AsType[*errs.OpenError](err)
			if !ok || open.Addr != addr || open.Lane != "write" || open.RetryAfter <= 0 || !errors.Is(err, errs.ReadOnly) {
				t.Errorf("got %+v; want the write lane of %s, for ReadOnly", open, addr)
			}
			for range 10 {
				if err := get(context.Background(), c, "k"); err != nil {
					t.Fatalf("GET: %v", err)
				}
			}
			wantCount(t, fake, "INCR", 3)
		}, once, client.Breaker(client.BreakerPolicy{Failures: 3}))
}

// once makes every call a single attempt, so that a test counts failures.
var once = client.Retry(client.RetryPolicy{MaxAttempts: 1})

func TestBreakerOpensProbesAndCloses(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		var ill atomic.Bool
		var at, most atomic.Int32 // probes at once
		fake := respfake.New(func(c *respfake.Conn, cmd []string) {
			if ill.Load() {
				c.Write(respfake.Error(loading))
				return
			}
			if n := at.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.AfterFunc(10*time.Millisecond, func() {
				at.Add(-1)
				c.Write(respfake.OK)
			})
		})
		defer fake.Close()
		o := &recorder{}
		c := dial(t, fake, mode, once, client.WithObserver(o), client.Breaker(client.BreakerPolicy{
			Failures: 4, OpenFor: 100 * time.Millisecond, Probes: 2,
		}))
		ill.Store(true)
		for range 4 {
			wantErr(t, get(context.Background(), c, "k"), errs.Loading, errs.NotExecuted, 1)
		}
		within(t, 0, 0, func() {
			err := get(context.Background(), c, "k")
			e := wantErr0(t, err, errs.BreakerOpen)
			open, ok := errors.AsType[*errs.OpenError](err)
			if !ok || open.Addr != addr || open.Lane != "read" || open.RetryAfter <= 0 || open.RetryAfter > 110*time.Millisecond {
				t.Errorf("got %+v; want the read lane of %s for about 100ms", open, addr)
			}
			if e.Op != "GET" || e.Addr != addr {
				t.Errorf("got op %q at %q; want GET at %s", e.Op, e.Addr, addr)
			}
		})
		wantCount(t, fake, "GET", 4)
		ill.Store(false)
		time.Sleep(120 * time.Millisecond)

		results := make(chan error)
		for range 50 {
			go func() { results <- get(context.Background(), c, "k") }()
		}
		served := 0
		for range 50 {
			if err := <-results; err == nil {
				served++
			} else if !errors.Is(err, errs.BreakerOpen) {
				t.Errorf("while half-open: %v", err)
			}
		}
		if served < 2 || most.Load() > 2 {
			t.Errorf("half-open served %d with %d at once; want the two probes", served, most.Load())
		}
		for range 50 {
			if err := get(context.Background(), c, "k"); err != nil {
				t.Fatalf("after it closed: %v", err)
			}
		}
		var changes []string
		for _, ev := range o.events(client.EventBreaker) {
			if ev.Lane == "read" {
				changes = append(changes, ev.From+" to "+ev.To)
			}
		}
		want := []string{"closed to open", "open to half-open", "half-open to closed"}
		if len(changes) != 3 || changes[0] != want[0] || changes[1] != want[1] || changes[2] != want[2] {
			t.Errorf("events: got %q; want %q", changes, want)
		}
	})
}

func TestSuccessOfALaterAttemptClosesTheBreaker(t *testing.T) {
	t.Parallel()
	script := plan{"INCR": {respfake.Error(loading), respfake.Int(1)}}.script
	observed(t, script, func(t *testing.T, o *recorder, c *client.Client) {
		if err := incr(context.Background(), c); err != nil { // waits for the probe
			t.Fatal(err)
		}
		var states []string
		for _, ev := range o.events(client.EventBreaker) {
			if ev.Lane == "write" {
				states = append(states, ev.To)
			}
		}
		if want := []string{"open", "half-open", "closed"}; !slices.Equal(states, want) {
			t.Errorf("got %q; want %q", states, want)
		}
	}, client.Breaker(client.BreakerPolicy{Failures: 1, Probes: 1}))
}

func TestRefusedDialsEndAtTheOpenBreaker(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		fake := respfake.New(plan{"LOSE": {drop}}.script())
		defer fake.Close()
		c := dial(t, fake, mode, client.Breaker(client.BreakerPolicy{Failures: 4, OpenFor: 10 * time.Second}))
		fake.Refuse(refused)
		lose(t, c)
		err := incr(context.Background(), c)
		e := mine(t, err)
		if e.Kind != errs.DialRefused || e.Effect != errs.NotExecuted || e.Attempts < 2 || e.Attempts > 4 {
			t.Errorf("got %v; want DialRefused after a few attempts", err)
		}
		wantWhy(t, err, errs.WhyBreaker)
	})
}

func TestOwnCancelsDoNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"GET": {hang}, "INCR": {respfake.Int(1)}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		for range 5 {
			canceled, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
			if err := get(canceled, c, "k"); !errors.Is(err, errs.Deadline) && !errors.Is(err, errs.Canceled) {
				t.Fatalf("got %v; want the own deadline", err)
			}
			cancel()
		}
		fake.Drop() // what hangs blocks the replies behind it
		if err := incr(context.Background(), c); errors.Is(err, errs.BreakerOpen) {
			t.Errorf("got %v; want the breaker closed", err)
		}
	}, once, client.Breaker(client.BreakerPolicy{Failures: 2}))
}

// A blocking command may wait for ever: it passes a half-open breaker, but holds
// no probe's place.
func TestBlockingCommandsAreNoProbes(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		var ill atomic.Bool
		ill.Store(true)
		fake := respfake.New(func(c *respfake.Conn, cmd []string) {
			switch {
			case ill.Load():
				c.Write(respfake.Error(loading))
			case cmd[0] != "BLPOP":
				c.Write(respfake.OK)
			}
		})
		defer fake.Close()
		c := dial(t, fake, mode, once, client.Breaker(client.BreakerPolicy{Failures: 2, Probes: 1}))
		for range 2 {
			if err := incr(context.Background(), c); !errors.Is(err, errs.Loading) {
				t.Fatalf("got %v; want Loading", err)
			}
		}
		ill.Store(false)
		time.Sleep(100 * time.Millisecond)
		ctx, cancel := context.WithCancel(context.Background())
		popped := make(chan error)
		go func() { popped <- blpop(ctx, c, 0) }()
		synctest.Wait()
		wantCount(t, fake, "BLPOP", 1)
		if err := incr(context.Background(), c); err != nil {
			t.Errorf("while BLPOP waits: got %v; want the probe's place free", err)
		}
		cancel()
		if err := <-popped; !errors.Is(err, errs.Canceled) {
			t.Errorf("BLPOP: got %v; want Canceled", err)
		}
	})
}

// A probe that is never answered must not keep the breaker half-open for ever.
func TestSilentProbeGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		var probes atomic.Int32
		fake := respfake.New(func(c *respfake.Conn, cmd []string) {
			switch {
			case cmd[0] == "LOSE":
				c.Close()
			case probes.Add(1) > 1:
				c.Write(respfake.OK)
			default:
				c.Stall()
			}
		})
		defer fake.Close()
		c := dial(t, fake, mode, once, client.Breaker(client.BreakerPolicy{Failures: 2, Probes: 1}),
			func(opt *rueidis.ClientOption) { opt.ConnWriteTimeout = 500 * time.Millisecond })
		fake.Refuse(refused)
		lose(t, c)
		for range 3 {
			mine(t, incr(context.Background(), c))
		}
		fake.Refuse(nil)
		time.Sleep(time.Second)
		silent := make(chan error)
		go func() { silent <- incr(context.Background(), c) }()
		time.Sleep(2500 * time.Millisecond)
		for range 50 {
			if err := incr(context.Background(), c); err != nil && !errors.Is(err, errs.BreakerOpen) {
				t.Errorf("after the silence: %v", err)
			}
			time.Sleep(50 * time.Millisecond)
		}
		if err := incr(context.Background(), c); err != nil {
			t.Errorf("2.5 s later: %v", err)
		}
		<-silent
	})
}

func TestCloseStopsTheBreaker(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		fake := respfake.New(alwaysLoading())
		defer fake.Close()
		o := &recorder{}
		c := dial(t, fake, mode, once, client.WithObserver(o), client.Breaker(client.BreakerPolicy{Failures: 1}))
		mine(t, incr(context.Background(), c))
		c.Close()
		before := len(o.events(client.EventBreaker))
		time.Sleep(10 * time.Second)
		if after := len(o.events(client.EventBreaker)); before == 0 || after != before {
			t.Errorf("got %d changes before and %d after Close; want none after", before, after)
		}
	})
}
