package breaker

import (
	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// Breaker is the circuit breaker of one node. It is safe for concurrent use.
type Breaker struct{ read, write Lane }

// New returns the breaker of the node at addr with both lanes closed. p must
// be valid, see Policy.Validate.
//
// onChange, if not nil, is told every transition: outside every lock, in
// order, and never concurrently for one lane. It runs on the goroutine whose
// outcome made the transition, and for the end of an open time on one of its
// own; it may use the breaker, and it must not panic.
func New(addr string, p Policy, onChange func(Change)) *Breaker {
	p = p.withDefaults()
	b := &Breaker{}
	b.read.init(addr, "read", p, onChange)
	b.write.init(addr, "write", p, onChange)
	b.read.peer, b.write.peer = &b.write, &b.read
	return b
}

// Lane returns the lane for writes or for reads.
//
//nolint:revive // write is which lane, as a command knows it, not what to do
func (b *Breaker) Lane(write bool) *Lane {
	if write {
		return &b.write
	}
	return &b.read
}

// Learn records an outcome as the classifier judged it. write names the lane
// that admitted the attempt; it takes its token back in any case:
//
//   - If the verdict blames that lane, it counts the failure.
//   - If it blames both, the other lane counts it too, provided that the first
//     did: one incident is one failure there as well. A half-open lane is
//     judged by its own probes alone.
//   - If it blames only the other lane, it says nothing about the first.
//
// What one lane reported about the other it also takes back: its next success
// that clears a row of its own, or closes it, clears a row of the other that
// consists of reports only.
//
//nolint:revive // as above
func (b *Breaker) Learn(write bool, tok Token, verdict classify.Lane, cause errs.Kind) {
	own, blamed := &b.read, classify.LaneFailRead
	if write {
		own, blamed = &b.write, classify.LaneFailWrite
	}
	switch verdict {
	case classify.LaneSuccess:
		own.Success(tok)
	case blamed:
		own.Fail(tok, cause)
	case classify.LaneFailBoth:
		if own.fail(tok, cause, witnessed) {
			own.peer.fail(own.peer.now(), cause, reported)
		}
	case classify.LaneFailRead, classify.LaneFailWrite:
		own.Ignore(tok)
		own.peer.fail(own.peer.now(), cause, reported)
	default:
		own.Ignore(tok)
	}
}

// Close stops the timers and the reporting of changes; a change that is being
// delivered is not waited for. Both lanes are closed from then on and admit
// everybody.
func (b *Breaker) Close() {
	b.read.stop()
	b.write.stop()
}
