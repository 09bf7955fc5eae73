package errs

import (
	"context"
	"errors"
	"net"
	"os"
)

// Shield hides from errors.Is that a cause is a context error when the
// caller's own context did not end: net.Dialer's own timeout, for one, says
// that it is context.DeadlineExceeded. A cause without such an error is
// returned as it is, and so is nil. The shield has no Unwrap; its As delegates,
// and its Is passes on os.ErrDeadlineExceeded and net.ErrClosed only.
func Shield(cause error) error {
	if cause == nil {
		return nil
	}
	if _, ok := cause.(*shield); ok {
		return cause
	}
	if errors.Is(cause, context.DeadlineExceeded) || errors.Is(cause, context.Canceled) {
		return &shield{cause}
	}
	return cause
}

// shield is an error without Unwrap, for package errors would look through it.
type shield struct{ cause error }

func (s *shield) Error() string { return s.cause.Error() }

// As reaches what the cause holds: *net.OpError, *net.DNSError, net.Error.
func (s *shield) As(target any) bool { return errors.As(s.cause, target) }

// Is passes on what says nothing about a context.
func (s *shield) Is(target error) bool {
	return (target == os.ErrDeadlineExceeded || target == net.ErrClosed) && errors.Is(s.cause, target)
}
