package errs

// The helpers below read an error without allocating: they are loops over type
// switches, where errors.As would reflect. They look through Unwrap() error
// and Unwrap() []error, depth first, as package errors does.

// find returns the first *Error in the tree of err, or nil.
func find(err error) *Error {
	for err != nil {
		if e, ok := err.(*Error); ok {
			return e
		}
		switch u := err.(type) {
		case interface{ Unwrap() error }:
			err = u.Unwrap()
		case interface{ Unwrap() []error }:
			for _, branch := range u.Unwrap() {
				if e := find(branch); e != nil {
					return e
				}
			}
			return nil
		default:
			return nil
		}
	}
	return nil
}

// KindOf is the kind of the first *Error or Kind in err, 0 if there is none.
func KindOf(err error) Kind {
	if e := find(err); e != nil {
		return e.Kind
	}
	if k, ok := err.(Kind); ok {
		return k
	}
	return 0
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

// CachekitCode is the cachekit E-code ("E011") of the kind of err, or "".
func CachekitCode(err error) string { return KindOf(err).CachekitCode() }

// MayHaveExecuted reports whether the command behind err may have been
// executed, wholly or in part. It is false for nil, and true for an error that
// is not ours. Of several joined errors one is enough.
func MayHaveExecuted(err error) bool {
	for err != nil {
		if e, ok := err.(*Error); ok {
			return e.Effect != NotExecuted
		}
		switch u := err.(type) {
		case interface{ Unwrap() error }:
			err = u.Unwrap()
		case interface{ Unwrap() []error }:
			for _, branch := range u.Unwrap() {
				if branch != nil && MayHaveExecuted(branch) {
					return true
				}
			}
			return len(u.Unwrap()) == 0
		default:
			return true
		}
		if err == nil {
			return true
		}
	}
	return false
}
