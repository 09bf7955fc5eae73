package breaker_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	cb "github.com/mercari/go-circuitbreaker"

	"github.com/redoubt-go/redoubt/client/internal/breaker"
	"github.com/redoubt-go/redoubt/errs"
)

func TestOpenTimeGrowsToItsCapAndNeverEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen log
		b := breaker.New(addr, breaker.Policy{}, seen.add)
		l := b.Lane(false)
		defer b.Close()
		fail(t, l, 5, errs.DialRefused)
		for i := range 10_000 { // hours of a dead node
			took := seen.last().RetryAfter
			middle := min(50*time.Millisecond*time.Duration(pow(1.2, min(i, 20))*1000)/1000, time.Second)
			if took < middle*89/100 || took > min(middle*111/100, time.Second) {
				t.Fatalf("open time %d = %v; want %v give or take a tenth", i, took, middle)
			}
			sleep(took)
			fail(t, l, 1, errs.DialRefused)
		}
		sleep(time.Second)
		for range 3 {
			l.Success(mustAllow(t, l))
		}
		fail(t, l, 5, errs.DialRefused)
		if took := seen.last().RetryAfter; took > 55*time.Millisecond {
			t.Errorf("open time after a recovery = %v; want the first one again", took)
		}
	})
}

func pow(x float64, n int) float64 {
	y := 1.0
	for range n {
		y *= x
	}
	return y
}

func TestStubbornCausesOpenForLong(t *testing.T) {
	t.Parallel()
	for _, cause := range []errs.Kind{errs.WrongPass, errs.NoAuth, errs.MaxClients, errs.Denied} {
		var seen log
		b := breaker.New(addr, breaker.Policy{}, seen.add)
		fail(t, b.Lane(false), 5, cause)
		if got := seen.last().RetryAfter; got != time.Second {
			t.Errorf("open time after %v = %v; want 1s", cause, got)
		}
		b.Close()
	}
}

// A counter interval of the library would start a goroutine for each lane, which
// nothing stops. The bubble fails a test that leaves one, and nobody calls Close.
func TestClosedBreakerHasNoGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := breaker.New(addr, breaker.Policy{}, nil).Lane(false)
		fail(t, l, 4, errs.DialRefused)
		l.Success(mustAllow(t, l))
		if got := l.State(); got != breaker.Closed {
			t.Errorf("got %v; want closed", got)
		}
	})
}

// The hook of the library runs under its lock, where State would deadlock.
func TestOnChangeMayUseTheBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b *breaker.Breaker
		var order []breaker.State
		b = breaker.New(addr, breaker.Policy{Failures: 1, Probes: 1}, func(c breaker.Change) {
			l := b.Lane(false)
			if l.State() != c.To {
				t.Errorf("State() in onChange = %v; want %v", l.State(), c.To)
			}
			if l.Open().Kind != errs.BreakerOpen {
				t.Error("Open() is not of kind BreakerOpen")
			}
			if tok, ok := l.Allow(true); ok {
				l.Ignore(tok)
			}
			order = append(order, c.To)
			if c.To == breaker.HalfOpen { // a transition within the callback
				l.Success(mustAllow(t, l))
			}
		})
		fail(t, b.Lane(false), 1, errs.ConnLost)
		sleep(time.Second)
		if !slices.Equal(order, []breaker.State{breaker.Open, breaker.HalfOpen, breaker.Closed}) {
			t.Errorf("changes = %v; want [open half-open closed]", order)
		}
	})
}

func TestPanicInOnChangeDoesNotSilenceIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen log
		l := breaker.New(addr, breaker.Policy{Failures: 1}, func(c breaker.Change) {
			seen.add(c)
			if c.To == breaker.Open {
				panic("user code")
			}
		}).Lane(false)
		func() {
			defer func() { _ = recover() }()
			l.Fail(mustAllow(t, l), errs.ConnLost)
		}()
		wantState(t, l, breaker.Open)
		sleep(time.Second)
		if got := seen.states("read"); !slices.Equal(got, []breaker.State{breaker.Open, breaker.HalfOpen}) {
			t.Errorf("changes = %v; want [open half-open]", got)
		}
	})
}

func TestSlowOnChangeIsNeverCalledTwiceAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen log
		proceed := make(chan struct{})
		b := breaker.New(addr, breaker.Policy{Failures: 1, Probes: 1}, func(c breaker.Change) {
			seen.add(c)
			<-proceed
		})
		l := b.Lane(true)
		go fail(t, l, 1, errs.ConnLost)
		sleep(time.Second)
		l.Success(mustAllow(t, l)) // does not wait for the callback
		want := func(states ...breaker.State) {
			t.Helper()
			synctest.Wait()
			if got := seen.states("write"); !slices.Equal(got, states) {
				t.Errorf("changes = %v; want %v", got, states)
			}
		}
		want(breaker.Open)
		proceed <- struct{}{}
		want(breaker.Open, breaker.HalfOpen)
		b.Close() // drops what still waits
		proceed <- struct{}{}
		want(breaker.Open, breaker.HalfOpen)
	})
}

// The library has no Close: without ours the timer of an open lane would fire
// after the client is gone.
func TestCloseStopsTimersAndReports(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen log
		b := breaker.New(addr, breaker.Policy{}, seen.add)
		open, probing := b.Lane(true), b.Lane(false)
		halfOpen(t, probing)
		probe := mustAllow(t, probing)
		fail(t, open, 5, errs.ConnLost)
		before := len(seen.changes)

		b.Close()
		b.Close()
		sleep(time.Hour)
		open.FireLate()
		probing.Fail(probe, errs.ConnLost)
		for _, l := range []*breaker.Lane{open, probing} {
			fail(t, l, 10, errs.ConnLost)
			l.Success(mustAllow(t, l))
			wantState(t, l, breaker.Closed)
		}
		if after := len(seen.changes); after != before {
			t.Errorf("%d changes after Close; want none", after-before)
		}
	})
}

// The timer of an open lane must not hold the breaker of a closed client.
func TestCloseLetsTheBreakerGo(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	func() {
		b := breaker.New(addr, breaker.Policy{Failures: 1, OpenFor: time.Hour}, nil)
		runtime.AddCleanup(b, func(c chan struct{}) { close(c) }, gone)
		fail(t, b.Lane(true), 1, errs.ConnLost)
		b.Close()
	}()
	for range 20 {
		runtime.GC()
		select {
		case <-gone:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Error("a closed breaker was not collected")
}

// TestBehavesLikeTheLibrary runs random sequences against a plain breaker of
// the library with the same trip function, and compares after every step. The
// plain one is told the open times that ours drew.
func TestBehavesLikeTheLibrary(t *testing.T) {
	t.Parallel()
	const sequences, steps = 2000, 120
	for seed := range uint64(sequences) {
		synctest.Test(t, func(t *testing.T) {
			compare(t, rand.New(rand.NewPCG(seed, 1)), steps)
		})
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

// scripted is a back-off that returns what it was told.
type scripted time.Duration

func (s *scripted) NextBackOff() time.Duration { return time.Duration(*s) }
func (s *scripted) Reset()                     {}

func compare(t *testing.T, random *rand.Rand, steps int) {
	t.Helper()
	p := breaker.Policy{
		Failures: 1 + random.IntN(6), Probes: 1 + random.IntN(4),
		Window: 1000 * time.Hour, // the library does not know it
	}
	var openFor scripted
	b := breaker.New(addr, p, func(c breaker.Change) {
		if c.To == breaker.Open {
			openFor = scripted(c.RetryAfter)
		}
	})
	ours := b.Lane(random.IntN(2) == 0)
	plain := cb.New(
		cb.WithCounterResetInterval(-1),
		cb.WithTripFunc(cb.NewTripFuncConsecutiveFailures(int64(p.Failures))),
		cb.WithHalfOpenMaxSuccesses(int64(p.Probes)),
		cb.WithOpenTimeoutBackOff(&openFor),
	)
	failing := random.Float64()
	for step := range steps {
		tok, ok := ours.Allow(true)
		if ready := plain.Ready(); ok != ready {
			t.Fatalf("step %d: Allow = %v; want %v", step, ok, ready)
		}
		switch {
		case !ok, random.IntN(10) == 0:
			ours.Ignore(tok)
			sleep(time.Duration(random.IntN(400)) * time.Millisecond)
		case random.Float64() < failing:
			ours.Fail(tok, errs.ConnLost)
			plain.Fail()
		default:
			ours.Success(tok)
			plain.Success()
		}
		if got, want := ours.State().String(), string(plain.State()); got != want {
			t.Fatalf("step %d: state %v; want %v", step, got, want)
		}
	}
	b.Close()
	plain.Reset()
}
