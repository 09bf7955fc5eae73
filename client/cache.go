package client

import (
	"context"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client/internal/breaker"
	"github.com/redoubt-go/redoubt/errs"
)

// DoCache is Do through the client-side cache of rueidis: a hit is answered
// from memory, ttl bounds its age. The command is a read, so it may be sent
// again after any failure that passes, and the end of somebody else's flight
// for the same key is one.
func (c *Client) DoCache(ctx context.Context, cmd rueidis.Cacheable, ttl time.Duration) rueidis.RedisResult {
	res, failure := c.core.doCache(ctx, cmd, ttl)
	if failure != nil {
		return typed(res, failure)
	}
	return res
}

// DoMultiCache is DoMulti through the client-side cache. MGET is not for it, as
// in rueidis: kind Misuse.
func (c *Client) DoMultiCache(ctx context.Context, multi ...rueidis.CacheableTTL) []rueidis.RedisResult {
	results, failures := c.core.doMultiCache(ctx, multi)
	for i, failure := range failures {
		if failure != nil {
			results[i] = typed(results[i], failure)
		}
	}
	return results
}

func (c *core) doCache(ctx context.Context, cmd rueidis.Cacheable, ttl time.Duration) (rueidis.RedisResult, *errs.Error) {
	done := rueidis.Completed(cmd)
	if done.IsEmpty() {
		return refused(&errs.Error{Kind: errs.Misuse, Effect: errs.NotExecuted})
	}
	if c.observer == nil {
		return c.cacheOnce(ctx, cmd, ttl, nil)
	}
	op := Op{Door: "DoCache", Name: opName(cmd.Commands()), Slot: slotOf(cmd.Slot())}
	start := nano()
	ctx = c.observer.Start(ctx, op)
	var t trace
	res, failure := c.cacheOnce(ctx, cmd, ttl, &t)
	out := outcome(op, failure, t, start)
	out.Hit = failure == nil && res.IsCacheHit()
	c.observer.Done(ctx, out)
	return res, failure
}

func (c *core) cacheOnce(ctx context.Context, cmd rueidis.Cacheable, ttl time.Duration, t *trace) (rueidis.RedisResult, *errs.Error) {
	var k call
	k.noteCacheable(&cmd)
	defer k.release()
	if failure := c.ready(ctx); failure != nil {
		return refused(k.named(failure))
	}
	n := c.top.pick(route{slot: slotOf(k.slot)})
	tok, ok := n.lane(false).Allow(true)
	if !ok {
		return refused(k.named(n.lane(false).Open()))
	}
	defer n.lane(false).Ignore(tok) // a panic must not keep a probe's place
	sent, start := n.seam.Writes(), nano()
	res := n.cacheWire(k.slot).DoCache(ctx, cmd, ttl)
	if err := res.Error(); err != nil && err != rueidis.Nil {
		return c.cacheAgain(ctx, &k, ttl, n, tok, sent, start, res, t)
	}
	n.lane(false).Success(tok)
	c.budget.Success()
	if t != nil {
		*t = trace{addr: n.addr, attempts: 1}
	}
	return res, nil
}

//go:noinline
func (c *core) cacheAgain(ctx context.Context, k *call, ttl time.Duration, n *node, tok breaker.Token, sent uint64, start int64, res rueidis.RedisResult, t *trace) (rueidis.RedisResult, *errs.Error) {
	w := &cached{ttl: ttl, slot: k.slot}
	w.args, w.flags, w.res = append([]string(nil), k.args()...), k.flags, res
	w.op = opOf(w.args, k.flags, k.slot, sent)
	r := c.run(ctx, Op{Door: "DoCache", Name: w.op.Name, Slot: w.op.Slot}, start)
	r.attempt(w, n, tok)
	if t != nil {
		*t = r.trace(w.n)
	}
	return w.res, w.failure(r)
}

// cached is the work of one command through the client-side cache.
type cached struct {
	one
	ttl  time.Duration
	slot uint16
}

func (w *cached) send(r *run, n *node) {
	r.resend(&w.try, n)
	w.res = n.cacheWire(w.slot).DoCache(r.ctx, rebuildCacheable(n.builder(), w.args, w.flags), w.ttl)
}

// judge knows that rueidis hands over a server's reply to a cached command as
// an error of the connection, so nothing can be told from that.
func (w *cached) judge(r *run, n *node) classify.Verdict {
	r.judge(&w.try, n, w.res.Error(), false)
	return w.v
}

func (c *core) doMultiCache(ctx context.Context, multi []rueidis.CacheableTTL) ([]rueidis.RedisResult, []*errs.Error) {
	if len(multi) == 0 {
		return nil, nil
	}
	s := notes.Get().(*note)
	defer s.release()
	for i := range multi {
		if cmd := rueidis.Completed(multi[i].Cmd); cmd.IsEmpty() || multi[i].Cmd.IsMGet() {
			return refuseAll(len(multi), &errs.Error{Kind: errs.Misuse, Effect: errs.NotExecuted})
		}
		s.add(multi[i].Cmd.Commands(), readOnly, multi[i].Cmd.Slot())
	}
	if c.observer == nil {
		results, failures, _ := c.multiCacheOnce(ctx, multi, s)
		return results, failures
	}
	op := Op{Door: "DoMultiCache", Batch: len(multi), Slot: slotOf(s.items[0].slot)}
	start := nano()
	ctx = c.observer.Start(ctx, op)
	results, failures, t := c.multiCacheOnce(ctx, multi, s)
	c.observer.Done(ctx, batchOutcome(op, failures, t, start))
	return results, failures
}

func (c *core) multiCacheOnce(ctx context.Context, multi []rueidis.CacheableTTL, s *note) ([]rueidis.RedisResult, []*errs.Error, trace) {
	if failure := c.ready(ctx); failure != nil {
		return refuseBatch(s, failure)
	}
	n := c.top.pick(route{slot: slotOf(s.items[0].slot)})
	tok, ok := n.lane(false).Allow(true)
	if !ok {
		return refuseBatch(s, n.lane(false).Open())
	}
	defer n.lane(false).Ignore(tok) // a panic must not keep a probe's place
	sent, start := n.seam.Writes(), nano()
	results := n.doMultiCache(ctx, multi, s, nil)
	if allWell(results) {
		n.lane(false).Success(tok)
		c.budget.Success()
		return results, nil, trace{addr: n.addr, attempts: 1}
	}
	w := &cachedBatch{batch: newBatch(s, sent, results, false), ttls: make([]time.Duration, len(multi))}
	w.cached = true
	for i := range multi {
		w.ttls[i] = multi[i].TTL
	}
	r := c.run(ctx, Op{Door: "DoMultiCache", Batch: len(multi)}, start)
	r.attempt(w, n, tok)
	return w.results, w.failures(r), r.trace(w.tries[0].n)
}

// doMultiCache spreads a batch over the wires as DoCache spreads its commands,
// so that both meet the same keys. The commands are those of s at the indexes
// of at, or all of them when at is nil.
func (n *node) doMultiCache(ctx context.Context, multi []rueidis.CacheableTTL, s *note, at []int) []rueidis.RedisResult {
	if len(n.wires) == 1 {
		return n.wires[0].DoMultiCache(ctx, multi...)
	}
	parts := make(map[rueidis.Client]*part, len(n.wires))
	for j := range multi {
		i := j
		if at != nil {
			i = at[j]
		}
		wire := n.cacheWire(s.items[i].slot)
		p := parts[wire]
		if p == nil {
			p = new(part)
			parts[wire] = p
		}
		p.multi, p.at = append(p.multi, multi[j]), append(p.at, j)
	}
	results := make([]rueidis.RedisResult, len(multi))
	var asking sync.WaitGroup
	for wire, p := range parts {
		asking.Go(func() {
			for j, res := range wire.DoMultiCache(ctx, p.multi...) {
				results[p.at[j]] = res
			}
		})
	}
	asking.Wait()
	return results
}

// part is what one wire gets of a batch, and where it was in the batch.
type part struct {
	multi []rueidis.CacheableTTL
	at    []int
}

// cachedBatch is the work of DoMultiCache: reads only, each on its own.
type cachedBatch struct {
	*batch
	ttls []time.Duration
}

func (w *cachedBatch) send(r *run, n *node) {
	multi := make([]rueidis.CacheableTTL, len(w.pending))
	for j, i := range w.pending {
		r.resend(&w.tries[i], n)
		multi[j] = rueidis.CT(rebuildCacheable(n.builder(), w.note.args(i), w.note.items[i].flags), w.ttls[i])
	}
	for j, res := range n.doMultiCache(r.ctx, multi, w.note, w.pending) {
		w.results[w.pending[j]] = res
	}
}
