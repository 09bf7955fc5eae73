package breaker

import (
	"time"

	"github.com/redoubt-go/redoubt/errs"
)

// refusal is a ready-made error for the attempts that an open lane refuses:
// while a node is down, refusing must be cheap.
type refusal struct {
	err   *errs.Error
	until time.Time     // end of the open time
	after time.Duration // what err says remains of it
	step  time.Duration // how much more than the truth it may say
}

func newRefusal(addr, lane string, cause errs.Kind, openFor time.Duration) *refusal {
	open := &errs.OpenError{Addr: addr, Lane: lane, RetryAfter: openFor}
	if cause != 0 {
		open.Err = cause
	}
	return &refusal{
		err:   &errs.Error{Kind: errs.BreakerOpen, Effect: errs.NotExecuted, Addr: addr, Err: open},
		until: time.Now().Add(openFor),
		after: openFor,
		step:  openFor / 8,
	}
}

// with is the same refusal with less time to wait.
func (r *refusal) with(after time.Duration) *refusal {
	fresh, err, open := *r, *r.err, *r.err.Err.(*errs.OpenError)
	open.RetryAfter = after
	err.Err = &open
	fresh.err, fresh.after = &err, after
	return &fresh
}

// Open is the error for an attempt that Allow refused: of kind BreakerOpen, not
// executed, and with an *errs.OpenError that says why, since which failure,
// and when to come again. RetryAfter is at most an eighth of the open time too
// long, and 0 when it is over and the places of the probes are taken. The error is
// shared between callers: copy it before changing it.
func (l *Lane) Open() *errs.Error {
	r := l.refusal.Load()
	after := max(0, time.Until(r.until))
	if after == r.after || after > 0 && r.after-after <= r.step {
		return r.err
	}
	fresh := r.with(after)
	l.refusal.CompareAndSwap(r, fresh) // a lost race costs one allocation more
	return fresh.err
}
