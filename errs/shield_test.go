package errs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/redoubt-go/redoubt/errs"
)

// dialTimeout is what net.Dialer returns when its own timeout ends; the
// caller's context is alive.
func dialTimeout(t *testing.T) error {
	t.Helper()
	dialer := net.Dialer{Deadline: time.Unix(1, 0)}
	conn, err := dialer.DialContext(context.Background(), "tcp", "127.0.0.1:1")
	if err == nil {
		_ = conn.Close()
		t.Fatal("a dial succeeded after its deadline")
	}
	return err
}

func TestShieldHidesThatADialTimeoutIsAContextError(t *testing.T) {
	t.Parallel()
	cause := dialTimeout(t)
	if !errors.Is(cause, context.DeadlineExceeded) {
		t.Fatalf("got %v, which is no context error; the shield has lost its reason", cause)
	}
	err := fmt.Errorf("get: %w", &errs.Error{Kind: errs.DialTimeout, Effect: errs.NotExecuted, Err: errs.Shield(cause)})
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		t.Error("got a context error; want none, for the caller's context is alive")
	}
	if !errors.Is(err, errs.Timeout) {
		t.Error("got no error of class Timeout")
	}
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "dial" {
		t.Errorf("got %v; want the *net.OpError of the dial", op)
	}
	var timeout net.Error
	if !errors.As(errs.Shield(cause), &timeout) || !timeout.Timeout() {
		t.Error("got no net.Error that timed out behind the shield")
	}
	if got, want := errs.Shield(cause).Error(), cause.Error(); got != want {
		t.Errorf("got text %q; want %q", got, want)
	}
}

func TestShieldPassesOnWhatIsNoContextError(t *testing.T) {
	t.Parallel()
	shielded := errs.Shield(errors.Join(context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded, net.ErrClosed, io.EOF))
	for target, want := range map[error]bool{
		os.ErrDeadlineExceeded: true, net.ErrClosed: true,
		context.Canceled: false, context.DeadlineExceeded: false, io.EOF: false,
	} {
		if got := errors.Is(shielded, target); got != want {
			t.Errorf("%v: got %v; want %v", target, got, want)
		}
	}
	only := errs.Shield(context.Canceled)
	if errors.Is(only, os.ErrDeadlineExceeded) || errors.Is(only, net.ErrClosed) {
		t.Error("a shield claims what its cause is not")
	}
	if errors.Unwrap(only) != nil {
		t.Error("a shield unwraps")
	}
}

func TestShieldLeavesOtherErrorsAlone(t *testing.T) {
	t.Parallel()
	shielded := errs.Shield(context.DeadlineExceeded)
	for _, err := range []error{
		nil, io.EOF, os.ErrDeadlineExceeded, net.ErrClosed, shielded, fmt.Errorf("again: %w", shielded),
		&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded},
	} {
		if got := errs.Shield(err); got != err {
			t.Errorf("got %#v; want %v as it is", got, err)
		}
	}
}

func TestOwnContextErrorsStayVisible(t *testing.T) {
	t.Parallel()
	for kind, cause := range map[errs.Kind]error{
		errs.Deadline: context.DeadlineExceeded, errs.Canceled: context.Canceled,
	} {
		err := fmt.Errorf("get: %w", &errs.Error{Kind: kind, Err: cause})
		if !errors.Is(err, cause) || !errors.Is(err, kind) {
			t.Errorf("%s does not match %v", kind.String(), cause)
		}
	}
}
