package breaker

import "strconv"

// State is the state of a lane.
type State uint8

// The states of a lane, in the order of an outage.
const (
	Closed   State = iota // all attempts are admitted
	Open                  // none is
	HalfOpen              // a few are, as probes
)

// String is one of closed, open and half-open.
func (s State) String() string {
	switch s {
	case Closed:
		return "closed"
	case Open:
		return "open"
	case HalfOpen:
		return "half-open"
	}
	return "State(" + strconv.Itoa(int(s)) + ")"
}

// A word is what an attempt needs to know of its lane, in one atomic load:
//
//	bits 63 to 3   2         1 to 0
//	     epoch     failing   state
//
// The epoch grows with every transition and every counted failure. So a token,
// which keeps the word of its beginning, belongs to the present only if the
// epochs are equal. A lane is failing while it is closed and has counted a
// failure that no success has cleared: the one case in which a closed lane
// must show its successes to the library.
type word uint64

const (
	stateMask word = 0b011
	failBit   word = 0b100
	oneEpoch  word = 0b1000
)

func (w word) state() State  { return State(w & stateMask) }
func (w word) failing() bool { return w&failBit != 0 }
func (w word) healthy() bool { return w&(stateMask|failBit) == 0 }
func (w word) epoch() uint64 { return uint64(w / oneEpoch) }

func (w word) next() word      { return w&^(stateMask|failBit) + oneEpoch }
func (w word) in(s State) word { return w.next() | word(s) }
func (w word) failed() word    { return w.next() | failBit }
func (w word) cleared() word   { return w &^ failBit }
