package errs

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The payload types below sit in Error.Err when there is more to say about a
// failure than the fields of Error hold, and unwrap to the cause. None of
// their Error texts quotes a key, a value or a credential; the fields may.

// RedirectError says from where to where a command was redirected.
type RedirectError struct {
	From string   // node that answered
	To   string   // target as host:port, "" when the reply named none that can be used
	Slot int      // slot of the reply, -1 for REDIRECT and for a malformed reply
	Hops []string // every node asked so far, in order, when the budget ended
	Err  error    // the server's reply
}

func (e *RedirectError) Error() string {
	return "redirected from " + orUnknown(e.From) + " to " + orUnknown(e.To) + ", hops " + strconv.Itoa(len(e.Hops))
}

func (e *RedirectError) Unwrap() error { return e.Err }

// OpenError says which breaker refused the command.
type OpenError struct {
	Addr       string        // node
	Lane       string        // "read" or "write"
	RetryAfter time.Duration // until the breaker lets a probe through, 0 if unknown
	Err        error         // the failure that opened it, if known
}

func (e *OpenError) Error() string {
	return e.Lane + " breaker of " + orUnknown(e.Addr) + " is open, retry after " + e.RetryAfter.String()
}

func (e *OpenError) Unwrap() error { return e.Err }

// ExhaustedError says why the attempts ended. The cause, the failure of the
// last attempt, is never replaced: it gives the Kind of the Error around.
type ExhaustedError struct {
	Why Why
	Err error
}

// Why names a bound that ended the attempts.
type Why string

const (
	WhyAttempts Why = "attempts" // the number of attempts
	WhyElapsed  Why = "elapsed"  // the time for all attempts together
	WhyDeadline Why = "deadline" // another attempt could not finish before the caller's deadline
	WhyBudget   Why = "budget"   // the client's retry budget
	WhyBreaker  Why = "breaker"  // the breaker opened meanwhile
	WhyClosed   Why = "closed"   // the client was closed meanwhile
	WhyCaller   Why = "caller"   // the caller's context ended during a pause
	WhyOrder    Why = "order"    // it would overtake a later command of the batch that was executed
	WhyPolicy   Why = "policy"   // the retry delay function said stop
)

func (e *ExhaustedError) Error() string { return "gave up: " + string(e.Why) }

func (e *ExhaustedError) Unwrap() error { return e.Err }

// BatchError joins the failures of a batch with their positions. Unwrap gives
// them all, so errors.Is and errors.As search the whole batch.
type BatchError struct {
	Total  int       // commands in the batch
	Failed []Indexed // in order of Index
}

// Indexed is one failure of a batch.
type Indexed struct {
	Index int
	Err   error
}

func (e *BatchError) Error() string {
	return strconv.Itoa(len(e.Failed)) + " of " + strconv.Itoa(e.Total) + " commands failed"
}

func (e *BatchError) Unwrap() []error {
	all := make([]error, len(e.Failed))
	for i, f := range e.Failed {
		all[i] = f.Err
	}
	return all
}

// PermissionError says what the server does not permit, as far as its reply
// tells. Key and Channel are true when the refusal concerns a key or channel;
// servers do not name them.
type PermissionError struct {
	User    string // "" when the reply names none
	Command string
	Key     bool
	Channel bool
	Err     error
}

func (e *PermissionError) Error() string {
	what := "the command"
	switch {
	case e.Key:
		what = "a key"
	case e.Channel:
		what = "a channel"
	case e.Command != "":
		what = "command " + e.Command
	}
	return "no permission for " + what
}

func (e *PermissionError) Unwrap() error { return e.Err }

// CrossSlotError names a command whose keys lie in several slots.
type CrossSlotError struct {
	Command string
	Slots   []int // in order of first appearance; empty when only the server knows
	Err     error
}

func (e *CrossSlotError) Error() string {
	var b strings.Builder
	b.WriteString(orUnknown(e.Command) + " has keys in several slots")
	sep := ": "
	for _, s := range e.Slots {
		b.WriteString(sep + strconv.Itoa(s))
		sep = ", "
	}
	return b.String()
}

func (e *CrossSlotError) Unwrap() error { return e.Err }

// DurabilityError says how far a write got that was applied.
type DurabilityError struct {
	Wanted int  // replicas, or fsyncs, asked for
	Acked  int  // acknowledged in time
	Local  bool // whether the local fsync was acknowledged (WAITAOF)
	Err    error
}

func (e *DurabilityError) Error() string {
	return strconv.Itoa(e.Acked) + " of " + strconv.Itoa(e.Wanted) + " acknowledged"
}

func (e *DurabilityError) Unwrap() error { return e.Err }

// FanoutError holds the failures of a command that went to several nodes.
type FanoutError struct {
	ByNode map[string]error // by address
}

func (e *FanoutError) Error() string {
	if len(e.ByNode) == 1 {
		return "1 node failed"
	}
	return strconv.Itoa(len(e.ByNode)) + " nodes failed"
}

// Unwrap gives the failures in the order of the addresses, so that errors.As
// finds the same one every time.
func (e *FanoutError) Unwrap() []error {
	all := make([]error, 0, len(e.ByNode))
	for _, addr := range slices.Sorted(maps.Keys(e.ByNode)) {
		all = append(all, e.ByNode[addr])
	}
	return all
}

// LockLostError says why a held lock was lost and until when it was valid.
type LockLostError struct {
	Reason     string
	ValidUntil time.Time
	Err        error
}

func (e *LockLostError) Error() string { return "lock lost: " + e.Reason }

func (e *LockLostError) Unwrap() error { return e.Err }

// UnknownCommandError names the command that the server does not know.
type UnknownCommandError struct {
	Command string
	Err     error
}

func (e *UnknownCommandError) Error() string { return "unknown command " + orUnknown(e.Command) }

func (e *UnknownCommandError) Unwrap() error { return e.Err }

// VersionError names a command that needs a newer server.
type VersionError struct {
	Command string
	Server  string // version that the server reports, "" if unknown
	Err     error
}

func (e *VersionError) Error() string {
	return orUnknown(e.Command) + " is not supported by server " + orUnknown(e.Server)
}

func (e *VersionError) Unwrap() error { return e.Err }

// orUnknown is s as it stands in a text, where nothing would read as a mistake.
func orUnknown(s string) string {
	if s == "" {
		return "(unknown)"
	}
	return s
}
