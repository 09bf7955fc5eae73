package classify_test

import (
	"strings"
	"testing"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// TestWildLinesKeepTheirMeaning holds lines that the catalogue does not have:
// other versions, modules, forks, proxies and managed services.
func TestWildLinesKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	rows := readTable(t, "testdata/wild.tsv", 5)
	if len(rows) < 600 {
		t.Fatalf("got %d lines; want at least 600", len(rows))
	}
	for _, f := range rows {
		v := classify.Of(classify.Line(f[4]), nil)
		if got := [3]string{v.Kind.String(), v.Effect.String(), v.Do.String()}; got != [3]string(f[:3]) {
			t.Errorf("%s: %q: got %v; want %v", f[3], f[4], got, f[:3])
		}
	}
}

// TestBareTextAsksForNothing sends what authors of scripts write without a code:
// the script may have run, and its words move nobody to send it again.
func TestBareTextAsksForNothing(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"", " ", "-", "My Error", "busy", "readonly", "moved 1 127.0.0.1:1", "Read only replica",
		"order in progress, try again later", "job already running", "rate limit exceeded", "not ready",
		"you can't write against a read only replica.", "No such master with that name",
		"connection refused by the owner", "Connection timed out", "timed out", "no available slots", "no backend",
		"function not found", "unauthenticated", "is loading the dataset in memory", "ERR ",
	} {
		v := classify.Of(classify.Line(line), nil)
		if v.Kind != errs.CommandRefused || v.Effect != errs.Unknown || v.Do != classify.Return || v.Fix != 0 {
			t.Errorf("%q: got %v, %v, %v, %v; want CommandRefused, unknown, return and no fix", line, v.Kind.String(), v.Effect, v.Do, v.Fix)
		}
	}
	// In the words of a server, but without its code, and the script was stopped.
	line := "you can't write against a read only replica." + suffix
	if v := classify.Of(classify.Line(line), nil); v.Effect != errs.Partial || v.Do != classify.Return {
		t.Errorf("%q: got %v, %v; want partial, return", line, v.Effect, v.Do)
	}
}

// TestNamesInTextsAreNotRead puts what asks for a retry where servers echo names.
func TestNamesInTextsAreNotRead(t *testing.T) {
	t.Parallel()
	for _, form := range []string{
		"ERR unknown command '%', with args beginning with: '%' ", "ERR unknown subcommand '%'. Try CONFIG HELP.",
		"NOGROUP No such key '%' or consumer group '%'", "ERR No such user '%'", "ERR Engine '%' not found",
		"ERR Command '%' not found", "ERR command '%' is restricted", "ERR The value '%' is not valid",
		"ERR Library '%' already exists", "ERR Path '%' does not exist", "ERR member % does not exist",
		"ERR Invalid node name: %", "ERR Unrecognized XCLAIM option '%'", "ERR Error in ACL SETUSER modifier '%': Syntax error",
		"Unknown argument `%` at position 4 for <main>", "Syntax error at offset 5 near %", "TSDB: %",
	} {
		for _, name := range []string{
			"LOADING x", "READONLY You can't write against a read only replica.", "don't try again", "in progress",
			"max number of clients", "timed out", "with replica instances", "upstream failure",
		} {
			line := strings.ReplaceAll(form, "%", name)
			if v := classify.Of(classify.Line(line), nil); v.Do != classify.Return {
				t.Errorf("%q: got %v, %v; want return", line, v.Kind.String(), v.Do)
			}
		}
	}
	for _, name := range []string{"idx", "a:b", "try again", "max number of clients", "upstream failure", "in progress:"} {
		if v := classify.Of(classify.Line(name+": No such index"), nil); v.Kind != errs.NoSuchKey || v.Do != classify.Return {
			t.Errorf("index %q: got %v, %v; want NoSuchKey, return", name, v.Kind.String(), v.Do)
		}
	}
}
