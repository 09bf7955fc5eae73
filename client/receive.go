package client

import (
	"context"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
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
// logger a warning.
func (c *Client) Receive(ctx context.Context, subscribe rueidis.Completed, fn func(msg rueidis.PubSubMessage)) error {
	if _, failure := c.core.receive(ctx, subscribe, fn); failure != nil {
		return failure
	}
	return nil
}

// receive is Receive for both faces: the raw error and the failure.
func (c *core) receive(ctx context.Context, subscribe rueidis.Completed, fn func(rueidis.PubSubMessage)) (error, *errs.Error) {
	if subscribe.IsEmpty() || !subscribe.NoReply() || subscribe.IsUnsub() {
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
		err, failure, _ := c.subscribe(ctx, op, s, subscribe)
		return err, failure
	}
	start := nano()
	ctx = c.observer.Start(ctx, op)
	err, failure, t := c.subscribe(ctx, op, s, subscribe)
	c.observer.Done(ctx, outcome(op, failure, t, start))
	return err, failure
}

func (c *core) subscribe(ctx context.Context, op Op, s *subscription, first rueidis.Completed) (error, *errs.Error, trace) {
	if failure := c.ready(ctx); failure != nil {
		failure.Op = s.kind
		return rawError(failure), failure, trace{}
	}
	n := c.top.pick(route{slot: op.Slot})
	tok, ok := n.lane(false).Allow(false)
	if !ok {
		failure := *n.lane(false).Open()
		failure.Op = s.kind
		return &failure, &failure, trace{}
	}
	r := c.run(ctx, op, nano())
	r.blocking = true
	s.receive(r, n, first)
	r.attempt(s, n, tok)
	if s.v.Kind == 0 {
		return nil, nil, r.trace(s.n)
	}
	return s.last, r.failure(&s.try, r.why), r.trace(s.n)
}

// subscription is the work of Receive. A second subscription is harmless, so
// its safety is that of a read.
type subscription struct {
	try
	kind     string
	channels []string
	fn       func(rueidis.PubSubMessage)
	last     error
	stood    bool // it was established once
}

func (s *subscription) send(r *run, n *node) {
	r.resend(&s.try, n)
	s.receive(r, n, s.command(n))
}

func (s *subscription) receive(r *run, n *node, cmd rueidis.Completed) {
	s.last = n.pool().Receive(r.ctx, cmd, s.fn)
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

// judge knows a subscription that stood from one that never did: it was lost
// with its connection, not refused or never dialled. From then on the bounds
// of the policy do not count, only the pauses between the attempts.
func (s *subscription) judge(r *run, n *node) classify.Verdict {
	r.judge(&s.try, n, s.last, isLine(s.last) && !s.stood)
	if s.v.Do == classify.Return {
		return s.v
	}
	if lost := s.v.Kind == errs.ConnLost || s.v.Kind == errs.IOTimeout || s.v.Kind == errs.ConnRetired; lost {
		if time.Duration(r.now-r.began) > established {
			r.delays = nil // the next outage begins with short pauses again
		}
		s.stood = true
		r.c.resubscribing(r, n, s.v)
	}
	if s.stood {
		r.start, r.attempts = r.now, 1
	}
	return s.v
}

// established is how long a subscription stands before its loss counts as a
// new outage.
const established = time.Second

func (c *core) resubscribing(r *run, n *node, v classify.Verdict) {
	c.tell(Event{
		Type: EventResubscribe, Addr: n.addr, Op: r.op, Attempt: r.attempts, Kind: v.Kind,
		Start: base.Add(time.Duration(r.began)), End: base.Add(time.Duration(r.now)),
	})
}
