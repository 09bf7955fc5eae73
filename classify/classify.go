package classify

import (
	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/errs"
)

// nobody is the operation when the caller knows none.
var nobody Op

// Of says what a failure means. It is total: every error, every line and every
// nil has a verdict, and none makes it panic. It allocates only to rewrite the
// address of a redirection.
//
// err may be what rueidis returned, a Line, an *errs.Error, or any of them
// wrapped. nil and rueidis.Nil are successes: their verdict has no kind.
// op may be nil: an unknown operation, and a context error counts as the
// caller's own.
//
// A verdict of Redirect or Ask has an Addr that can be dialled and, except for
// REDIRECT, a Slot. An Addr of ":6381" means the host of the node that
// answered.
func Of(err error, op *Op) Verdict {
	if err == nil {
		return success
	}
	alone := op == nil
	if alone {
		op = &nobody
	}
	switch e := err.(type) {
	case *rueidis.RedisError:
		return redisError(e, op)
	case Line:
		return reply(string(e), false, op)
	case *errs.Error:
		if e != nil {
			return typed(e, op)
		}
		return verdict(errs.Unclassified)
	}
	return transport(err, op, alone)
}

// success is the verdict on no error: executed, and nothing to do.
var success = Verdict{Effect: errs.Executed, Lane: LaneSuccess}

func redisError(e *rueidis.RedisError, op *Op) Verdict {
	if e == nil || e.IsNil() {
		return success
	}
	return reply(e.Error(), true, op)
}
