package classify

import (
	"context"

	"github.com/redoubt-go/redoubt/errs"
)

// ended reports whether the caller's own context is over: by its own word, or
// by the clock, which may be ahead of the context's timer.
func (op *Op) ended() bool {
	return op.CtxErr != nil || op.Deadline != 0 && op.Now >= op.Deadline
}

// ended is the verdict on an operation whose own context is over. Where the
// context does not say why, the clock did.
func ended(op *Op) Verdict {
	if op.CtxErr == context.Canceled {
		return verdict(errs.Canceled)
	}
	return verdict(errs.Deadline)
}

// context tells the caller's own context from somebody else's that ended a
// shared dial or flight. The latter means that the command was not sent: while
// the own context lives, rueidis returns a context error only from before the
// write.
func (f *findings) context(op *Op, alone bool) Verdict {
	switch {
	case op.ended():
		return ended(op)
	case op.Dialing && f.deadline:
		return verdict(errs.DialTimeout) // rueidis' bound on the set-up
	case !alone:
		return verdict(errs.ForeignContext)
	case f.canceled:
		return verdict(errs.Canceled)
	}
	return verdict(errs.Deadline)
}
