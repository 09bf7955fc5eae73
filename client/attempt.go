package client

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client/internal/backoff"
	"github.com/redoubt-go/redoubt/client/internal/breaker"
	"github.com/redoubt-go/redoubt/errs"
)

// work is what is sent: one command or a batch. The loop below is the only one
// that sends anything again; what differs between the doors is how to send,
// and how to read the replies.
type work interface {
	// send hands what is left to be done to the node.
	send(r *run, n *node)
	// judge classifies the replies. The verdict that it returns leads: its Do is
	// Return when nothing is left that may be sent again, its Kind is 0 when
	// nothing failed.
	judge(r *run, n *node) classify.Verdict
	// command makes the command that a user's delay function is asked about.
	command(n *node) rueidis.Completed
}

// run is one operation on its way through its attempts. It is made after the
// first attempt has failed; the healthy path knows nothing of it.
type run struct {
	c        *core
	ctx      context.Context //nolint:containedctx // a run is one call and lives no longer
	op       Op
	write    bool
	blocking bool

	start    int64 // clock before the first attempt
	began    int64 // clock before the current attempt
	attempts int
	unknown  int             // attempts that may have been executed
	replay   classify.Safety // the caller's limit

	now      int64 // clock, deadline and context once an attempt has come back
	deadline int64
	ctxErr   error

	replayed bool      // something was sent again that may have been executed
	hurried  errs.Kind // kind of the last immediate retry
	last     error     // what a user's delay function is told
	why      errs.Why  // the bound that ended the attempts, "" for none
	delays   *backoff.Delays
}

// attempt is the loop: judge, teach the breaker, mend the world, pause, admit,
// send. It starts with the first attempt's replies in w, and returns when
// there is nothing left to send or a bound was reached, with the reason in
// r.why.
func (r *run) attempt(w work, n *node, tok breaker.Token) {
	defer func() { n.lane(r.write).Ignore(tok) }() // a panic must not keep a probe's place
	for {
		r.look()
		v := w.judge(r, n)
		n.learn(r.write, tok, v)
		r.tell(n, v)
		if v.Kind == 0 {
			r.c.budget.Success()
			return
		}
		r.c.top.apply(r.ctx, v, n)
		if !r.again(w, n, v) {
			return
		}
		var ok bool
		if n, tok, ok = r.admit(v); !ok {
			return
		}
		r.attempts++
		r.began = nano()
		w.send(r, n)
	}
}

// look reads the clock and the caller's context, once an attempt is back.
func (r *run) look() {
	r.now = nano()
	r.ctxErr = r.ctx.Err()
	if d, ok := r.ctx.Deadline(); ok && r.deadline == 0 {
		r.deadline = r.now + int64(time.Until(d))
	}
}

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
	case r.now-r.start+int64(pause) > int64(r.c.retry.MaxElapsed):
		r.why = errs.WhyElapsed
	case r.deadline != 0 && r.now+int64(pause) >= r.deadline:
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
	return r.delays.Next(r.last)
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

// try is one command in the eyes of the loop.
type try struct {
	op    classify.Op
	v     classify.Verdict // on the last attempt; Kind 0 when it succeeded
	err   error            // of the last attempt, as rueidis gave it
	n     *node            // that the last attempt went to
	doubt bool             // an attempt before the last may have been executed
}

// judge classifies the outcome of the attempt that came back. setup says that
// the error line refused the connection, not the command.
//
//nolint:revive // setup is a fact about the error
func (r *run) judge(t *try, n *node, err error, setup bool) {
	t.n, t.err, t.v = n, err, classify.Of(nil, nil)
	if err == nil || err == rueidis.Nil {
		return
	}
	r.last = err
	t.op.Now, t.op.Deadline, t.op.CtxErr, t.op.Dialing = r.now, r.deadline, r.ctxErr, setup
	t.v = classify.Of(err, &t.op)
	if t.v.Code == "" && r.c.closed.Load() {
		t.v.Kind, t.v.Fix, t.v.Lane = errs.Closed, 0, classify.LaneIgnore
		t.v.Do = classify.Return
	}
	if setup {
		t.v.Fix &^= renew // it refused a connection that is gone; the others still serve
	}
	if !r.mayResend(t.v, t.op.Safety) {
		t.v.Do = classify.Return
	}
}

// resend notes what is true of a command before it is sent again.
func (r *run) resend(t *try, n *node) {
	if t.v.Effect != errs.NotExecuted {
		t.doubt, r.replayed = true, true
	}
	t.op.Sent = n.seam.Writes()
}

// failure makes the error that the caller gets: the verdict on the last
// attempt, and why there was no other.
func (r *run) failure(t *try, why errs.Why) *errs.Error {
	e := classify.Wrap(t.v, t.err, &t.op)
	if e.Addr == "" {
		e.Addr = t.n.addr
	}
	redirected(e)
	e.Attempts, e.Elapsed = r.attempts, time.Duration(nano()-r.start)
	if t.doubt && e.Effect == errs.NotExecuted {
		e.Effect = errs.Unknown // the last attempt was not executed, an earlier one may have been
	}
	switch {
	case why == errs.WhyCaller && r.ctxErr != nil:
		return r.left(e)
	case why == errs.WhyClosed:
		closed := *e
		closed.Kind, closed.Code = errs.Closed, ""
		closed.Err = &errs.ExhaustedError{Why: why, Err: errors.Join(rueidis.ErrClosing, e)}
		return &closed
	case why != "":
		e.Err = &errs.ExhaustedError{Why: why, Err: e.Err}
	}
	return e
}

// left is the failure of a caller who went away during a pause: its own
// context ended, and the last failure stands behind.
func (r *run) left(last *errs.Error) *errs.Error {
	e := *last
	e.Kind, e.Code = errs.Canceled, ""
	if errors.Is(r.ctxErr, context.DeadlineExceeded) {
		e.Kind = errs.Deadline
	}
	e.Err = &errs.ExhaustedError{Why: errs.WhyCaller, Err: errors.Join(r.ctxErr, last)}
	return &e
}

// redirected completes what is known of a redirection: who sent it, and the
// host where the reply leaves it out, for then it is the same. A reply whose
// target cannot be used gets its payload here.
func redirected(e *errs.Error) {
	switch e.Kind {
	case errs.BadRedirect:
		e.Err = &errs.RedirectError{From: e.Addr, Slot: -1, Err: e.Err}
		return
	case errs.UnknownTarget:
		slot, _ := e.Slot()
		e.Err = &errs.RedirectError{From: e.Addr, Slot: slot, Err: e.Err}
		return
	}
	re, ok := e.Err.(*errs.RedirectError) //nolint:errorlint // it would be the payload itself
	if !ok || re.From != "" {
		return
	}
	full := *re
	full.From = e.Addr
	if port, ok := strings.CutPrefix(re.To, ":"); ok {
		if host, _, err := net.SplitHostPort(e.Addr); err == nil {
			full.To = net.JoinHostPort(host, port)
		}
	}
	e.Err = &full
}

// mayResend applies the replay rule for one command, and what this client
// cannot do: a script is loaded again by package scripting, which knows its
// source, and a redirect is followed only by a topology that knows the target.
func (r *run) mayResend(v classify.Verdict, safety classify.Safety) bool {
	if v.Fix.Has(classify.ReloadScript) || !r.c.top.follows(v) {
		return false
	}
	if v.Fix.Has(classify.Reauthenticate) && r.hurried == v.Kind {
		return false // fresh credentials were tried and refused
	}
	return v.MayResend(safety, r.replay)
}

// tell reports the attempt that was just judged.
func (r *run) tell(n *node, v classify.Verdict) {
	if r.c.observer == nil {
		return
	}
	r.c.observer.Event(r.ctx, Event{
		Type: EventAttempt, Addr: n.addr, Op: r.op, Attempt: r.attempts,
		Kind: v.Kind, Effect: v.Effect, Code: v.Code, Do: v.Do,
		Start: wall(r.began), End: wall(r.now),
	})
}
