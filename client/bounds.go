package client

import (
	"errors"
	"time"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client/internal/breaker"
	"github.com/redoubt-go/redoubt/errs"
)

// again decides whether another attempt is made, and pauses before it.
func (r *run) again(w work, n *node, v classify.Verdict) bool {
	if v.Do == classify.Return {
		return false
	}
	if v.Effect != errs.NotExecuted {
		r.unknown++
	}
	switch {
	case r.attempts >= r.c.retry.MaxAttempts, r.unknown >= r.c.retry.MaxUnknown && v.Effect != errs.NotExecuted:
		r.why = errs.WhyAttempts
		return false
	}
	return r.rest(r.pause(w, n, v))
}

// rest pauses, after asking every bound whether another attempt could still be
// made behind the pause.
func (r *run) rest(pause time.Duration) bool {
	switch {
	case r.c.closed.Load():
		r.why = errs.WhyClosed
	case pause < 0:
		r.why = errs.WhyPolicy
	case int64(pause) > int64(r.c.retry.MaxElapsed)-(r.now-r.start): // a sum could overflow
		r.why = errs.WhyElapsed
	case r.deadline != 0 && int64(pause) >= r.deadline-r.now:
		r.why = errs.WhyDeadline
	case !r.c.budget.Take():
		r.why = errs.WhyBudget
	default:
		r.why = r.sleep(pause)
	}
	return r.why == ""
}

// pause is how long to wait before the next attempt; negative to stop. What
// can be sent again at once is, but not twice in a row for the same kind.
func (r *run) pause(w work, n *node, v classify.Verdict) time.Duration {
	hurry := v.Do == classify.RetryNow && r.hurried != v.Kind
	if hurry {
		r.hurried = v.Kind
	}
	switch {
	case r.c.delay != nil:
		return r.c.delay(r.attempts, w.command(n), r.last)
	case hurry:
		return 0
	}
	if r.delays == nil {
		r.delays = r.c.retry.Start()
	}
	return r.delays.Next()
}

// sleep waits, unless the caller leaves or the client is closed first. A caller
// who has left already gets no other attempt either.
func (r *run) sleep(pause time.Duration) errs.Why {
	if pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.ctx.Done():
		case <-r.c.done:
			return errs.WhyClosed
		}
	}
	if r.ctxErr = r.ctx.Err(); r.ctxErr != nil {
		return errs.WhyCaller
	}
	return ""
}

// admit picks the node of the next attempt and asks its breaker. An open
// breaker ends the attempts, unless the server itself has said, with an error
// line, that it is alive and will be able later: then the pause is as long as
// the breaker wants it.
func (r *run) admit(v classify.Verdict) (*node, breaker.Token, bool) {
	for {
		n := r.c.top.pick(route{slot: r.op.Slot, write: r.write})
		lane := n.lane(r.write)
		tok, ok := lane.Allow(!r.blocking)
		if ok {
			return n, tok, true
		}
		if v.Code == "" || !r.wait(lane) {
			if r.why == "" {
				r.why = errs.WhyBreaker
			}
			return n, tok, false
		}
	}
}

// wait pauses until an open lane may let a probe through.
func (r *run) wait(lane *breaker.Lane) bool {
	r.look()
	after := r.c.retry.MinDelay // the probes are taken: somebody else is asking
	if open, ok := errors.AsType[*errs.OpenError](lane.Open().Err); ok && open.RetryAfter > after {
		after = open.RetryAfter
	}
	return r.rest(after)
}
