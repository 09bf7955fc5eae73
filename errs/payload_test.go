package errs_test

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/redoubt-go/redoubt/errs"
)

// reach finds a payload as users do: behind an Error that has been wrapped.
func reach[P error](t *testing.T, payload P) P {
	t.Helper()
	err := fmt.Errorf("load: %w", &errs.Error{Kind: errs.Misuse, Err: payload})
	found, ok := errors.AsType[P](err)
	if !ok {
		t.Errorf("%T is not reached", payload)
	}
	var target P
	if !errors.As(err, &target) || !reflect.DeepEqual(target, found) {
		t.Errorf("errors.As and errors.AsType differ for %T", payload)
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("the cause behind %T is not reached", payload)
	}
	return found
}

func TestPayloadsAreReachedWithTheirFacts(t *testing.T) {
	t.Parallel()
	if p := reach(t, &errs.RedirectError{From: "a:1", To: "b:2", Slot: 7, Hops: []string{"a:1", "b:2"}, Err: io.EOF}); p.Slot != 7 || len(p.Hops) != 2 {
		t.Errorf("got %+v", p)
	}
	if p := reach(t, &errs.OpenError{Addr: "a:1", Lane: "write", RetryAfter: time.Second, Err: io.EOF}); p.RetryAfter != time.Second {
		t.Errorf("got %+v", p)
	}
	if p := reach(t, &errs.ExhaustedError{Why: errs.WhyBudget, Err: io.EOF}); p.Why != errs.WhyBudget {
		t.Errorf("got %+v", p)
	}
	if p := reach(t, &errs.BatchError{Total: 3, Failed: []errs.Indexed{{Index: 2, Err: io.EOF}}}); p.Failed[0].Index != 2 {
		t.Errorf("got %+v", p)
	}
	if p := reach(t, &errs.PermissionError{User: "u", Command: "flushall", Err: io.EOF}); p.User != "u" {
		t.Errorf("got %+v", p)
	}
	if p := reach(t, &errs.CrossSlotError{Command: "MGET", Slots: []int{3, 1}, Err: io.EOF}); !slices.Equal(p.Slots, []int{3, 1}) {
		t.Errorf("got %+v", p)
	}
	if p := reach(t, &errs.DurabilityError{Wanted: 2, Acked: 1, Local: true, Err: io.EOF}); !p.Local || p.Acked != 1 {
		t.Errorf("got %+v", p)
	}
	if p := reach(t, &errs.FanoutError{ByNode: map[string]error{"a:1": io.EOF}}); !errors.Is(p.ByNode["a:1"], io.EOF) {
		t.Errorf("got %+v", p)
	}
	if p := reach(t, &errs.LockLostError{Reason: "expired", ValidUntil: time.Unix(1, 0), Err: io.EOF}); p.ValidUntil.Unix() != 1 {
		t.Errorf("got %+v", p)
	}
	if p := reach(t, &errs.UnknownCommandError{Command: "QUITX", Err: io.EOF}); p.Command != "QUITX" {
		t.Errorf("got %+v", p)
	}
	if p := reach(t, &errs.VersionError{Command: "WAITAOF", Server: "7.0.15", Err: io.EOF}); p.Server != "7.0.15" {
		t.Errorf("got %+v", p)
	}
}

func TestPayloadTexts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want string
	}{
		{&errs.RedirectError{From: "a:1", To: "b:2", Hops: []string{"a:1"}}, "redirected from a:1 to b:2, hops 1"},
		{&errs.RedirectError{From: "a:1", Slot: -1}, "redirected from a:1 to (unknown), hops 0"},
		{&errs.OpenError{Addr: "a:1", Lane: "read", RetryAfter: 2 * time.Second}, "read breaker of a:1 is open, retry after 2s"},
		{&errs.ExhaustedError{Why: errs.WhyDeadline}, "gave up: deadline"},
		{&errs.BatchError{Total: 3, Failed: []errs.Indexed{{}}}, "1 of 3 commands failed"},
		{&errs.PermissionError{}, "no permission for the command"},
		{&errs.PermissionError{User: "u", Command: "flushall"}, "no permission for command flushall"},
		{&errs.PermissionError{Command: "get", Key: true}, "no permission for a key"},
		{&errs.PermissionError{Channel: true}, "no permission for a channel"},
		{&errs.CrossSlotError{Command: "MGET"}, "MGET has keys in several slots"},
		{&errs.CrossSlotError{Slots: []int{3, 1, 2}}, "(unknown) has keys in several slots: 3, 1, 2"},
		{&errs.DurabilityError{Wanted: 2, Acked: 1}, "1 of 2 acknowledged"},
		{&errs.FanoutError{ByNode: map[string]error{"a": io.EOF}}, "1 node failed"},
		{&errs.FanoutError{ByNode: map[string]error{"a": io.EOF, "b": io.EOF}}, "2 nodes failed"},
		{&errs.LockLostError{Reason: "expired"}, "lock lost: expired"},
		{&errs.UnknownCommandError{Command: "QUITX"}, "unknown command QUITX"},
		{&errs.UnknownCommandError{}, "unknown command (unknown)"},
		{&errs.VersionError{Command: "WAITAOF"}, "WAITAOF is not supported by server (unknown)"},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q; want %q", got, test.want)
		}
	}
}

func TestBatchSearchesEveryCommand(t *testing.T) {
	t.Parallel()
	batch := &errs.BatchError{Total: 5, Failed: []errs.Indexed{
		{Index: 1, Err: &errs.Error{Kind: errs.WrongType}},
		{Index: 4, Err: &errs.Error{Kind: errs.OOM, Effect: errs.NotExecuted}},
	}}
	for _, target := range []error{errs.WrongType, errs.OOM, errs.Command, errs.ServerState} {
		if !errors.Is(batch, target) {
			t.Errorf("%v is not found", target)
		}
	}
	if errors.Is(batch, errs.Loading) {
		t.Error("a kind is found that is not there")
	}
}
