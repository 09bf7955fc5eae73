package client

import (
	"context"
	"math"
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
		r.deadline = deadlineAfter(r.now, time.Until(d))
	}
}

// deadlineAfter is the reading of the clock when left has passed, at most the
// last one: a deadline may be further away than the clock can count.
func deadlineAfter(now int64, left time.Duration) int64 {
	return now + min(int64(left), math.MaxInt64-max(now, 0))
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
	if r.c.renews.Load() && renewal(t.v.Kind, err, setup) && n.seam.Lost() > t.op.Sent {
		t.v.Effect = errs.Unknown
	}
	if setup {
		t.v.Fix &^= renew // it refused a connection that is gone; the others still serve
	}
	if !r.mayResend(t.v, t.op.Safety) {
		t.v.Do = classify.Return
	}
}

// renewal reports whether a failure may be that of credentials that were to be
// renewed on a live connection: the user's function failed, or the new AUTH was
// refused or timed out. rueidis ends the connection with it, and gives it to
// the commands that were in flight there, where it looks like that of a
// connection which was not made.
func renewal(k errs.Kind, err error, setup bool) bool {
	bare := err == context.DeadlineExceeded //nolint:errorlint // rueidis' own; the seam's is typed
	return setup || k == errs.CredsFailed || k == errs.ForeignContext && bare
}

// resend notes what is true of a command before it is sent again.
func (r *run) resend(t *try, n *node) {
	if t.v.Effect != errs.NotExecuted {
		t.doubt, r.replayed = true, true
	}
	t.op.Sent = n.seam.Writes()
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
