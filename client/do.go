package client

import (
	"context"
	"slices"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// Do sends one command, as rueidis.Client.Do does, and returns its reply. A
// failure is an *errs.Error; see the package documentation for the two
// exceptions. The command is sent again only as the replay rule allows.
func (c *Client) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	res, failure := c.core.do(ctx, cmd)
	if failure != nil {
		return typed(res, failure)
	}
	return res
}

// do is Do for both faces of the client: the raw result of the last attempt,
// and the failure if it was one.
func (c *core) do(ctx context.Context, cmd rueidis.Completed) (rueidis.RedisResult, *errs.Error) {
	if c.observer == nil {
		return c.doOnce(ctx, cmd, nil)
	}
	return c.observedDo(ctx, cmd)
}

// doOnce runs the first attempt on the caller's stack. Nothing is allocated
// until it has failed, and the result, which is large, is copied as seldom as
// can be. t, if not nil, is told of the attempts.
func (c *core) doOnce(ctx context.Context, cmd rueidis.Completed, t *trace) (rueidis.RedisResult, *errs.Error) {
	if cmd.IsEmpty() {
		return refused(&errs.Error{Kind: errs.Misuse, Effect: errs.NotExecuted})
	}
	var k call
	k.note(&cmd)
	defer k.release()
	n := c.top.pick(route{slot: slotOf(k.slot), write: !k.flags.has(readOnly)})
	if failure := c.enter(ctx, &k, n); failure != nil {
		return refused(k.named(failure))
	}
	sent, start := n.seam.Writes(), nano()
	res := n.wireFor(k.flags).Do(ctx, cmd)
	if err := res.Error(); err != nil && err != rueidis.Nil {
		return c.doAgain(ctx, &k, n, sent, start, res, t)
	}
	k.lane.Success(k.tok)
	c.budget.Success()
	if t != nil {
		*t = trace{addr: n.addr, attempts: 1}
	}
	return res, nil
}

// enter takes what the first attempt needs: a client that is open, a seat if
// the command may block, and the consent of the node's breaker.
func (c *core) enter(ctx context.Context, k *call, n *node) *errs.Error {
	if failure := c.ready(ctx); failure != nil {
		return failure
	}
	if k.flags.has(blocking) {
		if failure := c.seats.enter(ctx, c.done); failure != nil {
			return failure
		}
		k.seats = c.seats
	}
	lane := n.lane(!k.flags.has(readOnly))
	tok, ok := lane.Allow(!k.flags.has(blocking))
	if !ok {
		return lane.Open()
	}
	k.lane, k.tok = lane, tok
	return nil
}

// doAgain takes over when the first attempt has failed.
//
//go:noinline
func (c *core) doAgain(ctx context.Context, k *call, n *node, sent uint64, start int64, res rueidis.RedisResult, t *trace) (rueidis.RedisResult, *errs.Error) {
	w := &one{args: slices.Clone(k.args()), flags: k.flags, res: res}
	w.op = opOf(w.args, k.flags, k.slot, sent)
	r := c.run(ctx, Op{Door: "Do", Name: w.op.Name, Slot: w.op.Slot, Write: !k.flags.has(readOnly)}, start)
	r.blocking = k.flags.has(blocking)
	r.attempt(w, n, k.tok)
	if t != nil {
		*t = r.trace(w.n)
	}
	return w.res, w.failure(r)
}

// run starts the bookkeeping of an operation whose first attempt has failed.
func (c *core) run(ctx context.Context, op Op, start int64) *run {
	return &run{
		c: c, ctx: ctx, op: op, write: op.Write, start: start, began: start, attempts: 1,
		replay: c.replayLimit(ctx),
	}
}

// trace is what an observer is told of the attempts.
type trace struct {
	addr     string // node of the last attempt
	attempts int
	replayed bool
}

func (r *run) trace(n *node) trace {
	return trace{addr: n.addr, attempts: r.attempts, replayed: r.replayed}
}

// one is the work of a single command.
type one struct {
	try
	args  []string
	flags flags
	res   rueidis.RedisResult
}

func (w *one) send(r *run, n *node) {
	r.resend(&w.try, n)
	w.res = n.wireFor(w.flags).Do(r.ctx, rebuild(n.builder(), w.args, w.flags))
}

func (w *one) judge(r *run, n *node) classify.Verdict {
	r.judge(&w.try, n, w.res.Error(), duringSetup(w.res))
	return w.v
}

func (w *one) command(n *node) rueidis.Completed { return rebuild(n.builder(), w.args, w.flags) }

// failure is the error of the work, nil when it succeeded in the end.
func (w *one) failure(r *run) *errs.Error {
	if w.v.Kind == 0 {
		return nil
	}
	return r.failure(&w.try, r.why)
}

// duringSetup tells a server's error line that refused the connection from one
// that answered the command: rueidis reports the first as an error of the
// connection.
func duringSetup(res rueidis.RedisResult) bool {
	_, line := res.NonRedisError().(*rueidis.RedisError)
	return line
}

// ready refuses a call that cannot be sent: the client is closed, or the
// caller's context has ended.
func (c *core) ready(ctx context.Context) *errs.Error {
	if c.closed.Load() {
		return closedError()
	}
	if err := ctx.Err(); err != nil {
		return ended(err)
	}
	return nil
}

func closedError() *errs.Error {
	return &errs.Error{Kind: errs.Closed, Effect: errs.NotExecuted, Err: rueidis.ErrClosing}
}

// refused is the outcome of a call that was not sent. Its raw result has the
// value of rueidis where rueidis has one.
func refused(failure *errs.Error) (rueidis.RedisResult, *errs.Error) {
	return rueidis.NewErrorResult(rawError(failure)), failure
}

// named puts the command's name on a failure that concerns no server.
func (k *call) named(failure *errs.Error) *errs.Error {
	if failure.Op != "" {
		return failure
	}
	e := *failure
	e.Op = opName(k.args())
	return &e
}

// typed replaces the error of a result. NOSCRIPT to EVALSHA stays as it is:
// rueidis.Lua and its like look for it.
func typed(res rueidis.RedisResult, failure *errs.Error) rueidis.RedisResult {
	if failure.Kind == errs.NoScript && (failure.Op == "EVALSHA" || failure.Op == "EVALSHA_RO") {
		return res
	}
	msg, _ := res.ToMessage()
	return rueidis.NewResult(msg, failure)
}

func (c *core) observedDo(ctx context.Context, cmd rueidis.Completed) (rueidis.RedisResult, *errs.Error) {
	op := Op{Door: "Do"}
	if !cmd.IsEmpty() {
		op.Name, op.Slot, op.Write = opName(cmd.Commands()), slotOf(cmd.Slot()), !cmd.IsReadOnly()
	}
	start := nano()
	ctx = c.observer.Start(ctx, op)
	var t trace
	res, failure := c.doOnce(ctx, cmd, &t)
	c.observer.Done(ctx, outcome(op, failure, t, start))
	return res, failure
}
