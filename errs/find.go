package errs

import "slices"

// The helpers below read an error without allocating: they are loops over type
// switches, where errors.As would reflect. They look through Unwrap() error
// and Unwrap() []error, depth first, as package errors does, and never panic:
// a nil *Error inside an error counts as an error of which nothing is known.

// KindOf is the kind of the first *Error in err. Without one it is the first
// Kind in err, and 0 if there is none either.
func KindOf(err error) Kind {
	if e := find(err); e != nil {
		return e.Kind
	}
	k, _ := first[Kind](err)
	return k
}

// ClassOf is the class of KindOf(err), 0 if there is none.
func ClassOf(err error) Class { return KindOf(err).Class() }

// EffectOf is the effect of the first *Error in err. Without one it is
// Unknown, for nothing is known; of nil it is Executed.
func EffectOf(err error) Effect {
	if err == nil {
		return Executed
	}
	if e := find(err); e != nil {
		return e.Effect
	}
	return Unknown
}

// AddrOf is the address in the first *Error of err, or "".
func AddrOf(err error) string {
	if e := find(err); e != nil {
		return e.Addr
	}
	return ""
}

// CachekitCode is the E-code of the cachekit family ("E011") of KindOf(err),
// or "".
func CachekitCode(err error) string { return KindOf(err).CachekitCode() }

// MayHaveExecuted reports whether the command behind err may have been
// executed, wholly or in part. It is false for nil, and true for an error that
// is not ours. Of several joined errors one is enough: each may stand for a
// command of its own.
func MayHaveExecuted(err error) bool { return err != nil && mayHaveExecuted(err) }

// mayHaveExecuted is MayHaveExecuted for what an error holds, where nil is
// what a foreign error unwraps to when it wraps nothing.
func mayHaveExecuted(err error) bool {
	for {
		switch u := err.(type) {
		case *Error:
			return u == nil || u.Effect != NotExecuted
		case *shield:
			err = u.cause
		case *BatchError: // before Unwrap() []error, which makes a slice
			for _, f := range u.Failed {
				if mayHaveExecuted(f.Err) {
					return true
				}
			}
			return len(u.Failed) == 0
		case *FanoutError:
			for _, branch := range u.ByNode {
				if mayHaveExecuted(branch) {
					return true
				}
			}
			return len(u.ByNode) == 0
		case interface{ Unwrap() error }:
			err = u.Unwrap()
		case interface{ Unwrap() []error }:
			branches := u.Unwrap()
			return len(branches) == 0 || slices.ContainsFunc(branches, mayHaveExecuted)
		default:
			return true
		}
	}
}

// find returns the first *Error in the tree of err, or nil.
func find(err error) *Error {
	e, _ := first[*Error](err)
	return e
}

// first returns the first T in the tree of err.
func first[T error](err error) (found T, ok bool) {
	for err != nil {
		if found, ok = err.(T); ok {
			return found, true
		}
		switch u := err.(type) {
		case *shield:
			err = u.cause
		case *BatchError: // before Unwrap() []error, which makes a slice
			for _, f := range u.Failed {
				if found, ok = first[T](f.Err); ok {
					return found, true
				}
			}
			return found, false
		case *FanoutError:
			return firstByNode[T](u.ByNode)
		case interface{ Unwrap() error }:
			err = u.Unwrap()
		case interface{ Unwrap() []error }:
			for _, branch := range u.Unwrap() {
				if found, ok = first[T](branch); ok {
					return found, true
				}
			}
			return found, false
		default:
			return found, false
		}
	}
	return found, false
}

// firstByNode returns the first T in the order of the addresses, so that the
// answer does not change from call to call.
func firstByNode[T error](byNode map[string]error) (found T, ok bool) {
	var at string
	for addr, err := range byNode {
		if ok && addr > at {
			continue
		}
		if e, has := first[T](err); has {
			found, ok, at = e, true, addr
		}
	}
	return found, ok
}
