package errs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/redoubt-go/redoubt/errs"
)

// hollow is a foreign error that wraps nothing; with branches it wraps many.
type hollow struct{}

func (hollow) Error() string { return "hollow" }
func (hollow) Unwrap() error { return nil }

type branches []error

func (branches) Error() string     { return "branches" }
func (b branches) Unwrap() []error { return b }

func TestHelpersReadAnyError(t *testing.T) {
	t.Parallel()
	lost := &errs.Error{Kind: errs.ConnLost, Addr: "a:1"}
	refused := &errs.Error{Kind: errs.DialRefused, Effect: errs.NotExecuted, Addr: "b:2"}
	short := &errs.Error{Kind: errs.ReplicationShort, Effect: errs.Executed, Addr: "c:3"}
	partial := &errs.Error{Kind: errs.ScriptFailed, Effect: errs.Partial}
	deep := error(refused)
	for range 10_000 {
		deep = fmt.Errorf("%w", deep)
	}
	batch := func(all ...error) error {
		b := &errs.BatchError{Total: 9}
		for i, err := range all {
			b.Failed = append(b.Failed, errs.Indexed{Index: i, Err: err})
		}
		return b
	}
	tests := []struct {
		name   string
		err    error
		kind   errs.Kind
		effect errs.Effect
		addr   string
		code   string
		may    bool
	}{
		{name: "nil", effect: errs.Executed},
		{name: "foreign", err: io.EOF, may: true},
		{name: "context", err: context.Canceled, may: true},
		{"unknown effect", lost, errs.ConnLost, errs.Unknown, "a:1", "E010", true},
		{"not executed", refused, errs.DialRefused, errs.NotExecuted, "b:2", "E010", false},
		{"executed", short, errs.ReplicationShort, errs.Executed, "c:3", "", true},
		{"partial", partial, errs.ScriptFailed, errs.Partial, "", "", true},
		{"zero", &errs.Error{}, 0, errs.Unknown, "", "", true},
		{"wrapped", fmt.Errorf("x: %w", refused), errs.DialRefused, errs.NotExecuted, "b:2", "E010", false},
		{"wrapped 10,000 times", deep, errs.DialRefused, errs.NotExecuted, "b:2", "E010", false},
		{"outermost counts", &errs.Error{Kind: errs.FanoutFailed, Effect: errs.Partial, Err: refused}, errs.FanoutFailed, errs.Partial, "", "", true},
		{"outermost not executed", &errs.Error{Kind: errs.BreakerOpen, Effect: errs.NotExecuted, Err: lost}, errs.BreakerOpen, errs.NotExecuted, "", "E030", false},
		{"joined, first counts", errors.Join(refused, lost), errs.DialRefused, errs.NotExecuted, "b:2", "E010", true},
		{"joined, not executed", errors.Join(refused, fmt.Errorf("x: %w", refused)), errs.DialRefused, errs.NotExecuted, "b:2", "E010", false},
		{"joined with a foreign one", errors.Join(io.EOF, refused), errs.DialRefused, errs.NotExecuted, "b:2", "E010", true},
		{"joined in depth", errors.Join(fmt.Errorf("x: %w", errors.Join(io.EOF, short)), lost), errs.ReplicationShort, errs.Executed, "c:3", "", true},
		{"batch", batch(refused, lost), errs.DialRefused, errs.NotExecuted, "b:2", "E010", true},
		{"batch, not executed", batch(refused, refused), errs.DialRefused, errs.NotExecuted, "b:2", "E010", false},
		{"batch of foreign ones", batch(io.EOF), 0, errs.Unknown, "", "", true},
		{"empty batch", batch(), 0, errs.Unknown, "", "", true},
		{"fan-out", &errs.FanoutError{ByNode: map[string]error{"z": lost, "b": refused, "a": io.EOF, "m": short}}, errs.DialRefused, errs.NotExecuted, "b:2", "E010", true},
		{"fan-out, not executed", &errs.FanoutError{ByNode: map[string]error{"z": refused, "b": refused}}, errs.DialRefused, errs.NotExecuted, "b:2", "E010", false},
		{"empty fan-out", &errs.FanoutError{}, 0, errs.Unknown, "", "", true},
		{"a kind", errs.PoolWait, errs.PoolWait, errs.Unknown, "", "E012", true},
		{"a wrapped kind", fmt.Errorf("x: %w", errs.PoolWait), errs.PoolWait, errs.Unknown, "", "E012", true},
		{"an error before a kind", errors.Join(errs.PoolWait, refused), errs.DialRefused, errs.NotExecuted, "b:2", "E010", true},
		{"a class", errs.Transport, 0, errs.Unknown, "", "", true},
		{"behind a shield", errs.Shield(fmt.Errorf("%w: %w", context.Canceled, refused)), errs.DialRefused, errs.NotExecuted, "b:2", "E010", true},
		{"a shielded foreign one", errs.Shield(context.Canceled), 0, errs.Unknown, "", "", true},
		{"nil inside", (*errs.Error)(nil), 0, errs.Unknown, "", "", true},
		{"wrapped nil inside", fmt.Errorf("x: %w", error((*errs.Error)(nil))), 0, errs.Unknown, "", "", true},
		{"hollow", hollow{}, 0, errs.Unknown, "", "", true},
		{"no branches", branches{}, 0, errs.Unknown, "", "", true},
		{"a nil branch", branches{nil, refused}, errs.DialRefused, errs.NotExecuted, "b:2", "E010", true},
	}
	for _, test := range tests {
		if got := errs.KindOf(test.err); got != test.kind {
			t.Errorf("%s: got kind %s; want %s", test.name, got.String(), test.kind.String())
		}
		if got := errs.ClassOf(test.err); got != test.kind.Class() {
			t.Errorf("%s: got class %s; want %s", test.name, got.String(), test.kind.Class().String())
		}
		if got := errs.EffectOf(test.err); got != test.effect {
			t.Errorf("%s: got effect %s; want %s", test.name, got, test.effect)
		}
		if got := errs.AddrOf(test.err); got != test.addr {
			t.Errorf("%s: got address %q; want %q", test.name, got, test.addr)
		}
		if got := errs.CachekitCode(test.err); got != test.code {
			t.Errorf("%s: got code %q; want %q", test.name, got, test.code)
		}
		if got := errs.MayHaveExecuted(test.err); got != test.may {
			t.Errorf("%s: got may have executed %v; want %v", test.name, got, test.may)
		}
	}
}

// The nodes of a fan-out stand in a map; the answer must not depend on its
// order, neither here nor in package errors.
func TestFanoutIsSearchedInTheOrderOfTheAddresses(t *testing.T) {
	t.Parallel()
	byNode := map[string]error{}
	for i := range 20 {
		addr := fmt.Sprintf("10.0.0.%02d:6379", 99-i)
		byNode[addr] = &errs.Error{Kind: errs.ConnLost, Addr: addr}
	}
	fanout := &errs.FanoutError{ByNode: byNode}
	const want = "10.0.0.80:6379"
	for range 50 {
		if got := errs.AddrOf(fanout); got != want {
			t.Fatalf("AddrOf got %s; want %s", got, want)
		}
		if e, ok := errors.AsType[*errs.Error](fanout); !ok || e.Addr != want {
			t.Fatalf("errors.AsType got %v; want that of %s", e, want)
		}
	}
}

var (
	keepKind   errs.Kind
	keepClass  errs.Class
	keepEffect errs.Effect
	keepText   string
	keepBool   bool
	keepError  error
)

func shapes() map[string]error {
	e := &errs.Error{Kind: errs.ConnLost, Addr: "a:1", Effect: errs.NotExecuted}
	return map[string]error{
		"nil":     nil,
		"bare":    e,
		"foreign": io.EOF,
		"wrapped": fmt.Errorf("x: %w", fmt.Errorf("y: %w", e)),
		"joined":  errors.Join(e, e),
		"batch":   &errs.BatchError{Total: 2, Failed: []errs.Indexed{{Err: e}, {Index: 1, Err: e}}},
		"fan-out": &errs.FanoutError{ByNode: map[string]error{"a": e, "b": e}},
		"kind":    fmt.Errorf("x: %w", errs.Loading),
		"shield":  errs.Shield(fmt.Errorf("%w: %w", context.Canceled, e)),
	}
}

func TestHelpersDoNotAllocate(t *testing.T) { // not parallel: AllocsPerRun counts the whole process
	for shape, err := range shapes() {
		for name, helper := range map[string]func(){
			"KindOf":          func() { keepKind = errs.KindOf(err) },
			"ClassOf":         func() { keepClass = errs.ClassOf(err) },
			"EffectOf":        func() { keepEffect = errs.EffectOf(err) },
			"AddrOf":          func() { keepText = errs.AddrOf(err) },
			"CachekitCode":    func() { keepText = errs.CachekitCode(err) },
			"MayHaveExecuted": func() { keepBool = errs.MayHaveExecuted(err) },
		} {
			if got := testing.AllocsPerRun(100, helper); got != 0 {
				t.Errorf("%s of %s: got %v allocations; want 0", name, shape, got)
			}
		}
	}
}

func TestMakingAnErrorAllocatesOnce(t *testing.T) { // not parallel: AllocsPerRun counts the whole process
	got := testing.AllocsPerRun(100, func() {
		keepError = (&errs.Error{Kind: errs.Moved, Code: "MOVED", Op: "GET", Addr: "a:1", Err: io.EOF}).WithSlot(7)
	})
	if got > 1 {
		t.Errorf("got %v allocations; want at most 1", got)
	}
}

func BenchmarkKindOf(b *testing.B) {
	for shape, err := range shapes() {
		b.Run(shape, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				keepKind = errs.KindOf(err)
			}
		})
	}
}

func BenchmarkMayHaveExecuted(b *testing.B) {
	for shape, err := range shapes() {
		b.Run(shape, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				keepBool = errs.MayHaveExecuted(err)
			}
		})
	}
}

func BenchmarkIsKind(b *testing.B) {
	err := error(&errs.Error{Kind: errs.ConnLost})
	b.ReportAllocs()
	for b.Loop() {
		keepBool = errors.Is(err, errs.ConnLost)
	}
}

func BenchmarkMakeError(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		keepError = &errs.Error{Kind: errs.Moved, Code: "MOVED", Op: "GET", Addr: "a:1", Err: io.EOF}
	}
}

func BenchmarkErrorText(b *testing.B) {
	err := full()
	b.ReportAllocs()
	for b.Loop() {
		keepText = err.Error()
	}
}
