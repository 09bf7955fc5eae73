package client

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client/internal/breaker"
	"github.com/redoubt-go/redoubt/errs"
)

// Receive subscribes and calls fn for every message, until the subscription is
// ended by an unsubscribe (nil), ctx ends (Canceled, Deadline), the client is
// closed (Closed) or the server refuses the subscription (its kind).
//
// When the connection is lost, Receive subscribes again, with pauses, for as
// long as ctx lives; only a subscription that never stood is given up within
// the bounds of the retry policy. Messages published meanwhile are lost, as
// pub/sub does: the observer gets an EventResubscribe for each gap and the
// logger a warning. A retry policy of one attempt ends Receive with the first
// loss.
func (c *Client) Receive(ctx context.Context, subscribe rueidis.Completed, fn func(msg rueidis.PubSubMessage)) error {
	failure, _ := c.core.receive(ctx, subscribe, fn)
	if failure == nil {
		return nil // an untyped one
	}
	return failure
}

// subscribes reports whether Receive takes the command. rueidis panics on any
// other.
func subscribes(cmd *rueidis.Completed) bool {
	if cmd.IsEmpty() || !cmd.NoReply() {
		return false
	}
	switch cmd.Commands()[0] {
	case "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE":
		return true
	}
	return false
}

// receive is Receive for both faces: the failure and the raw error.
func (c *core) receive(ctx context.Context, subscribe rueidis.Completed, fn func(rueidis.PubSubMessage)) (*errs.Error, error) {
	if !subscribes(&subscribe) {
		failure := &errs.Error{Kind: errs.Misuse, Effect: errs.NotExecuted, Op: "Receive"}
		return failure, failure
	}
	s := &subscription{
		kind:     subscribe.Commands()[0],
		channels: append([]string(nil), subscribe.Commands()[1:]...),
		fn:       fn,
	}
	s.op = classify.Op{Name: s.kind, Slot: slotOf(subscribe.Slot()), Safety: classify.ReadOnly}
	op := Op{Door: "Receive", Name: s.kind, Slot: s.op.Slot}
	if c.observer == nil {
		_, failure, err := c.subscribe(ctx, op, s, subscribe)
		return failure, err
	}
	start := nano()
	ctx = c.observer.Start(ctx, op)
	t, failure, err := c.subscribe(ctx, op, s, subscribe)
	c.observer.Done(ctx, outcome(op, failure, t, start))
	return failure, err
}

func (c *core) subscribe(ctx context.Context, op Op, s *subscription, first rueidis.Completed) (trace, *errs.Error, error) {
	if failure := c.ready(ctx); failure != nil {
		failure.Op = s.kind
		return trace{}, failure, rawError(failure)
	}
	n := c.top.pick(route{slot: op.Slot})
	tok, ok := n.lane(false).Allow(false)
	if !ok {
		failure := *n.lane(false).Open()
		failure.Op = s.kind
		return trace{}, &failure, &failure
	}
	defer func() { n.lane(false).Ignore(tok) }() // a panic must not keep a probe's place
	s.ctx = watched{Context: ctx, hook: rueidis.WithOnSubscriptionHook(context.Background(), s.confirm)}
	s.op.Sent = n.seam.Writes()
	r := c.run(ctx, op, nano())
	r.blocking = true
	for s.receive(r, n, first); ; {
		r.attempt(s, n, tok)
		if !s.goesOn(r) {
			break
		}
		if n, tok, ok = s.resume(r); !ok {
			break
		}
	}
	if s.v.Kind == 0 {
		return r.trace(s.n), nil, nil
	}
	failure := r.failure(&s.try, r.why)
	return r.trace(s.n), failure, s.raw(failure)
}

// subscription is the work of Receive. A second subscription is harmless, so
// its safety is that of a read.
type subscription struct {
	try
	ctx      context.Context //nolint:containedctx // of the caller, with a hook on confirmations; as long as the call
	kind     string
	channels []string
	fn       func(rueidis.PubSubMessage)
	last     error
	up       atomic.Bool // confirmed by the server, and not lost since
	stood    bool        // it was up once
	apart    bool        // on a connection of its own, see corpse
}

// confirm is called by rueidis for every subscribe and unsubscribe.
func (s *subscription) confirm(rueidis.PubSubSubscription) { s.up.Store(true) }

func (s *subscription) send(r *run, n *node) {
	r.resend(&s.try, n)
	s.receive(r, n, s.command(n))
}

func (s *subscription) receive(r *run, n *node, cmd rueidis.Completed) {
	if !s.apart {
		s.last = n.pool().Receive(s.ctx, cmd, s.fn)
		return
	}
	if failure := r.c.seats.enter(r.ctx, r.c.done); failure != nil {
		s.last = failure
		return
	}
	defer r.c.seats.leave()
	own, cancel := n.pool().Dedicate()
	defer cancel()
	defer own.Close()
	s.last = own.Receive(s.ctx, cmd, s.fn)
}

func (s *subscription) command(n *node) rueidis.Completed {
	b := n.builder()
	switch s.kind {
	case "PSUBSCRIBE":
		return b.Psubscribe().Pattern(s.channels...).Build()
	case "SSUBSCRIBE":
		return b.Ssubscribe().Channel(s.channels...).Build()
	}
	return b.Subscribe().Channel(s.channels...).Build()
}

// judge knows a subscription that stood from one that was refused or never
// dialled, and reports the gap.
func (s *subscription) judge(r *run, n *node) classify.Verdict {
	up := s.up.Swap(false)
	r.judge(&s.try, n, s.last, isLine(s.last) && !up)
	if s.v.Do == classify.Return {
		return s.v
	}
	s.apart = s.apart || !up && s.corpse(n)
	if up {
		s.stood = true
		if time.Duration(r.now-r.began) > established {
			r.delays = nil // the next outage begins with short pauses again
		}
		r.renew()
		r.c.resubscribing(r, n, s.v)
	}
	return s.v
}

// established is how long a subscription stands before its loss counts as a
// new outage.
const established = time.Second

// corpse reports whether the connection that failed was dead before: it has
// written nothing since. Under RESP2 rueidis keeps subscriptions on a
// connection of its own, which it never replaces, so this one is left.
func (s *subscription) corpse(n *node) bool {
	switch s.v.Kind {
	case errs.ConnLost, errs.IOTimeout, errs.ConnRetired:
	default:
		return false
	}
	if fault := classify.ConnFault(nil); errors.As(s.last, &fault) {
		return fault.LastWrite() <= s.op.Sent
	}
	return n.seam.Writes() == s.op.Sent
}

// goesOn reports whether a subscription that stood outlives the bounds of one
// operation.
func (s *subscription) goesOn(r *run) bool {
	switch r.why {
	case errs.WhyAttempts, errs.WhyElapsed, errs.WhyDeadline, errs.WhyBudget, errs.WhyBreaker:
		return s.stood && r.c.retry.MaxAttempts > 1
	}
	return false
}

// resume makes the next attempt of a subscription that goes on, after a long
// pause and when the breaker admits it.
func (s *subscription) resume(r *run) (n *node, tok breaker.Token, ok bool) {
	for !ok {
		if r.why = r.sleep(r.c.retry.MaxDelay); r.why != "" {
			return s.n, tok, false
		}
		n = r.c.top.pick(route{slot: r.op.Slot})
		tok, ok = n.lane(false).Allow(false)
	}
	r.look()
	r.renew()
	r.attempts++
	r.began = nano()
	s.send(r, n)
	return n, tok, true
}

// renew begins to count the bounds anew.
func (r *run) renew() { r.start, r.attempts, r.unknown = r.now, 1, 0 }

// raw is what Compat returns: the value of rueidis for the end of the caller's
// context and of the client, else the last failure.
func (s *subscription) raw(failure *errs.Error) error {
	if err, ok := endOf(failure); ok {
		return err
	}
	return s.last
}

func (c *core) resubscribing(r *run, n *node, v classify.Verdict) {
	c.tell(Event{
		Type: EventResubscribe, Addr: n.addr, Op: r.op, Attempt: r.attempts, Kind: v.Kind,
		Start: wall(r.began), End: wall(r.now),
	})
}

// watched is the caller's context with a hook on confirmations, as of
// rueidis.WithOnSubscriptionHook, which would hide one that the caller has set.
type watched struct {
	context.Context //nolint:containedctx // it is one

	hook context.Context //nolint:containedctx // knows rueidis' key, and the hook of ours
}

// Value calls both hooks where rueidis looks for one.
func (w watched) Value(key any) any {
	ours, ok := w.hook.Value(key).(func(rueidis.PubSubSubscription))
	if !ok {
		return w.Context.Value(key)
	}
	theirs, ok := w.Context.Value(key).(func(rueidis.PubSubSubscription))
	if !ok {
		return ours
	}
	return func(s rueidis.PubSubSubscription) {
		ours(s)
		theirs(s)
	}
}
