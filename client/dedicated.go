package client

import (
	"context"
	"sync"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// Dedicated runs fn with a connection of its own, as rueidis does. Failures on
// it are classified and never sent again: WATCH and MULTI live on that
// connection. It takes a seat of the bulkhead; when none comes free, fn is not
// called and the error is of kind BulkheadFull or PoolWait.
func (c *Client) Dedicated(fn func(rueidis.DedicatedClient) error) error {
	raw, cancel, failure := c.core.dedicate()
	if failure != nil {
		return failure
	}
	defer cancel()
	return fn(&dedicated{raw: raw, c: c.core, n: c.core.home()})
}

// Dedicate is Dedicated without the function: cancel gives the connection
// back, and may be called more than once. When there is no connection to be
// had, every call of the client fails with the reason.
func (c *Client) Dedicate() (rueidis.DedicatedClient, func()) {
	raw, cancel, failure := c.core.dedicate()
	if failure != nil {
		return &unavailable{b: c.B(), err: failure}, func() {}
	}
	return &dedicated{raw: raw, c: c.core, n: c.core.home()}, cancel
}

// home is the node of dedicated clients.
func (c *core) home() *node { return c.top.pick(route{write: true}) }

// dedicate acquires a connection. The seat makes sure that rueidis' pool has
// one, for that would wait without a bound.
func (c *core) dedicate() (rueidis.DedicatedClient, func(), *errs.Error) {
	ctx := context.Background()
	failure := c.ready(ctx)
	if failure == nil {
		failure = c.seats.enter(ctx, c.done)
	}
	if failure != nil {
		failure.Op = "Dedicated"
		return nil, nil, failure
	}
	raw, cancel := c.home().pool().Dedicate()
	return raw, sync.OnceFunc(func() { cancel(); c.seats.leave() }), nil
}

// dedicated types the failures of a rueidis.DedicatedClient.
type dedicated struct {
	raw rueidis.DedicatedClient
	c   *core
	n   *node
}

var _ rueidis.DedicatedClient = (*dedicated)(nil)

func (d *dedicated) B() rueidis.Builder { return d.raw.B() }

func (d *dedicated) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	if cmd.IsEmpty() {
		return rueidis.NewErrorResult(&errs.Error{Kind: errs.Misuse, Effect: errs.NotExecuted})
	}
	var k call
	k.note(&cmd)
	defer k.release()
	if failure := d.c.ready(ctx); failure != nil {
		return rueidis.NewErrorResult(k.named(failure))
	}
	start := nano()
	res := d.raw.Do(ctx, cmd)
	if err := res.Error(); err != nil && err != rueidis.Nil {
		return typed(res, d.failure(ctx, classify.Op{Name: opName(k.args()), Slot: slotOf(k.slot)}, res, start))
	}
	return res
}

func (d *dedicated) DoMulti(ctx context.Context, multi ...rueidis.Completed) []rueidis.RedisResult {
	if len(multi) == 0 {
		return nil
	}
	for i := range multi {
		if multi[i].IsEmpty() {
			return allFail(len(multi), &errs.Error{Kind: errs.Misuse, Effect: errs.NotExecuted})
		}
	}
	s := notes.Get().(*note)
	defer s.release()
	s.take(multi)
	if failure := d.c.ready(ctx); failure != nil {
		return allFail(len(multi), failure)
	}
	start := nano()
	results := d.raw.DoMulti(ctx, multi...)
	for i, res := range results {
		if err := res.Error(); err != nil && err != rueidis.Nil {
			op := classify.Op{Name: opName(s.args(i)), Slot: slotOf(s.items[i].slot)}
			results[i] = typed(res, d.failure(ctx, op, res, start))
		}
	}
	return results
}

func allFail(n int, err error) []rueidis.RedisResult {
	results := make([]rueidis.RedisResult, n)
	for i := range results {
		results[i] = rueidis.NewErrorResult(err)
	}
	return results
}

// failure classifies without a loop: the run is used for its bookkeeping only.
func (d *dedicated) failure(ctx context.Context, op classify.Op, res rueidis.RedisResult, start int64) *errs.Error {
	r := d.c.run(ctx, Op{Door: "Dedicated", Name: op.Name, Write: true}, start)
	r.look()
	t := &try{op: op}
	r.judge(t, d.n, res.Error(), duringSetup(res))
	d.n.note(t.v)
	return r.failure(t, "")
}

func (d *dedicated) Receive(ctx context.Context, subscribe rueidis.Completed, fn func(msg rueidis.PubSubMessage)) error {
	if !subscribes(&subscribe) {
		return &errs.Error{Kind: errs.Misuse, Effect: errs.NotExecuted, Op: "Receive"}
	}
	op := classify.Op{Name: opName(subscribe.Commands())}
	if failure := d.c.ready(ctx); failure != nil {
		failure.Op = op.Name
		return failure
	}
	start := nano()
	err := d.raw.Receive(ctx, subscribe, fn)
	if err == nil {
		return nil
	}
	return d.failure(ctx, op, rueidis.NewErrorResult(err), start)
}

func (d *dedicated) SetPubSubHooks(hooks rueidis.PubSubHooks) <-chan error {
	return typedChan(d.raw.SetPubSubHooks(hooks))
}

func (d *dedicated) SetOnInvalidations(fn func([]rueidis.RedisMessage)) <-chan error {
	return typedChan(d.raw.SetOnInvalidations(fn))
}

// Close closes the connection instead of giving it back to the pool.
func (d *dedicated) Close() { d.raw.Close() }

// typedChan types the one error that a channel of hooks may carry. The
// goroutine ends when rueidis closes the channel.
func typedChan(raw <-chan error) <-chan error {
	if raw == nil {
		return nil
	}
	out := make(chan error, 1)
	go func() {
		defer close(out)
		if err, ok := <-raw; ok {
			out <- classify.Typed(err)
		}
	}()
	return out
}

// unavailable is a dedicated client that could not be had.
type unavailable struct {
	b   rueidis.Builder
	err error
}

var _ rueidis.DedicatedClient = (*unavailable)(nil)

func (u *unavailable) B() rueidis.Builder { return u.b }

func (u *unavailable) Do(context.Context, rueidis.Completed) rueidis.RedisResult {
	return rueidis.NewErrorResult(u.err)
}

func (u *unavailable) DoMulti(_ context.Context, multi ...rueidis.Completed) []rueidis.RedisResult {
	return allFail(len(multi), u.err)
}

func (u *unavailable) Receive(context.Context, rueidis.Completed, func(rueidis.PubSubMessage)) error {
	return u.err
}

func (u *unavailable) SetPubSubHooks(rueidis.PubSubHooks) <-chan error { return u.failed() }

func (u *unavailable) SetOnInvalidations(func([]rueidis.RedisMessage)) <-chan error {
	return u.failed()
}

func (u *unavailable) failed() <-chan error {
	ch := make(chan error, 1)
	ch <- u.err
	close(ch)
	return ch
}

func (u *unavailable) Close() {}
