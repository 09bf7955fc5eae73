package errs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/redoubt-go/redoubt/errs"
)

// full is an Error with every field set.
func full() *errs.Error {
	return (&errs.Error{
		Kind: errs.Moved, Effect: errs.NotExecuted, Code: "MOVED", Op: "GET", Addr: "10.0.0.7:6379",
		Attempts: 3, Elapsed: 1500 * time.Millisecond, Err: errors.New("MOVED 3999 10.0.0.8:6379"),
	}).WithSlot(3999)
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  *errs.Error
		want string
	}{
		{nil, "<nil>"},
		{&errs.Error{}, "Kind(0), may have been executed"},
		{&errs.Error{Kind: errs.Closed, Effect: errs.NotExecuted}, "the client is closed"},
		{&errs.Error{Kind: errs.Closed, Effect: errs.NotExecuted, Op: "GET"}, "GET: the client is closed"},
		{full(), "GET: the slot belongs to another node (MOVED), node 10.0.0.7:6379, slot 3999, after 3 attempts"},
		{
			&errs.Error{Kind: errs.ConnLost, Op: "INCR", Addr: "[::1]:6379", Attempts: 1},
			"INCR: the connection was lost, node [::1]:6379, may have been executed",
		},
		{
			(&errs.Error{Kind: errs.ReplicationShort, Effect: errs.Executed, Op: "SET"}).WithSlot(0),
			"SET: too few replicas acknowledged the write, slot 0, was executed",
		},
		{
			&errs.Error{Kind: errs.ScriptFailed, Effect: errs.Partial, Code: "ERR", Op: "EVALSHA", Attempts: 2},
			"EVALSHA: the script failed (ERR), after 2 attempts, executed in part",
		},
		{
			&errs.Error{Kind: errs.UnknownReply, Effect: errs.Executed, Code: "MYCODE", Err: errors.New("MYCODE of alice")},
			"the server answered with an unknown error (MYCODE), was executed",
		},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func TestErrorIsItsKindAndClassThroughWrapping(t *testing.T) {
	t.Parallel()
	for _, k := range errs.Kinds() {
		e := &errs.Error{Kind: k, Err: io.EOF}
		for shape, err := range map[string]error{
			"bare":      e,
			"wrapped":   fmt.Errorf("load user: %w", e),
			"joined":    errors.Join(io.ErrUnexpectedEOF, e),
			"two verbs": fmt.Errorf("%w: %w", io.ErrClosedPipe, e),
			"batch":     &errs.BatchError{Total: 2, Failed: []errs.Indexed{{Index: 1, Err: e}}},
		} {
			if !errors.Is(err, k) || !errors.Is(err, k.Class()) || !errors.Is(err, io.EOF) {
				t.Errorf("%s %s does not match its kind, class or cause", shape, k.String())
			}
			if other := errs.Kinds()[int(k)%len(errs.Kinds())]; errors.Is(err, other) {
				t.Errorf("%s %s matches kind %s", shape, k.String(), other.String())
			}
			if other := errs.Classes()[int(k.Class())%len(errs.Classes())]; errors.Is(err, other) {
				t.Errorf("%s %s matches class %s", shape, k.String(), other.String())
			}
			if found, ok := errors.AsType[*errs.Error](err); !ok || found != e {
				t.Errorf("%s %s: errors.AsType got %v, %v", shape, k.String(), found, ok)
			}
			var found *errs.Error
			if !errors.As(err, &found) || found != e {
				t.Errorf("%s %s: errors.As got %v", shape, k.String(), found)
			}
		}
	}
}

func TestErrorsAreNotEqualForHavingOneType(t *testing.T) {
	t.Parallel()
	one, other := &errs.Error{Kind: errs.Loading}, &errs.Error{Kind: errs.Loading}
	if errors.Is(one, other) {
		t.Error("two errors of one kind are the same")
	}
	if !errors.Is(one, one) {
		t.Error("an error is not itself")
	}
}

func TestTimeoutIsThatOfTheClass(t *testing.T) {
	t.Parallel()
	for _, k := range errs.Kinds() {
		var timeout interface{ Timeout() bool }
		if !errors.As(fmt.Errorf("x: %w", &errs.Error{Kind: k}), &timeout) {
			t.Fatal("no Timeout method found")
		}
		if got, want := timeout.Timeout(), k.Class() == errs.Timeout; got != want {
			t.Errorf("%s: got timeout %v; want %v", k.String(), got, want)
		}
	}
}

func TestSlotIsThereOnlyWithinItsRange(t *testing.T) {
	t.Parallel()
	for slot, want := range map[int]bool{-1: false, 0: true, 1: true, 16383: true, 16384: false, 1 << 20: false} {
		got, ok := (&errs.Error{}).WithSlot(5).WithSlot(slot).Slot()
		if ok != want || ok && got != slot || !ok && got != 0 {
			t.Errorf("slot %d: got %d, %v; want %v", slot, got, ok, want)
		}
	}
	if slot, ok := (&errs.Error{}).Slot(); ok || slot != 0 {
		t.Errorf("got slot %d, %v of a new Error; want none", slot, ok)
	}
}

func TestDetailIsTheTextOfTheCause(t *testing.T) {
	t.Parallel()
	if got, want := full().Detail(), "MOVED 3999 10.0.0.8:6379"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	if got := (&errs.Error{}).Detail(); got != "" {
		t.Errorf("got %q; want nothing", got)
	}
}

func TestNilErrorBreaksNothing(t *testing.T) {
	t.Parallel()
	var none *errs.Error
	if none.Timeout() || none.Unwrap() != nil || none.Detail() != "" || none.GoString() != "(*errs.Error)(nil)" {
		t.Error("a nil Error says something")
	}
	if _, ok := none.Slot(); ok {
		t.Error("a nil Error has a slot")
	}
	wrapped := fmt.Errorf("x: %w", error(none))
	if errors.Is(wrapped, errs.Loading) || errors.Is(wrapped, errs.Kind(0)) || errors.Is(wrapped, errs.Class(0)) {
		t.Error("a nil Error has a kind or class")
	}
	if got, want := wrapped.Error(), "x: <nil>"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	if got := none.LogValue().String(); got != "<nil>" {
		t.Errorf("got log value %q; want <nil>", got)
	}
	if got, err := none.MarshalJSON(); string(got) != "null" || err != nil {
		t.Errorf("got %s, %v; want null", got, err)
	}
}

func TestLogsHoldTheFacts(t *testing.T) {
	t.Parallel()
	noTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	var text, object bytes.Buffer
	slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: noTime})).Error("get", slog.Any("err", full()))
	slog.New(slog.NewJSONHandler(&object, &slog.HandlerOptions{ReplaceAttr: noTime})).
		Error("get", slog.Any("err", &errs.Error{Kind: errs.Closed}))
	if got, want := text.String(), "level=ERROR msg=get err.kind=moved err.class=Redirect err.effect=not-executed "+
		"err.code=MOVED err.op=GET err.addr=10.0.0.7:6379 err.slot=3999 err.attempts=3 err.elapsed=1.5s\n"; got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	if got, want := object.String(), `{"level":"ERROR","msg":"get","err":`+
		`{"kind":"closed","class":"Lifecycle","effect":"unknown"}}`+"\n"; got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestJSONHoldsTheFacts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  *errs.Error
		want string
	}{
		{full(), `{"kind":"moved","class":"Redirect","effect":"not-executed","code":"MOVED","op":"GET",` +
			`"addr":"10.0.0.7:6379","slot":3999,"attempts":3,"elapsed":"1.5s"}`},
		{
			(&errs.Error{Kind: errs.Closed, Effect: errs.NotExecuted}).WithSlot(0),
			`{"kind":"closed","class":"Lifecycle","effect":"not-executed","slot":0}`,
		},
		{nil, `null`},
	} {
		got, err := json.Marshal(test.err)
		if err != nil || string(got) != test.want {
			t.Errorf("got  %s, %v\nwant %s", got, err, test.want)
		}
	}
}

func TestGoStringKeepsTheCauseOut(t *testing.T) {
	t.Parallel()
	e := &errs.Error{Kind: errs.DNS, Effect: errs.NotExecuted, Err: &net.DNSError{Name: "secret.internal"}}
	if got, want := fmt.Sprintf("%#v", e), `&errs.Error{"the name could not be resolved"}`; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
}
