package classify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

func TestWrapKeepsFactsAndCause(t *testing.T) {
	t.Parallel()
	op := &classify.Op{Name: "SET", Slot: 8}
	cause := fromRueidis(t, []string{replica})[0]
	e := classify.Wrap(classify.Of(cause, op), cause, op)
	if e.Kind != errs.ReadOnly || e.Effect != errs.NotExecuted || e.Code != "READONLY" || e.Op != "SET" {
		t.Errorf("got %v, %v, %q, %q; want ReadOnly, not-executed, READONLY, SET", e.Kind.String(), e.Effect, e.Code, e.Op)
	}
	if slot, ok := e.Slot(); slot != 7 || !ok {
		t.Errorf("got slot %d, %v; want 7, true", slot, ok)
	}
	if re, ok := errors.AsType[*rueidis.RedisError](e); !ok || re != cause {
		t.Errorf("got %v, %v; want the reply of rueidis", re, ok)
	}
	if e.Detail() != replica || strings.Contains(e.Error(), "against") {
		t.Errorf("got %q, detail %q; want the text of the server in the detail only", e.Error(), e.Detail())
	}
}

func TestPayloads(t *testing.T) {
	t.Parallel()
	op := &classify.Op{Name: "GET", Slot: 1}
	wrap := func(line string) error {
		return classify.Wrap(classify.Of(classify.Line(line), op), classify.Line(line), op)
	}
	for line, want := range map[string]errs.PermissionError{
		"NOPERM User ada has no permissions to run the 'flushall' command":                      {User: "ada", Command: "flushall"},
		"NOPERM this user has no permissions to run the 'config|set' command or its subcommand": {Command: "config|set"},
		"NOPERM this user has no permissions to access one of the keys used as arguments":       {Key: true},
		"NOPERM No permissions to access a key":                                                 {Key: true},
		"NOPERM No permissions to access a channel":                                             {Channel: true},
		"ERR ACL failure in script: No permissions to access a key" + suffix:                    {Key: true},
		"NOPERM": {},
	} {
		got, ok := errors.AsType[*errs.PermissionError](wrap(line))
		if !ok || got.User != want.User || got.Command != want.Command || got.Key != want.Key || got.Channel != want.Channel {
			t.Errorf("%q: got %+v; want %+v", line, got, want)
		}
	}
	if got, ok := errors.AsType[*errs.UnknownCommandError](wrap("ERR unknown command `json.get`, with args beginning with: `k`, ")); !ok || got.Command != "json.get" {
		t.Errorf("got %+v; want the command json.get", got)
	}
	if got, ok := errors.AsType[*errs.RedirectError](wrap("MOVED 3999 ::1:6381")); !ok || got.To != "[::1]:6381" || got.Slot != 3999 {
		t.Errorf("got %+v; want a redirection of slot 3999 to [::1]:6381", got)
	}
	if got, ok := errors.AsType[*errs.RedirectError](wrap("REDIRECT a:1")); !ok || got.To != "a:1" || got.Slot != -1 {
		t.Errorf("got %+v; want a redirection without slot to a:1", got)
	}
	if got, ok := errors.AsType[*errs.CrossSlotError](wrap("CROSSSLOT Keys in request don't hash to the same slot")); !ok || got.Command != "GET" {
		t.Errorf("got %+v; want the command GET", got)
	}
	for _, line := range []string{"ERR unknown command", "ERR unknown command 'x", "ERR unknown command '" + strings.Repeat("x", 1000) + "'"} {
		if got, ok := errors.AsType[*errs.UnknownCommandError](wrap(line)); ok {
			t.Errorf("%.40q: got %+v; want no payload", line, got)
		}
		if err := wrap(line); errs.KindOf(err) != errs.UnknownCommand {
			t.Errorf("%.40q: got %v; want UnknownCommand", line, errs.KindOf(err).String())
		}
	}
}

func TestExecAbortKeepsBothKinds(t *testing.T) {
	t.Parallel()
	for _, line := range []error{
		classify.Line("EXECABORT Transaction discarded because of: " + replica),
		fromRueidis(t, []string{"EXECABORT Transaction discarded because of: " + replica})[0],
	} {
		err := classify.Typed(line)
		if !errors.Is(err, errs.ExecAbort) || !errors.Is(err, errs.ReadOnly) || !errors.Is(err, errs.Tx) {
			t.Errorf("got %v; want ExecAbort because of ReadOnly", err)
		}
		if !errors.Is(err, line) {
			t.Errorf("got %v; want the reply at the end of the chain", err)
		}
		if v := classify.Of(err, nil); v.Kind != errs.ExecAbort || v.Do != classify.RetryBackoff {
			t.Errorf("classified again: got %v, %v; want ExecAbort, retry-backoff", v.Kind.String(), v.Do)
		}
	}
	if err := classify.Typed(classify.Line("EXECABORT Transaction discarded because of previous errors.")); errors.Is(err, errs.UnknownReply) {
		t.Errorf("got %v; want no inner kind", err)
	}
}

// refusedDial is a dial that failed for lack of time, in the form of package net.
func timedOutDial(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), -1)
	defer cancel()
	_, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:1")
	return err
}

func TestOnlyTheOwnContextShows(t *testing.T) {
	t.Parallel()
	alive := &classify.Op{Now: 1, Deadline: 2}
	for _, err := range []error{timedOutDial(t), os.ErrDeadlineExceeded, context.Canceled, context.DeadlineExceeded, &errs.Error{Kind: errs.IOTimeout, Err: context.DeadlineExceeded}} {
		e := classify.Wrap(classify.Of(err, alive), err, alive)
		if errors.Is(e, context.DeadlineExceeded) || errors.Is(e, context.Canceled) {
			t.Errorf("%v: got a context error in %v; want none, the own context is alive", err, e.Kind.String())
		}
	}
	e := classify.Wrap(classify.Of(os.ErrDeadlineExceeded, alive), os.ErrDeadlineExceeded, alive)
	if !errors.Is(e, os.ErrDeadlineExceeded) || !e.Timeout() {
		t.Error("an i/o timeout does not match os.ErrDeadlineExceeded, or is no timeout")
	}
	late := &classify.Op{Now: 2, Deadline: 2}
	err := fmt.Errorf("read: %w", os.ErrDeadlineExceeded)
	e = classify.Wrap(classify.Of(err, late), err, late)
	if !errors.Is(e, context.DeadlineExceeded) || !errors.Is(e, os.ErrDeadlineExceeded) || errors.Is(e, context.Canceled) {
		t.Errorf("got %v with cause %v; want the own deadline and the i/o timeout", e, e.Err)
	}
}

func TestWrapCopiesOurs(t *testing.T) {
	t.Parallel()
	shared := (&errs.Error{Kind: errs.DialRefused, Effect: errs.NotExecuted, Addr: "a:1", Err: syscall.ECONNREFUSED}).WithSlot(3)
	op := &classify.Op{Name: "GET"}
	e := classify.Wrap(classify.Of(shared, op), shared, op)
	if e == shared {
		t.Fatal("got the same error; want a copy that may be changed")
	}
	if slot, _ := e.Slot(); e.Kind != errs.DialRefused || e.Addr != "a:1" || e.Op != "GET" || slot != 3 || !errors.Is(e, syscall.ECONNREFUSED) {
		t.Errorf("got %v; want the facts of the original", e)
	}
	if errors.Unwrap(e) != syscall.ECONNREFUSED {
		t.Errorf("got cause %v; want that of the original, not nested", errors.Unwrap(e))
	}
}

func TestTyped(t *testing.T) {
	t.Parallel()
	if err := classify.Typed(nil); err != nil {
		t.Errorf("nil: got %v; want nil", err)
	}
	if err := classify.Typed(rueidis.Nil); err != rueidis.Nil {
		t.Errorf("Nil: got %v; want it unchanged", err)
	}
	ours := &errs.Error{Kind: errs.Busy}
	for _, err := range []error{
		ours, fmt.Errorf("x: %w", ours), errors.Join(io.EOF, ours), io.EOF, context.Canceled, errors.New("x"), rueidis.ErrClosing,
		classify.Line("WRONGTYPE x"), fmt.Errorf("x: %w", classify.Line("LOADING x")), fromRueidis(t, []string{"MYCODE x"})[0],
	} {
		once := classify.Typed(err)
		e, ok := once.(*errs.Error)
		if !ok {
			t.Errorf("%v: got %T; want *errs.Error", err, once)
			continue
		}
		if again := classify.Typed(once); again != once {
			t.Errorf("%v: typed twice gives another error", err)
		}
		if got := classify.KindOf(err); got != e.Kind {
			t.Errorf("%v: KindOf gives %v; want %v", err, got.String(), e.Kind.String())
		}
	}
	if got := classify.KindOf(nil); got != 0 {
		t.Errorf("KindOf(nil): got %v; want 0", got)
	}
	if got := classify.KindOf(rueidis.Nil); got != 0 {
		t.Errorf("KindOf(Nil): got %v; want 0", got)
	}
}

func TestTypedExecElements(t *testing.T) {
	t.Parallel()
	elements, err := fromRueidisReply(t, "*3\r\n+OK\r\n-WRONGTYPE Operation against a key holding the wrong kind of value\r\n_\r\n").ToArray()
	if err != nil {
		t.Fatal(err)
	}
	want := []errs.Kind{0, errs.WrongType, 0}
	for i, m := range elements {
		if got := classify.KindOf(classify.Typed(m.Error())); got != want[i] {
			t.Errorf("element %d: got %v; want %v", i, got.String(), want[i].String())
		}
	}
}
