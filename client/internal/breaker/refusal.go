package breaker

import (
	"time"

	"github.com/redoubt-go/redoubt/errs"
)

// refusal is a ready-made error for the attempts that an open lane refuses:
// while a node is down, refusing must be cheap.
type refusal struct {
	err   *errs.Error
	open  errs.OpenError // what err holds a copy of
	until time.Time      // end of the open time
	step  time.Duration  // how much longer than the truth RetryAfter may be
}

func newRefusal(addr, lane string, cause errs.Kind, openFor time.Duration) *refusal {
	r := refusal{
		open:  errs.OpenError{Addr: addr, Lane: lane},
		until: time.Now().Add(openFor),
		step:  openFor / 8,
	}
	if cause != 0 {
		r.open.Err = cause
	}
	return r.with(openFor)
}

// with is the same refusal with another time to wait.
func (r refusal) with(after time.Duration) *refusal {
	r.open.RetryAfter = after
	open := r.open
	r.err = &errs.Error{Kind: errs.BreakerOpen, Effect: errs.NotExecuted, Addr: open.Addr, Err: &open}
	return &r
}

// Open is the error for an attempt that Allow refused: of kind BreakerOpen, not
// executed, and with an *errs.OpenError that says why, since which failure,
// and when to come again. RetryAfter is at most an eighth of the open time too
// long, and 0 when it is over and the places of the probes are taken. The error is
// shared between callers: copy it before changing it.
func (l *Lane) Open() *errs.Error {
	r := l.refusal.Load()
	after := max(0, time.Until(r.until))
	told := r.open.RetryAfter
	if after == told || after > 0 && told-after <= r.step {
		return r.err
	}
	fresh := r.with(after)
	l.refusal.CompareAndSwap(r, fresh) // a lost race costs one allocation more
	return fresh.err
}
