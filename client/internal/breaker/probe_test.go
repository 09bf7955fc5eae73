package breaker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client/internal/breaker"
	"github.com/redoubt-go/redoubt/errs"
)

// newHalfOpen returns a half-open lane with all defaults: three probes, a
// second for each. It belongs to the bubble of the test.
func newHalfOpen(t *testing.T) *breaker.Lane {
	t.Helper()
	b := breaker.New(addr, breaker.Policy{}, nil)
	t.Cleanup(b.Close)
	halfOpen(t, b.Lane(false))
	return b.Lane(false)
}

func wantRefused(t *testing.T, l *breaker.Lane, probeOK bool) {
	t.Helper()
	if _, ok := l.Allow(probeOK); ok {
		t.Fatalf("Allow(%v) in state %v: admitted; want refused", probeOK, l.State())
	}
}

func TestHalfOpenAdmitsOnlyProbes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newHalfOpen(t)
		mustAllow(t, l)
		mustAllow(t, l)
		third := mustAllow(t, l)
		wantRefused(t, l, true)
		l.Success(third) // its place is free again
		mustAllow(t, l)
		wantRefused(t, l, true)
	})
}

func TestBlockingCommandPassesAndIsNoProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newHalfOpen(t)
		for range 10 {
			tok, ok := l.Allow(false)
			if !ok {
				t.Fatal("a half-open lane refused a blocking command")
			}
			l.Success(tok)
			tok, _ = l.Allow(false)
			l.Fail(tok, errs.DialRefused)
		}
		wantState(t, l, breaker.HalfOpen)
		for range 3 {
			l.Success(mustAllow(t, l))
		}
		if _, ok := l.Allow(false); !ok {
			t.Error("a closed lane refused a blocking command")
		}
	})
}

func TestIgnoredProbeFreesItsPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newHalfOpen(t)
		for range 100 { // callers who went away
			l.Ignore(mustAllow(t, l))
		}
		wantState(t, l, breaker.HalfOpen)
		for range 3 {
			l.Success(mustAllow(t, l))
		}
		wantState(t, l, breaker.Closed)
	})
}

func TestFailedProbeOpensAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newHalfOpen(t)
		late := mustAllow(t, l)
		fail(t, l, 1, errs.ConnLost)
		wantState(t, l, breaker.Open)

		sleep(2 * time.Second)
		wantState(t, l, breaker.HalfOpen)
		l.Fail(late, errs.ConnLost) // of the half-open state before
		wantState(t, l, breaker.HalfOpen)
		l.Success(late)
		l.Success(mustAllow(t, l))
		l.Success(mustAllow(t, l))
		wantState(t, l, breaker.HalfOpen) // so the late success was none
		l.Success(mustAllow(t, l))
		wantState(t, l, breaker.Closed)
	})
}

func TestLostProbeFailsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newHalfOpen(t)
		lost := mustAllow(t, l) // it hangs, or its goroutine panicked
		sleep(time.Second - 1)
		l.Ignore(mustAllow(t, l))
		wantState(t, l, breaker.HalfOpen)
		sleep(1)
		wantRefused(t, l, true)
		wantState(t, l, breaker.Open)

		sleep(2 * time.Second)
		wantState(t, l, breaker.HalfOpen)
		l.Fail(lost, errs.IOTimeout)
		wantState(t, l, breaker.HalfOpen)
	})
}

// A node that answers again is in use again although a probe hangs for days.
func TestHangingProbeDoesNotDelayRecovery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newHalfOpen(t)
		lost := mustAllow(t, l)
		for range 3 {
			l.Success(mustAllow(t, l))
		}
		wantState(t, l, breaker.Closed)
		sleep(6 * 24 * time.Hour)
		l.Fail(lost, errs.IOTimeout)
		fail(t, l, 4, errs.ConnLost)
		wantState(t, l, breaker.Closed) // four, not five
	})
}

func TestLateResultsAreDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(addr, breaker.Policy{}, nil)
		l := b.Lane(false)
		defer b.Close()
		early := mustAllow(t, l)
		halfOpen(t, l)
		for range 3 {
			l.Success(early)
		}
		l.Fail(early, errs.ConnLost)
		wantState(t, l, breaker.HalfOpen)
		for range 3 {
			l.Success(mustAllow(t, l))
		}
		fail(t, l, 4, errs.ConnLost)
		l.Success(early)             // must not end the row
		l.Fail(early, errs.ConnLost) // nor make it longer
		wantState(t, l, breaker.Closed)
		fail(t, l, 1, errs.ConnLost)
		wantState(t, l, breaker.Open)
	})
}

// A probe of one lane says nothing about the probes of the other.
func TestReportsDoNotJudgeHalfOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(addr, breaker.Policy{}, nil)
		defer b.Close()
		halfOpen(t, b.Lane(true))
		halfOpen(t, b.Lane(false))
		b.Learn(false, mustAllow(t, b.Lane(false)), classify.LaneFailBoth, errs.ConnLost)
		wantState(t, b.Lane(false), breaker.Open)
		wantState(t, b.Lane(true), breaker.HalfOpen)
	})
}
