package breaker

import (
	"sync"
	"sync/atomic"
	"time"

	cb "github.com/mercari/go-circuitbreaker"

	"github.com/redoubt-go/redoubt/errs"
)

// Lane is one half of a Breaker, safe for concurrent use. Each attempt asks
// Allow and gives the token back to Success, Ignore, Fail or Breaker.Learn.
// Ignore after one of the others does nothing, so it can be deferred. A token
// that never comes back is no harm: on a closed lane it holds nothing, and on a
// half-open one it expires.
type Lane struct {
	word atomic.Uint64 // a word; all that a healthy attempt reads
	peer *Lane

	addr, name string
	policy     Policy
	refusal    atomic.Pointer[refusal]
	changes    outbox
	stopped    atomic.Bool

	// mu is taken before the library's lock, never under it. It guards the
	// fields below and every store to word except that of the library's timer,
	// which moves an open lane, and of an open lane nobody else stores anything.
	mu       sync.Mutex
	library  *cb.CircuitBreaker // nil: the lane stays closed
	pause    pause
	cause    errs.Kind // of the last counted failure
	last     time.Time // when it was counted
	rumour   bool      // the row consists of reports by the other lane
	closed   uint64    // epoch in which the lane was last closed
	round    uint64    // epoch of the half-open state that the permits belong to
	permits  []permit
	permitID uint64
}

// Token is the right to one attempt.
type Token struct {
	word  word
	probe uint64 // id of the permit, 0 outside half-open
}

// permit is a place among the probes of a half-open lane; id 0 is a free one.
type permit struct {
	id    uint64
	since time.Time
}

// A failure is witnessed by the lane that made the attempt, or reported to it
// by the other one.
type evidence bool

const (
	witnessed evidence = false
	reported  evidence = true
)

// Allow asks for an attempt. A closed lane admits everybody, an open one
// nobody, and a half-open one a few probes. probeOK false means that the
// attempt must not be one of them, as a blocking command, whose silence says
// nothing; a half-open lane lets it pass, for a client that sends nothing else
// would be refused for ever. If Allow says no, Open is the error to return.
//
//nolint:revive // probeOK is a fact about the command
func (l *Lane) Allow(probeOK bool) (Token, bool) {
	w := word(l.word.Load())
	if w.state() == Closed {
		return Token{word: w}, true
	}
	if w.state() == Open || !probeOK {
		return Token{}, w.state() == HalfOpen
	}
	return l.probe()
}

// Success records that the node served the attempt. On a healthy lane it is
// one load.
func (l *Lane) Success(tok Token) {
	if word(l.word.Load()).healthy() {
		return
	}
	l.accept(tok)
}

// Ignore gives the token back without a judgement.
func (l *Lane) Ignore(tok Token) {
	if tok.probe == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.release(tok)
}

// Fail records that the node could not serve the attempt.
func (l *Lane) Fail(tok Token, cause errs.Kind) { l.fail(tok, cause, witnessed) }

// State is the state at this moment. A half-open lane whose probes never came
// back is half-open until another attempt asks.
func (l *Lane) State() State { return word(l.word.Load()).state() }

// now is a token for an outcome that the other lane reports.
func (l *Lane) now() Token { return Token{word: word(l.word.Load())} }

func (l *Lane) accept(tok Token) {
	if l.succeed(tok) {
		l.peer.retract()
	}
	l.changes.deliver()
}

func (l *Lane) probe() (Token, bool) {
	tok, ok := l.admit()
	l.changes.deliver()
	return tok, ok
}

// admit hands out a permit. It is also where a probe that never came back is
// noticed: without a timer there is nothing to leak, and until somebody asks
// there is nobody to whom it matters.
func (l *Lane) admit() (Token, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := word(l.word.Load())
	if w.state() != HalfOpen {
		return Token{word: w}, w.state() == Closed
	}
	if l.round != w.epoch() {
		l.round = w.epoch()
		clear(l.permits)
	}
	now, free := time.Now(), -1
	for i, p := range l.permits {
		if p.id == 0 {
			free = i
		} else if now.Sub(p.since) >= l.policy.ProbeTimeout {
			l.cause = errs.IOTimeout
			l.library.Fail()
			return Token{}, false
		}
	}
	if free < 0 {
		return Token{}, false
	}
	l.permitID++
	l.permits[free] = permit{id: l.permitID, since: now}
	return Token{word: w, probe: l.permitID}, true
}

// succeed reports whether the success counted.
func (l *Lane) succeed(tok Token) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := word(l.word.Load())
	switch {
	case w.failing() && tok.word.epoch() >= l.closed:
		l.library.Success()
		l.word.Store(uint64(w.cleared()))
	case w.state() == HalfOpen && l.release(tok):
		l.library.Success()
		if now := word(l.word.Load()); now.state() == Closed {
			l.closed = now.epoch()
		}
	default:
		return false
	}
	return true
}

// retract clears a row of failures that nobody on this lane has witnessed.
func (l *Lane) retract() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w := word(l.word.Load()); w.failing() && l.rumour {
		l.library.Success()
		l.word.Store(uint64(w.cleared()))
	}
}

func (l *Lane) fail(tok Token, cause errs.Kind, how evidence) (counted bool) {
	counted = l.count(tok, cause, how)
	l.changes.deliver()
	return counted
}

// count reports whether the failure counted: not if it is of another state of
// the lane, and not if it began before the last one that did.
func (l *Lane) count(tok Token, cause errs.Kind, how evidence) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := word(l.word.Load())
	fresh := w.state() == Closed && tok.word.epoch() == w.epoch()
	if l.library == nil || !fresh && !l.release(tok) {
		return false
	}
	l.cause = cause
	l.rumour = how == reported && (l.rumour || !w.failing())
	l.library.Fail()
	if word(l.word.Load()) == w { // no transition
		l.word.Store(uint64(w.failed()))
	}
	return true
}

// release frees the permit of tok and reports whether it was still held.
func (l *Lane) release(tok Token) bool {
	if w := word(l.word.Load()); w.state() != HalfOpen || tok.word.epoch() != w.epoch() || tok.probe == 0 {
		return false
	}
	for i := range l.permits {
		if l.permits[i].id == tok.probe {
			l.permits[i] = permit{}
			return true
		}
	}
	return false
}
