package client

import (
	"context"
	"sync"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client/internal/breaker"
	"github.com/redoubt-go/redoubt/errs"
)

// DoMulti sends the commands together and returns one result for each, in
// order. Every failed result carries an *errs.Error of its own; BatchError
// joins them. Only what may be sent again is, never so that a command would
// overtake a later one of its slot that has been executed, and MULTI..EXEC is
// sent again only as a whole, and only when nothing of it was executed.
func (c *Client) DoMulti(ctx context.Context, multi ...rueidis.Completed) []rueidis.RedisResult {
	results, failures := c.core.doMulti(ctx, multi)
	for i, failure := range failures {
		if failure != nil {
			results[i] = typed(results[i], failure)
		}
	}
	return results
}

// BatchError joins the failures among the results of DoMulti or DoMultiCache
// with their positions. It is nil when there is none; a nil reply is none.
// Otherwise it is an *errs.Error with the kind of the first failure and an
// *errs.BatchError behind it. Its effect is NotExecuted only if every command
// failed so, and Partial when some were executed and some were not.
func BatchError(results []rueidis.RedisResult) error {
	batch := &errs.BatchError{Total: len(results)}
	not, unsure := 0, false
	for i, res := range results {
		err := res.Error()
		if err == nil || err == rueidis.Nil {
			continue
		}
		err = classify.Typed(err)
		batch.Failed = append(batch.Failed, errs.Indexed{Index: i, Err: err})
		switch errs.EffectOf(err) {
		case errs.NotExecuted:
			not++
		case errs.Unknown:
			unsure = true
		}
	}
	if len(batch.Failed) == 0 {
		return nil
	}
	effect := errs.Partial
	switch {
	case unsure:
		effect = errs.Unknown
	case not == len(results):
		effect = errs.NotExecuted
	}
	first := batch.Failed[0].Err
	return &errs.Error{
		Kind: errs.KindOf(first), Effect: effect, Op: "batch", Addr: errs.AddrOf(first), Err: batch,
	}
}

// doMulti is DoMulti for both faces: raw results, and the failures at the same
// index, or none.
func (c *core) doMulti(ctx context.Context, multi []rueidis.Completed) ([]rueidis.RedisResult, []*errs.Error) {
	if len(multi) == 0 {
		return nil, nil
	}
	for i := range multi {
		if multi[i].IsEmpty() {
			return refuseAll(len(multi), &errs.Error{Kind: errs.Misuse, Effect: errs.NotExecuted})
		}
	}
	s := notes.Get().(*note)
	defer s.release()
	s.take(multi)
	if c.observer == nil {
		results, failures, _ := c.multiOnce(ctx, multi, s)
		return results, failures
	}
	op := Op{Door: "DoMulti", Batch: len(multi), Slot: slotOf(s.items[0].slot), Write: s.write}
	start := nano()
	ctx = c.observer.Start(ctx, op)
	results, failures, t := c.multiOnce(ctx, multi, s)
	c.observer.Done(ctx, batchOutcome(op, failures, t, start))
	return results, failures
}

func (c *core) multiOnce(ctx context.Context, multi []rueidis.Completed, s *note) ([]rueidis.RedisResult, []*errs.Error, trace) {
	pooled := s.blocking || c.bigBatch > 0 && len(multi) >= c.bigBatch
	if failure := c.ready(ctx); failure != nil {
		return refuseBatch(s, failure)
	}
	n := c.top.pick(route{slot: slotOf(s.items[0].slot), write: s.write})
	if pooled {
		if failure := c.seats.enter(ctx, c.done); failure != nil {
			return refuseBatch(s, failure)
		}
		defer c.seats.leave()
	}
	lane := n.lane(s.write)
	tok, ok := lane.Allow(!s.blocking)
	if !ok {
		return refuseBatch(s, lane.Open())
	}
	defer lane.Ignore(tok) // a panic must not keep a probe's place
	sent, start := n.seam.Writes(), nano()
	results := sendBatch(ctx, n, multi, pooled)
	if allWell(results) {
		lane.Success(tok)
		c.budget.Success()
		return results, nil, trace{addr: n.addr, attempts: 1}
	}
	return c.multiAgain(ctx, s, n, tok, sent, start, results, pooled)
}

//nolint:revive // pooled is a fact about the batch
func sendBatch(ctx context.Context, n *node, multi []rueidis.Completed, pooled bool) []rueidis.RedisResult {
	if pooled {
		return n.pool().DoMulti(ctx, multi...)
	}
	return n.wire().DoMulti(ctx, multi...)
}

func allWell(results []rueidis.RedisResult) bool {
	for i := range results {
		if err := results[i].Error(); err != nil && err != rueidis.Nil {
			return false
		}
	}
	return true
}

func (c *core) multiAgain(ctx context.Context, s *note, n *node, tok breaker.Token, sent uint64, start int64, results []rueidis.RedisResult, pooled bool) ([]rueidis.RedisResult, []*errs.Error, trace) {
	r := c.run(ctx, Op{Door: "DoMulti", Batch: len(results), Write: s.write}, start)
	r.blocking = s.blocking
	w := newBatch(s, sent, results, pooled)
	r.attempt(w, n, tok)
	return w.results, w.failures(r), r.trace(w.tries[0].n)
}

func refuseAll(n int, failure *errs.Error) ([]rueidis.RedisResult, []*errs.Error) {
	results, failures := make([]rueidis.RedisResult, n), make([]*errs.Error, n)
	for i := range results {
		results[i], failures[i] = rueidis.NewErrorResult(rawError(failure)), failure
	}
	return results, failures
}

// refuseBatch gives every command of the batch the failure, under its own name.
func refuseBatch(s *note, failure *errs.Error) ([]rueidis.RedisResult, []*errs.Error, trace) {
	results, failures := refuseAll(len(s.items), failure)
	for i := range failures {
		e := *failure
		e.Op = opName(s.args(i))
		failures[i] = &e
		results[i] = rueidis.NewErrorResult(rawError(&e))
	}
	return results, failures, trace{}
}

// batchOutcome tells the observer of a batch: the first failure, and how many.
func batchOutcome(op Op, failures []*errs.Error, t trace, start int64) Outcome {
	var first *errs.Error
	failed := 0
	for _, f := range failures {
		if f == nil {
			continue
		}
		if failed++; first == nil {
			first = f
		}
	}
	out := outcome(op, first, t, start)
	out.Failed = failed
	return out
}

// note remembers the commands of a batch, as call does for one.
type note struct {
	words    []string
	items    []item
	write    bool // one of them is not read-only
	blocking bool // one of them is
}

// item is one command of a batch: its words are words[from:to].
type item struct {
	from, to int
	flags    flags
	slot     uint16
}

var notes = sync.Pool{New: func() any { return new(note) }}

func (s *note) take(multi []rueidis.Completed) {
	for i := range multi {
		s.add(multi[i].Commands(), flagsOf(&multi[i]), multi[i].Slot())
	}
}

func (s *note) add(args []string, f flags, slot uint16) {
	from := len(s.words)
	s.words = append(s.words, args...)
	s.items = append(s.items, item{from: from, to: len(s.words), flags: f, slot: slot})
	s.write = s.write || !f.has(readOnly)
	s.blocking = s.blocking || f.has(blocking)
}

func (s *note) args(i int) []string { return s.words[s.items[i].from:s.items[i].to] }

func (s *note) release() {
	clear(s.words)
	s.words, s.items, s.write, s.blocking = s.words[:0], s.items[:0], false, false
	if cap(s.words) <= maxPooled {
		notes.Put(s)
	}
}
