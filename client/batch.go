package client

import (
	"slices"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// unit is one command, or MULTI, with a WATCH before it, and all that follows
// up to EXEC: the commands from <= i < to.
type unit struct{ from, to int }

// batch is the work of DoMulti: a verdict for each command, and a decision for
// each unit.
type batch struct {
	note    *note
	tries   []try
	results []rueidis.RedisResult
	pooled  bool
	cached  bool   // through the client-side cache
	units   []unit // the batch in pieces that are sent together or not at all
	pending []int  // indexes whose reply is to be judged, in order
	held    []bool // not sent again, only to keep the order
}

func newBatch(s *note, sent uint64, results []rueidis.RedisResult, pooled bool) *batch {
	w := &batch{
		note: s, tries: make([]try, len(results)), results: results, pooled: pooled,
		held: make([]bool, len(results)), pending: make([]int, len(results)),
	}
	for i := range w.tries {
		args, it := s.args(i), s.items[i]
		w.pending[i] = i
		w.tries[i].op = opOf(args, it.flags, it.slot, sent)
	}
	for from := 0; from < len(results); {
		u := unit{from, w.end(from)}
		w.units = append(w.units, u)
		from = u.to
	}
	return w
}

// end is where the unit that begins at from ends. A MULTI without an end takes
// in everything behind it.
func (w *batch) end(from int) int {
	opener := w.tries[from].op.Name
	if opener != "MULTI" && opener != "WATCH" {
		return from + 1
	}
	for i := from + 1; i < len(w.tries); i++ {
		if closes(w.tries[i].op.Name) {
			return i + 1
		}
	}
	if opener == "WATCH" {
		return from + 1
	}
	return len(w.tries)
}

func closes(name string) bool { return name == "EXEC" || name == "DISCARD" }

// judge classifies what came back, decides unit by unit what may be sent
// again, and leaves that in pending. The leading verdict is one of those, if
// there are any, with the fixes of all and the worst lane.
func (w *batch) judge(r *run, n *node) classify.Verdict {
	for _, i := range w.pending {
		res := w.results[i]
		r.judge(&w.tries[i], n, res.Error(), !w.cached && duringSetup(res))
	}
	for _, u := range w.units {
		if u.to-u.from > 1 {
			w.judgeTx(u)
		}
	}
	w.keepOrder()
	lead := w.lead()
	w.pending = slices.DeleteFunc(w.pending, func(i int) bool { return w.tries[i].v.Do == classify.Return })
	return lead
}

// send sends what is pending, in the order of the batch.
func (w *batch) send(r *run, n *node) {
	multi := make([]rueidis.Completed, len(w.pending))
	for j, i := range w.pending {
		r.resend(&w.tries[i], n)
		multi[j] = rebuild(n.builder(), w.note.args(i), w.note.items[i].flags)
	}
	for j, res := range sendBatch(r.ctx, n, multi, w.pooled) {
		w.results[w.pending[j]] = res
	}
}

func (w *batch) command(n *node) rueidis.Completed {
	i := w.pending[0]
	return rebuild(n.builder(), w.note.args(i), w.note.items[i].flags)
}

// failures are the errors at the index of their command, nil where there was
// none.
func (w *batch) failures(r *run) []*errs.Error {
	var all []*errs.Error
	for i := range w.tries {
		t := &w.tries[i]
		if t.v.Kind == 0 {
			continue
		}
		if all == nil {
			all = make([]*errs.Error, len(w.tries))
		}
		why := errs.Why("")
		switch {
		case w.held[i]:
			why = errs.WhyOrder
		case t.v.Do != classify.Return:
			why = r.why
		}
		all[i] = r.failure(t, why)
	}
	return all
}

// lead chooses the verdict that the loop acts on, from those of this attempt.
// A command that is sent again leads one that is not, and of those one whose
// reason takes time. The fixes are those of all, the lane is the worst, and the
// effect is in doubt if it is for one of those that are sent again.
func (w *batch) lead() classify.Verdict {
	var lead classify.Verdict
	var fix classify.Fix
	lane, doubt := classify.LaneIgnore, false
	for _, i := range w.pending {
		v := w.tries[i].v
		if lane = max(lane, v.Lane); v.Kind == 0 {
			continue
		}
		fix |= v.Fix
		doubt = doubt || v.Do != classify.Return && v.Effect != errs.NotExecuted
		switch {
		case lead.Kind == 0,
			lead.Do == classify.Return && v.Do != classify.Return,
			lead.Do == classify.RetryNow && v.Do == classify.RetryBackoff:
			lead = v
		}
	}
	if lead.Fix, lead.Lane = fix, lane; doubt {
		lead.Effect = errs.Unknown
	}
	return lead
}

// judgeTx makes one decision for MULTI..EXEC: the block is sent again as a
// whole or not at all. It is, when it is proven that nothing of it was executed
// and every reason is one that passes: a command that was refused while
// queueing makes EXEC answer EXECABORT, and its own verdict tells the reason.
func (w *batch) judgeTx(u unit) {
	last := &w.tries[u.to-1]
	opened := w.tries[u.from].op.Name == "MULTI" && w.tries[u.from].v.Kind == 0
	dropped := opened && last.drops()
	reason, resend := classify.Verdict{}, dropped || !opened
	for i := u.from; i < u.to; i++ {
		v := &w.tries[i].v
		switch {
		case v.Kind == 0 && dropped && (i == u.from || w.queued(i)):
			v.Effect = errs.NotExecuted
		case v.Kind == 0, v.Effect != errs.NotExecuted:
			resend = false
		case v.Do == classify.Return && i != u.to-1:
			resend = false // it will be refused again
		case reason.Do == classify.Return:
			reason = *v
		}
	}
	do := classify.Return
	if resend {
		do = reason.Do
	}
	for i := u.from; i < u.to; i++ {
		w.tries[i].v.Do = do
	}
}

// drops reports whether the command has ended a transaction without executing
// it. A cluster may also answer EXEC with a redirection.
func (t *try) drops() bool {
	switch t.op.Name {
	case "EXEC":
		return t.v.Kind == errs.ExecAbort || t.v.Kind != 0 && t.v.Kind.Class() == errs.Redirect
	case "DISCARD":
		return t.v.Kind == 0
	}
	return false
}

// queued reports whether the server took the command into the transaction.
func (w *batch) queued(i int) bool {
	s, err := w.results[i].ToString()
	return err == nil && s == "QUEUED"
}

// keepOrder holds back the units that would overtake a later command of their
// slot that was, or may have been, executed. Two reads never get into each
// other's way, and what is sent again together keeps its order.
func (w *batch) keepOrder() {
	later := make(accesses)
	for _, u := range slices.Backward(w.units) {
		resend := w.tries[u.from].v.Do != classify.Return
		if resend && !w.overtakes(later, u) {
			continue
		}
		for i := u.from; i < u.to; i++ {
			t := &w.tries[i]
			if t.v.Do = classify.Return; resend {
				w.held[i] = true
			}
			if (t.doubt || t.v.Effect != errs.NotExecuted) && !w.inert(i) {
				later.add(w.reach(i), w.access(i))
			}
		}
	}
}

// overtakes reports whether sending the unit now would break the order against
// what was executed later in the batch.
func (w *batch) overtakes(later accesses, u unit) bool {
	for i := u.from; i < u.to; i++ {
		if !w.inert(i) && later.conflict(w.reach(i), w.access(i)) {
			return true
		}
	}
	return false
}

// access says how a command touches the data of a slot.
type access uint8

const (
	reads access = 1 << iota
	writes
)

// accesses collects what was done to the slots. Slot 0 stands for any slot,
// everySlot for all that was done.
type accesses map[int]access

const everySlot = -1

func (a accesses) add(slot int, how access) {
	a[slot] |= how
	a[everySlot] |= how
}

func (a accesses) conflict(slot int, how access) bool {
	seen := a[slot] | a[0]
	if slot == 0 {
		seen = a[everySlot]
	}
	return seen&writes != 0 || how == writes && seen != 0
}

// inert reports whether a command touches no data: it frames a transaction, or
// is about the connection only.
func (w *batch) inert(i int) bool {
	switch name := w.tries[i].op.Name; name {
	case "MULTI", "WATCH":
		return true
	default:
		return closes(name) || classify.SafetyOf(w.note.args(i)) == classify.Connection
	}
}

func (w *batch) access(i int) access {
	if w.note.items[i].flags.has(readOnly) || classify.SafetyOf(w.note.args(i)) == classify.ReadOnly {
		return reads
	}
	return writes
}

// reach is the slot that a command touches, 0 when that is not known: no key,
// or perhaps several.
func (w *batch) reach(i int) int {
	if severalKeys[w.tries[i].op.Name] {
		return 0
	}
	return w.tries[i].op.Slot
}

// severalKeys are commands with more than one key, whose slot is that of the
// last one only. A command that is missing here is taken by its last key.
var severalKeys = map[string]bool{
	"BITOP": true, "BLMOVE": true, "BLMPOP": true, "BLPOP": true, "BRPOP": true, "BRPOPLPUSH": true,
	"BZMPOP": true, "BZPOPMAX": true, "BZPOPMIN": true, "CMS.MERGE": true, "COPY": true, "DEL": true,
	"EVAL": true, "EVALSHA": true, "EVALSHA_RO": true, "EVAL_RO": true, "EXISTS": true, "FCALL": true,
	"FCALL_RO": true, "GEORADIUS": true, "GEORADIUSBYMEMBER": true, "GEOSEARCHSTORE": true,
	"JSON.MGET": true, "JSON.MSET": true, "LCS": true, "LMOVE": true, "LMPOP": true, "MGET": true,
	"MIGRATE": true, "MSET": true, "MSETEX": true, "MSETNX": true, "PFCOUNT": true, "PFMERGE": true,
	"RENAME": true, "RENAMENX": true, "RPOPLPUSH": true, "SDIFF": true, "SDIFFSTORE": true,
	"SINTER": true, "SINTERCARD": true, "SINTERSTORE": true, "SMOVE": true, "SORT": true, "SUNION": true,
	"SUNIONSTORE": true, "TDIGEST.MERGE": true, "TOUCH": true, "TS.CREATERULE": true, "TS.MADD": true,
	"UNLINK": true, "WATCH": true, "XREAD": true, "XREADGROUP": true, "ZDIFF": true, "ZDIFFSTORE": true,
	"ZINTER": true, "ZINTERCARD": true, "ZINTERSTORE": true, "ZMPOP": true, "ZRANGESTORE": true,
	"ZUNION": true, "ZUNIONSTORE": true,
}
