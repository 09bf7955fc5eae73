package client

import (
	"context"
	"io"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// DoStream sends one command and returns its reply as a stream. Opening the
// stream is classified and may be tried again while nothing was written;
// after that the reply is read once, by WriteTo, whose errors are those of
// rueidis and the connection. classify.Typed types them.
//
// A stream takes a seat of the bulkhead while it opens. It has no end that the
// client could see, so an open stream is bounded by rueidis' own pool. Read it:
// a stream that is not read to its end keeps its connection until Close.
func (c *Client) DoStream(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResultStream {
	return typedStream(c.core.stream(ctx, "DoStream", []rueidis.Completed{cmd}))
}

// DoMultiStream is DoStream for several commands.
func (c *Client) DoMultiStream(ctx context.Context, multi ...rueidis.Completed) rueidis.MultiRedisResultStream {
	if len(multi) == 0 {
		return rueidis.NewErrorResultStream(io.EOF)
	}
	return typedStream(c.core.stream(ctx, "DoMultiStream", multi))
}

func typedStream(out rueidis.RedisResultStream, failure *errs.Error) rueidis.RedisResultStream {
	if failure != nil {
		return rueidis.NewErrorResultStream(failure)
	}
	return out
}

// stream is both doors for both faces: the raw stream and the failure.
func (c *core) stream(ctx context.Context, door string, multi []rueidis.Completed) (rueidis.RedisResultStream, *errs.Error) {
	s := notes.Get().(*note)
	defer s.release()
	for i := range multi {
		if multi[i].IsEmpty() {
			failure := &errs.Error{Kind: errs.Misuse, Effect: errs.NotExecuted, Op: door}
			return rueidis.NewErrorResultStream(failure), failure
		}
	}
	s.take(multi)
	op := Op{Door: door, Name: opName(s.args(0)), Slot: slotOf(s.items[0].slot), Write: s.write}
	if len(multi) > 1 {
		op.Name, op.Batch = "", len(multi)
	}
	if c.observer == nil {
		out, failure, _ := c.open(ctx, op, s, multi)
		return out, failure
	}
	start := nano()
	ctx = c.observer.Start(ctx, op)
	out, failure, t := c.open(ctx, op, s, multi)
	c.observer.Done(ctx, outcome(op, failure, t, start))
	return out, failure
}

// open makes the first attempt and leaves the others to the loop.
func (c *core) open(ctx context.Context, op Op, s *note, multi []rueidis.Completed) (rueidis.RedisResultStream, *errs.Error, trace) {
	refuse := func(failure *errs.Error) (rueidis.RedisResultStream, *errs.Error, trace) {
		e := *failure
		e.Op = op.Name
		return rueidis.NewErrorResultStream(rawError(&e)), &e, trace{}
	}
	if failure := c.ready(ctx); failure != nil {
		return refuse(failure)
	}
	if failure := c.seats.enter(ctx, c.done); failure != nil {
		return refuse(failure)
	}
	defer c.seats.leave()
	n := c.top.pick(route{slot: op.Slot, write: op.Write})
	tok, ok := n.lane(op.Write).Allow(true)
	if !ok {
		return refuse(n.lane(op.Write).Open())
	}
	defer n.lane(op.Write).Ignore(tok) // a panic must not keep a probe's place
	w := &opening{note: s}
	w.op = classify.Op{Name: op.Name, Slot: op.Slot, Safety: classify.Never, Sent: n.seam.Writes()}
	r := c.run(ctx, op, nano())
	w.out = openOn(ctx, n, multi)
	r.attempt(w, n, tok)
	if w.v.Kind == 0 {
		return w.out, nil, r.trace(w.n)
	}
	return w.out, r.failure(&w.try, r.why), r.trace(w.n)
}

func openOn(ctx context.Context, n *node, multi []rueidis.Completed) rueidis.RedisResultStream {
	if len(multi) == 1 {
		return n.pool().DoStream(ctx, multi[0])
	}
	return n.pool().DoMultiStream(ctx, multi...)
}

// opening is the work of opening a stream. Its safety is Never: once bytes may
// have been written, the stream is not opened again.
type opening struct {
	try
	note *note
	out  rueidis.RedisResultStream
}

func (w *opening) send(r *run, n *node) {
	r.resend(&w.try, n)
	multi := make([]rueidis.Completed, len(w.note.items))
	for i := range multi {
		multi[i] = rebuild(n.builder(), w.note.args(i), w.note.items[i].flags)
	}
	w.out = openOn(r.ctx, n, multi)
}

func (w *opening) command(n *node) rueidis.Completed {
	return rebuild(n.builder(), w.note.args(0), w.note.items[0].flags)
}

func (w *opening) judge(r *run, n *node) classify.Verdict {
	r.judge(&w.try, n, w.out.Error(), isLine(w.out.Error()))
	if w.v.Kind == 0 {
		w.v.Lane = classify.LaneIgnore // it was only written
	}
	return w.v
}

// isLine reports whether an error is a server's error line. When a stream does
// not open it can only have refused the connection.
func isLine(err error) bool {
	_, ok := err.(*rueidis.RedisError)
	return ok
}
