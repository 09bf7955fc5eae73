package client

import (
	"context"
	"time"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// Observer is told of every operation. Its methods may be called from many
// goroutines at once, never under a lock; they are on the path of the caller
// and should be quick. A client without an observer pays nothing for it.
type Observer interface {
	// Start is called before the first attempt. The context it returns is the
	// one that the operation runs with and Done gets.
	Start(ctx context.Context, op Op) context.Context
	// Done is called once for each Start.
	Done(ctx context.Context, out Outcome)
	// Event is called for what happens meanwhile, or without any operation, as
	// a breaker that changes; then ctx is context.Background().
	Event(ctx context.Context, ev Event)
}

// Op describes an operation before it starts. It holds no keys and no values.
type Op struct {
	Door  string // method of the client: "Do", "DoMulti", "DoCache" ...
	Name  string // command name ("GET", "CLIENT KILL"); "" for a batch of several
	Batch int    // commands in the batch, 0 for a single one
	Slot  int    // slot+1 of the first key; 0: none
	Write bool   // runs on the write lane
}

// Outcome is the end of an operation.
type Outcome struct {
	Op
	Err      error       // as the caller gets it, nil for success and for a nil reply
	Kind     errs.Kind   // 0 for success
	Effect   errs.Effect // Executed for success
	Code     string      // the server's code, "" if none
	Addr     string      // node of the last attempt, "" if none was asked
	Attempts int         // 1 for a single attempt, 0 when refused before it
	Failed   int         // failed commands of a batch
	Replayed bool        // sent again although an earlier attempt may have been executed
	Hit      bool        // answered from the client-side cache (DoCache)
	Elapsed  time.Duration
}

// EventType says what an Event is about.
type EventType uint8

const (
	EventAttempt     EventType = iota + 1 // an attempt ended; only for operations with more than one, or a failed one
	EventBreaker                          // a breaker changed its state
	EventRetire                           // the connections of a node were replaced
	EventResubscribe                      // a subscription was lost and is made again: messages may be missing
)

// String is one of attempt, breaker, retire and resubscribe.
func (t EventType) String() string {
	return [...]string{"none", "attempt", "breaker", "retire", "resubscribe"}[min(t, EventResubscribe)]
}

// Event is something that happened. Only the fields that its type names are
// set.
type Event struct {
	Type    EventType
	Addr    string      // node
	Op      Op          // attempt, resubscribe
	Attempt int         // attempt, resubscribe: number of the attempt, from 1
	Kind    errs.Kind   // what failed or caused the change; 0 for success
	Effect  errs.Effect // attempt
	Code    string      // attempt: the server's code
	Do      classify.Do // attempt: what the classifier wants to do with the command
	Start   time.Time   // attempt, resubscribe
	End     time.Time   // all
	Lane    string      // breaker: "read" or "write"
	From    string      // breaker: "closed", "open" or "half-open"
	To      string      // breaker
}

// outcome turns a failure, or nil, into what Done is told.
func outcome(op Op, failure *errs.Error, t trace, start int64) Outcome {
	out := Outcome{
		Op: op, Effect: errs.Executed, Addr: t.addr, Attempts: t.attempts,
		Replayed: t.replayed, Elapsed: time.Duration(nano() - start),
	}
	if failure == nil {
		return out
	}
	out.Err, out.Kind, out.Effect, out.Code = failure, failure.Kind, failure.Effect, failure.Code
	if failure.Addr != "" {
		out.Addr = failure.Addr
	}
	return out
}
