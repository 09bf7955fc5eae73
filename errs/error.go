package errs

import (
	"encoding/json"
	"log/slog"
	"strconv"
	"time"
)

// Error is the one type that every failure leaves our packages as: always the
// outermost value, embedded by nothing. It carries facts and no decisions; the
// decisions are made of them in package classify.
//
// An Error is not changed once a caller has it, so it may be shared between
// goroutines. Its methods accept a nil receiver, WithSlot excepted.
type Error struct {
	Kind     Kind          // what failed
	Effect   Effect        // whether the command may have been executed
	Code     string        // the server's own code as sent ("MOVED", "MYCODE"); "" when no server spoke
	Op       string        // name of the command or operation, never arguments
	Addr     string        // node that answered or was dialled, "" if none
	Attempts int           // how often the command was tried, 0 if it never got so far
	Elapsed  time.Duration // from the call to the failure, all attempts and pauses included
	Err      error         // the cause, kept: errors.As reaches *rueidis.RedisError, *net.OpError, payloads

	slot int // slot+1; read by Slot
}

// Slot is the cluster slot that the failure concerns, 0 to 16383, and whether
// there is one.
func (e *Error) Slot() (slot int, ok bool) {
	if e == nil || e.slot == 0 {
		return 0, false
	}
	return e.slot - 1, true
}

// WithSlot sets the slot and returns e. It is for those who make an Error; a
// slot outside 0 to 16383 clears it.
func (e *Error) WithSlot(slot int) *Error {
	e.slot = 0
	if slot >= 0 && slot < 16384 {
		e.slot = slot + 1
	}
	return e
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// Is matches the Kind and the Class; two values of Error are never equal
// because they have the same type.
func (e *Error) Is(target error) bool {
	if e == nil {
		return false
	}
	switch t := target.(type) {
	case Kind:
		return t == e.Kind && t.Valid()
	case Class:
		return t == e.Kind.Class() && t != 0
	}
	return false
}

// Timeout is true for all kinds of class Timeout; net.Error calls it so.
func (e *Error) Timeout() bool { return e != nil && e.Kind.Class() == Timeout }

// Error reads "op: phrase of the kind (CODE)", then address, slot and attempts
// where they are known, and says "may have been executed" when that is so. The
// server's free text and the cause's text are not in it: they quote arguments,
// keys and URLs. Who wants them asks with errors.As or Detail.
func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	b := make([]byte, 0, 160)
	if e.Op != "" {
		b = append(append(b, e.Op...), ": "...)
	}
	b = append(b, e.Kind.Error()...)
	if e.Code != "" {
		b = append(append(append(b, " ("...), e.Code...), ')')
	}
	if e.Addr != "" {
		b = append(append(b, ", node "...), e.Addr...)
	}
	if slot, ok := e.Slot(); ok {
		b = strconv.AppendInt(append(b, ", slot "...), int64(slot), 10)
	}
	if e.Attempts > 1 {
		b = strconv.AppendInt(append(b, ", after "...), int64(e.Attempts), 10)
		b = append(b, " attempts"...)
	}
	switch e.Effect {
	case Unknown:
		b = append(b, ", may have been executed"...)
	case Executed:
		b = append(b, ", was executed"...)
	case Partial:
		b = append(b, ", executed in part"...)
	}
	return string(b)
}

// Detail is the text of the cause, such as the server's whole error line. It
// may quote arguments, keys and URLs: do not log it where those are secret.
func (e *Error) Detail() string {
	if e == nil || e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// LogValue lists the facts as attributes, by the same rule as Error: no free
// text, no keys, no values.
func (e *Error) LogValue() slog.Value {
	if e == nil {
		return slog.StringValue("<nil>")
	}
	attrs := make([]slog.Attr, 0, 9)
	attrs = append(attrs,
		slog.String("kind", e.Kind.Label()),
		slog.String("class", e.Kind.Class().String()),
		slog.String("effect", e.Effect.String()))
	if e.Code != "" {
		attrs = append(attrs, slog.String("code", e.Code))
	}
	if e.Op != "" {
		attrs = append(attrs, slog.String("op", e.Op))
	}
	if e.Addr != "" {
		attrs = append(attrs, slog.String("addr", e.Addr))
	}
	if slot, ok := e.Slot(); ok {
		attrs = append(attrs, slog.Int("slot", slot))
	}
	if e.Attempts > 0 {
		attrs = append(attrs, slog.Int("attempts", e.Attempts))
	}
	if e.Elapsed > 0 {
		attrs = append(attrs, slog.Duration("elapsed", e.Elapsed))
	}
	return slog.GroupValue(attrs...)
}

// MarshalJSON writes the same facts as LogValue, so that an error in a JSON
// log carries no free text either. The elapsed time is in the form "1.5s".
func (e *Error) MarshalJSON() ([]byte, error) {
	if e == nil {
		return []byte("null"), nil
	}
	facts := struct {
		Kind     string `json:"kind"`
		Class    string `json:"class"`
		Effect   string `json:"effect"`
		Code     string `json:"code,omitempty"`
		Op       string `json:"op,omitempty"`
		Addr     string `json:"addr,omitempty"`
		Slot     *int   `json:"slot,omitempty"`
		Attempts int    `json:"attempts,omitempty"`
		Elapsed  string `json:"elapsed,omitempty"`
	}{
		Kind: e.Kind.Label(), Class: e.Kind.Class().String(), Effect: e.Effect.String(),
		Code: e.Code, Op: e.Op, Addr: e.Addr, Attempts: e.Attempts,
	}
	if slot, ok := e.Slot(); ok {
		facts.Slot = &slot
	}
	if e.Elapsed > 0 {
		facts.Elapsed = e.Elapsed.String()
	}
	return json.Marshal(facts)
}

// GoString keeps the cause out of %#v as well.
func (e *Error) GoString() string {
	if e == nil {
		return "(*errs.Error)(nil)"
	}
	return "&errs.Error{" + strconv.Quote(e.Error()) + "}"
}
