package classify_test

import (
	"testing"

	"github.com/redoubt-go/redoubt/classify"
)

var (
	codedLine = classify.Line("READONLY You can't write against a read only replica.")
	textLine  = classify.Line("ERR value is not an integer or out of range")
	ruleLine  = classify.Line("ERR NX and XX, GT or LT options at the same time are not compatible")
	longLine  = classify.Line("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled")
)

// TestCost holds the allocations. testing.AllocsPerRun forbids parallel tests.
func TestCost(t *testing.T) {
	op := &classify.Op{Name: "SET", Safety: classify.LastWins, Slot: 5}
	lines := []string{
		string(codedLine), string(textLine), string(ruleLine), "MOVED 3999 127.0.0.1:6381", "WRONGTYPE x", "MYCODE x",
		"ERR Frobnication is out of season", "EXECABORT Transaction discarded because of: " + replica, replica + suffix,
	}
	for i, err := range fromRueidis(t, lines) {
		for _, err := range []error{err, classify.Line(lines[i])} {
			if n := testing.AllocsPerRun(100, func() { classify.Of(err, op) }); n != 0 {
				t.Errorf("Of(%T %q): got %v allocations; want 0", err, lines[i], n)
			}
		}
	}
	v := classify.Of(codedLine, op)
	var cause error = codedLine
	if n := testing.AllocsPerRun(100, func() { classify.Wrap(v, cause, op) }); n > 1 {
		t.Errorf("Wrap: got %v allocations; want at most 1", n)
	}
}

// TestKnownRepliesCostNoAllocation does not speak of redirections: the address
// of one may have to be written anew.
func TestKnownRepliesCostNoAllocation(t *testing.T) {
	op := &classify.Op{Name: "SET", Safety: classify.LastWins, Slot: 5}
	var lines []string
	for _, row := range catalogue(t) {
		if v := classify.Of(classify.Line(row.line), op); v.Addr == "" {
			lines = append(lines, row.line)
		}
	}
	for i, err := range fromRueidis(t, lines) {
		for _, err := range []error{err, classify.Line(lines[i])} {
			if n := testing.AllocsPerRun(10, func() { classify.Of(err, op) }); n != 0 {
				t.Errorf("Of(%T %q): got %v allocations; want 0", err, lines[i], n)
			}
		}
	}
}

func BenchmarkOf(b *testing.B) {
	op := &classify.Op{Name: "SET", Safety: classify.LastWins, Slot: 5}
	for _, bm := range []struct {
		name string
		err  error
	}{
		{"coded", codedLine},
		{"err-text", textLine},
		{"err-phrase", ruleLine},
		{"err-long", longLine}, // no phrase within the bound of the search
		{"moved", classify.Line("MOVED 3999 127.0.0.1:6381")},
		{"script", classify.Line(replica + suffix)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				classify.Of(bm.err, op)
			}
		})
	}
	b.Run("wrap", func(b *testing.B) {
		b.ReportAllocs()
		v := classify.Of(codedLine, op)
		var cause error = codedLine
		for b.Loop() {
			classify.Wrap(v, cause, op)
		}
	})
}
