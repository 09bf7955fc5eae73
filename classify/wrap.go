package classify

import (
	"context"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/errs"
)

// Wrap makes the error that leaves our packages: the facts of the verdict, and
// err as the cause. Where the server's text tells more than the kind, the
// cause sits in a payload (PermissionError, UnknownCommandError, RedirectError,
// CrossSlotError); behind EXECABORT stands an *errs.Error for its reason.
//
// errors.Is finds context.Canceled or context.DeadlineExceeded in the result
// only if the caller's own context ended.
//
// The result is new, so the caller may set Addr, Attempts and Elapsed before
// it hands it out. An err that is an *errs.Error gives a copy, with the kind
// and effect of the verdict. op may be nil.
func Wrap(v Verdict, err error, op *Op) *errs.Error {
	e := &errs.Error{Kind: v.Kind, Effect: v.Effect, Code: v.Code}
	if op != nil {
		e.Op = op.Name
	}
	switch {
	case v.Slot > 0:
		e.WithSlot(v.Slot - 1)
	case op != nil && op.Slot > 0:
		e.WithSlot(op.Slot - 1)
	}
	if ours, ok := err.(*errs.Error); ok && ours != nil {
		e.Err = cause(v, ours.Err)
		return merge(e, ours)
	}
	e.Err = cause(v, err)
	if text, plain, ok := lineOf(err); ok {
		attach(e, v, text, plain)
	} else {
		e.Addr = addrOf(err)
	}
	return e
}

// merge completes a new error with what ours knows.
func merge(e, ours *errs.Error) *errs.Error {
	if e.Op == "" {
		e.Op = ours.Op
	}
	if _, ok := e.Slot(); !ok {
		if slot, ok := ours.Slot(); ok {
			e.WithSlot(slot)
		}
	}
	e.Addr, e.Attempts, e.Elapsed = ours.Addr, ours.Attempts, ours.Elapsed
	return e
}

// cause is err as it may stand behind an error of this verdict: an own context
// error bare, all others where no context error shows.
func cause(v Verdict, err error) error {
	var own error
	switch v.Kind {
	case errs.Canceled:
		own = context.Canceled
	case errs.Deadline:
		own = context.DeadlineExceeded
	default:
		return errs.Shield(err)
	}
	if err == nil || err == own {
		return own
	}
	if ended, ok := err.(*endedError); ok && ended.own == own {
		return ended
	}
	return &endedError{own: own, err: errs.Shield(err)}
}

// endedError is a failure that the end of the caller's own context explains.
type endedError struct{ own, err error }

func (e *endedError) Error() string   { return e.err.Error() }
func (e *endedError) Unwrap() []error { return []error{e.own, e.err} }

// lineOf is the text of a reply, and whether rueidis has cut off its "ERR ".
func lineOf(err error) (text string, plain, ok bool) {
	switch e := err.(type) {
	case *rueidis.RedisError:
		if e != nil {
			return e.Error(), true, true
		}
	case Line:
		return string(e), false, true
	}
	return "", false, false
}

// addrOf is the node that an error names, "" if none.
func addrOf(err error) string {
	var f findings
	f.look(err, 0)
	switch {
	case f.fault != nil:
		return f.fault.NodeAddr()
	case f.ours != nil:
		return f.ours.Addr
	}
	return ""
}

// Typed is the *errs.Error view of any error: of what rueidis returns, of an
// element of EXEC, of what a compatible client returns, of a wrong accessor on
// a good reply. It is idempotent. nil stays nil, and rueidis.Nil, which is an
// answer and no failure, stays what it is.
//
// It knows no operation: a context error counts as the caller's own.
func Typed(err error) error {
	if err == nil {
		return nil
	}
	var f findings
	if f.look(err, 0); f.ours != nil {
		return f.ours
	}
	v := Of(err, nil)
	if v.Kind == 0 {
		return err
	}
	return Wrap(v, err, nil)
}

// KindOf is the kind of any error, of raw errors of rueidis as well; 0 for nil
// and for rueidis.Nil.
func KindOf(err error) errs.Kind {
	if k := errs.KindOf(err); k != 0 {
		return k
	}
	return Of(err, nil).Kind
}
