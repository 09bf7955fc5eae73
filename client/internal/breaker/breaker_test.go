package breaker_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client/internal/breaker"
	"github.com/redoubt-go/redoubt/errs"
)

// No breaker of any test may leave a goroutine.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const addr = "10.0.0.1:6379"

// log collects changes.
type log struct {
	mu      sync.Mutex
	changes []breaker.Change
}

func (l *log) add(c breaker.Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes = append(l.changes, c)
}

// states of one lane, in the order in which they were reported.
func (l *log) states(lane string) (to []breaker.State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.changes {
		if c.Lane == lane {
			to = append(to, c.To)
		}
	}
	return to
}

func (l *log) last() breaker.Change {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changes[len(l.changes)-1]
}

// mustAllow asks for an attempt that must be admitted.
func mustAllow(t *testing.T, l *breaker.Lane) breaker.Token {
	t.Helper()
	tok, ok := l.Allow(true)
	if !ok {
		t.Fatalf("Allow in state %v: refused; want admitted", l.State())
	}
	return tok
}

// fail makes n attempts that fail, one after the other.
func fail(t *testing.T, l *breaker.Lane, n int, cause errs.Kind) {
	t.Helper()
	for range n {
		l.Fail(mustAllow(t, l), cause)
	}
}

// halfOpen opens a lane and waits until it admits probes.
func halfOpen(t *testing.T, l *breaker.Lane) {
	t.Helper()
	fail(t, l, 5, errs.ConnLost)
	sleep(2 * time.Second)
	wantState(t, l, breaker.HalfOpen)
}

// sleep lets fake time pass and the timers that end in it run.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func wantState(t *testing.T, l *breaker.Lane, want breaker.State) {
	t.Helper()
	if got := l.State(); got != want {
		t.Fatalf("State() = %v; want %v", got, want)
	}
}

func TestLaneOpensProbesAndCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen log
		b := breaker.New(addr, breaker.Policy{Failures: 3, Probes: 2}, seen.add)
		l := b.Lane(true)

		fail(t, l, 2, errs.DialRefused)
		wantState(t, l, breaker.Closed)
		fail(t, l, 1, errs.ReadOnly)
		wantState(t, l, breaker.Open)
		if _, ok := l.Allow(true); ok {
			t.Fatal("an open lane admitted an attempt")
		}
		wantState(t, b.Lane(false), breaker.Closed)

		opened := seen.last()
		if opened.RetryAfter < 45*time.Millisecond || opened.RetryAfter > 55*time.Millisecond {
			t.Errorf("RetryAfter = %v; want 50ms give or take a tenth", opened.RetryAfter)
		}
		sleep(opened.RetryAfter - 1)
		wantState(t, l, breaker.Open)
		sleep(1)
		wantState(t, l, breaker.HalfOpen)

		l.Success(mustAllow(t, l))
		wantState(t, l, breaker.HalfOpen)
		l.Success(mustAllow(t, l))
		wantState(t, l, breaker.Closed)

		want := []breaker.Change{
			{Addr: addr, Lane: "write", From: breaker.Closed, To: breaker.Open, RetryAfter: opened.RetryAfter, Cause: errs.ReadOnly},
			{Addr: addr, Lane: "write", From: breaker.Open, To: breaker.HalfOpen, Cause: errs.ReadOnly},
			{Addr: addr, Lane: "write", From: breaker.HalfOpen, To: breaker.Closed, Cause: errs.ReadOnly},
		}
		if !slices.Equal(seen.changes, want) {
			t.Errorf("changes = %+v; want %+v", seen.changes, want)
		}
	})
}

func TestSuccessEndsTheRow(t *testing.T) {
	t.Parallel()
	l := breaker.New(addr, breaker.Policy{Failures: 2}, nil).Lane(false)
	for range 10 {
		fail(t, l, 1, errs.ConnLost)
		l.Success(mustAllow(t, l))
	}
	wantState(t, l, breaker.Closed)
}

func TestOldFailuresExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := breaker.New(addr, breaker.Policy{Failures: 3, Window: time.Minute}, nil).Lane(false)
		for range 100 { // one failure a day for months, and never a success
			fail(t, l, 1, errs.IOTimeout)
			sleep(24 * time.Hour)
		}
		wantState(t, l, breaker.Closed)

		for range 3 {
			wantState(t, l, breaker.Closed)
			fail(t, l, 1, errs.IOTimeout)
			sleep(time.Minute - 2*time.Second)
		}
		wantState(t, l, breaker.HalfOpen) // it opened, and the open time is over
	})
}

func TestOneIncidentCountsOnce(t *testing.T) {
	t.Parallel()
	b := breaker.New(addr, breaker.Policy{Failures: 2}, nil)
	var toks [128]breaker.Token
	for i := range toks {
		toks[i] = mustAllow(t, b.Lane(false))
	}
	for _, tok := range toks {
		b.Learn(false, tok, classify.LaneFailBoth, errs.ConnLost)
	}
	wantState(t, b.Lane(false), breaker.Closed)
	wantState(t, b.Lane(true), breaker.Closed)

	b.Learn(false, mustAllow(t, b.Lane(false)), classify.LaneFailBoth, errs.ConnLost)
	wantState(t, b.Lane(false), breaker.Open)
	wantState(t, b.Lane(true), breaker.Open)
}

func TestVerdictsReachTheirLanes(t *testing.T) {
	t.Parallel()
	const once = 1
	tests := []struct {
		verdict     classify.Lane
		write       bool
		read, wrote breaker.State
	}{
		{classify.LaneIgnore, false, breaker.Closed, breaker.Closed},
		{classify.LaneSuccess, true, breaker.Closed, breaker.Closed},
		{classify.LaneFailRead, false, breaker.Open, breaker.Closed},
		{classify.LaneFailRead, true, breaker.Open, breaker.Closed},
		{classify.LaneFailWrite, false, breaker.Closed, breaker.Open},
		{classify.LaneFailWrite, true, breaker.Closed, breaker.Open},
		{classify.LaneFailBoth, false, breaker.Open, breaker.Open},
		{classify.LaneFailBoth, true, breaker.Open, breaker.Open},
		{classify.LaneFailBoth + 1, true, breaker.Closed, breaker.Closed},
	}
	for _, tt := range tests {
		b := breaker.New(addr, breaker.Policy{Failures: once}, nil)
		b.Learn(tt.write, mustAllow(t, b.Lane(tt.write)), tt.verdict, errs.ConnLost)
		if read, wrote := b.Lane(false).State(), b.Lane(true).State(); read != tt.read || wrote != tt.wrote {
			t.Errorf("%v on the lane of write=%v: read %v, write %v; want %v, %v",
				tt.verdict, tt.write, read, wrote, tt.read, tt.wrote)
		}
		b.Close()
	}
}

// Reads whose connections are killed now and then must not stop the writes of
// a node that is written to seldom.
func TestReportsAreTakenBack(t *testing.T) {
	t.Parallel()
	b := breaker.New(addr, breaker.Policy{Failures: 3}, nil)
	read, write := b.Lane(false), b.Lane(true)
	for range 10 {
		b.Learn(false, mustAllow(t, read), classify.LaneFailBoth, errs.ConnLost)
		read.Success(mustAllow(t, read))
	}
	wantState(t, write, breaker.Closed)

	fail(t, write, 1, errs.OOM) // what the lane witnessed itself stays
	b.Learn(false, mustAllow(t, read), classify.LaneFailBoth, errs.ConnLost)
	read.Success(mustAllow(t, read))
	wantState(t, write, breaker.Closed)
	fail(t, write, 1, errs.OOM)
	wantState(t, write, breaker.Open)
	b.Close()
}

func TestOpenSaysWhyAndWhen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(addr, breaker.Policy{OpenFor: 8 * time.Second}, nil)
		l := b.Lane(true)
		if e := l.Open(); e.Kind != errs.BreakerOpen {
			t.Errorf("Open() of a lane that never opened: kind %v; want BreakerOpen", e.Kind)
		}
		fail(t, l, 5, errs.Misconf)
		began := time.Now()
		var first time.Duration
		for l.State() == breaker.Open {
			e := l.Open()
			open, ok := errors.AsType[*errs.OpenError](error(e))
			if !ok || e.Kind != errs.BreakerOpen || e.Effect != errs.NotExecuted || e.Addr != addr {
				t.Fatalf("Open() = %#v", e)
			}
			if open.Addr != addr || open.Lane != "write" || !errors.Is(open, errs.Misconf) {
				t.Fatalf("Open().Err = %+v", open)
			}
			if first == 0 {
				first = open.RetryAfter
			}
			left := first - time.Since(began)
			if late := open.RetryAfter - left; late < 0 || late > first/8 {
				t.Errorf("RetryAfter = %v with %v left", open.RetryAfter, left)
			}
			sleep(250 * time.Millisecond)
		}
		if open, _ := errors.AsType[*errs.OpenError](error(l.Open())); open.RetryAfter != 0 {
			t.Errorf("RetryAfter of a half-open lane = %v; want 0", open.RetryAfter)
		}
	})
}

func TestDisabledNeverOpens(t *testing.T) {
	t.Parallel()
	b := breaker.New(addr, breaker.Policy{Failures: 1, Disabled: true}, func(breaker.Change) { t.Error("a change") })
	fail(t, b.Lane(false), 100, errs.ConnLost)
	b.Learn(true, mustAllow(t, b.Lane(true)), classify.LaneFailBoth, errs.ConnLost)
	wantState(t, b.Lane(false), breaker.Closed)
	wantState(t, b.Lane(true), breaker.Closed)
	b.Close()
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := []breaker.Policy{{}, {OpenFor: time.Minute}, {MaxOpenFor: time.Hour}, {Disabled: true}}
	for _, p := range good {
		if err := p.Validate(); err != nil {
			t.Errorf("Validate(%+v) = %v; want nil", p, err)
		}
	}
	bad := []breaker.Policy{
		{Failures: -1},
		{Probes: -1},
		{Window: -1},
		{OpenFor: -1},
		{MaxOpenFor: -1},
		{ProbeTimeout: -1},
		{MaxOpenFor: time.Millisecond},
		{OpenFor: time.Hour, MaxOpenFor: time.Minute},
	}
	for _, p := range bad {
		if err := p.Validate(); !errors.Is(err, errs.BadOption) {
			t.Errorf("Validate(%+v) = %v; want BadOption", p, err)
		}
	}
}
