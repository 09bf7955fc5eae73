package classify

import "github.com/redoubt-go/redoubt/errs"

// Verdict is what a failure means. Do says what to do with the command, Fix
// what to do to the world, Lane what the breaker learns; they are independent.
// It is a plain value and never escapes.
type Verdict struct {
	Kind   errs.Kind
	Effect errs.Effect
	Do     Do
	Fix    Fix
	Lane   Lane
	Code   string // the server's code as sent, "" if no server spoke or it sent none
	Addr   string // target of Redirect and Ask as host:port, dialable but for an empty host (see Of)
	Slot   int    // slot+1 of a MOVED or ASK; 0: none
}

// Do is what to do with the command. It holds only as far as the replay rule
// allows, see MayResend. The zero value is the careful one: Return.
type Do uint8

const (
	Return       Do = iota // give the error to the caller
	RetryNow               // send again at once
	RetryBackoff           // send again after a pause
	Redirect               // send to Addr
	Ask                    // send ASKING and the command to Addr, once
)

// String is one of return, retry-now, retry-backoff, redirect and ask.
func (d Do) String() string {
	return [...]string{"return", "retry-now", "retry-backoff", "redirect", "ask"}[min(d, Ask)]
}

// Fix is a set of things to do to the world, independent of the command.
type Fix uint8

const (
	RefreshTopology  Fix = 1 << iota // read the cluster's topology again
	RetireConnection                 // replace this connection
	RetireNode                       // replace all connections to the node
	ReloadScript                     // load the script on this node
	Reauthenticate                   // get fresh credentials and authenticate again
	Rediscover                       // ask sentinel, or resolve the name, again
)

var fixNames = [...]string{
	"refresh-topology", "retire-connection", "retire-node",
	"reload-script", "reauthenticate", "rediscover",
}

// Names lists the members in the order of the constants; never nil.
func (f Fix) Names() []string {
	names := make([]string, 0, 2)
	for i, name := range fixNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// Has reports whether f holds all of g.
func (f Fix) Has(g Fix) bool { return f&g == g }

// Lane is what the breaker of the answering node learns from an outcome. A
// node has a read lane and a write lane: READONLY stops writes, not reads.
type Lane uint8

const (
	LaneIgnore    Lane = iota // says nothing about the node
	LaneSuccess               // the node is healthy
	LaneFailRead              // the node cannot serve reads
	LaneFailWrite             // the node cannot serve writes
	LaneFailBoth              // the node cannot serve anything
)

// String is one of ignore, success, fail-read, fail-write and fail-both.
func (l Lane) String() string {
	return [...]string{"ignore", "success", "fail-read", "fail-write", "fail-both"}[min(l, LaneFailBoth)]
}

// MayResend is the replay rule: the command may be sent again only if the
// verdict says so and it was either not executed, or the effect is unknown and
// the command's safety is within what the caller allows. Unrated commands
// never pass.
func (v Verdict) MayResend(safety, maxReplay Safety) bool {
	if v.Do == Return {
		return false
	}
	switch v.Effect {
	case errs.NotExecuted:
		return true
	case errs.Unknown:
		return safety > Unrated && safety < Never && safety <= maxReplay
	}
	return false
}
