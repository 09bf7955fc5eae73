package classify_test

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// row is a line of testdata/server-errors.tsv.
type row struct{ code, category, retryable, executed, kind, line string }

func catalogue(t *testing.T) []row {
	t.Helper()
	var rows []row
	for _, f := range readTable(t, "testdata/server-errors.tsv", 6) {
		rows = append(rows, row{f[0], f[1], f[2], f[3], f[4], f[5]})
	}
	return rows
}

// readTable reads a table of tab-separated columns behind a note and a header.
func readTable(t *testing.T, name string, columns int) [][]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows [][]string
	sc := bufio.NewScanner(f)
	for n := 0; sc.Scan(); n++ {
		if n < 2 {
			continue
		}
		fields := strings.SplitN(sc.Text(), "\t", columns)
		if len(fields) != columns {
			t.Fatalf("%s:%d: got %d columns; want %d", name, n+1, len(fields), columns)
		}
		rows = append(rows, fields)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// effects and dos say which verdicts agree with the columns executed and
// retryable.
var (
	effects = map[string][]errs.Effect{
		"no": {errs.NotExecuted}, "yes": {errs.Executed}, "maybe": {errs.Unknown},
		"partial": {errs.Partial, errs.Unknown},
	}
	dos = map[string][]classify.Do{
		"never":                       {classify.Return},
		"after-operator-action":       {classify.Return, classify.RetryBackoff},
		"same-node-after-delay":       {classify.RetryBackoff},
		"refresh-topology-then-retry": {classify.RetryBackoff, classify.RetryNow, classify.Redirect},
		"reconnect-then-retry":        {classify.RetryBackoff, classify.RetryNow},
		"reauth":                      {classify.RetryNow, classify.Return},
		"redirect":                    {classify.Redirect, classify.RetryBackoff, classify.RetryNow},
		"ask":                         {classify.Ask},
		"reload-script-then-retry":    {classify.RetryNow, classify.Return},
	}
)

// disputed are the lines where the catalogue cannot be met: three describe a
// command outside of scripts while the line is from inside of one, and a line
// without a code does not tell that a script wrote it.
var disputed = []string{
	"WRONGTYPE Operation against a key holding the wrong kind of value script: f, on @user_function:2.",
	"ERR value is not an integer or out of range script: 1be015e58a0658c47da55911b435b4acf11a9346, on @user_script:3.",
	"ERR Blocking module command called from Lua script script: f9948b36db4b4774ee2ac72cdbe25249c8f92b1f, on @user_script:1.",
	"My Error",
}

func TestCatalogueAgrees(t *testing.T) {
	t.Parallel()
	for _, r := range catalogue(t) {
		v := classify.Of(classify.Line(r.line), nil)
		if v.Kind.String() != r.kind {
			t.Errorf("%q: got kind %v; want %s", r.line, v.Kind, r.kind)
		}
		if v.Kind == errs.UnknownReply {
			t.Errorf("%q: is not typed", r.line)
		}
		if slices.Contains(disputed, r.line) {
			continue
		}
		if !slices.Contains(effects[r.executed], v.Effect) {
			t.Errorf("%q: got effect %v; want one of %v", r.line, v.Effect, effects[r.executed])
		}
		if !slices.Contains(dos[r.retryable], v.Do) {
			t.Errorf("%q: got %v; want one of %v", r.line, v.Do, dos[r.retryable])
		}
	}
}

func TestObservedLinesKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	for _, f := range readTable(t, "testdata/observed.tsv", 4) {
		v := classify.Of(classify.Line(f[3]), nil)
		if got := [3]string{v.Kind.String(), v.Effect.String(), v.Do.String()}; got != [3]string(f[:3]) {
			t.Errorf("%q: got %v; want %v", f[3], got, f[:3])
		}
	}
}

// written are the lines that mean something else once rueidis has cut off
// "ERR ": without it they are codes, redirections or empty.
func changedByRueidis(line string) bool {
	rest, ok := strings.CutPrefix(line, "ERR ")
	return ok && (strings.HasPrefix(rest, "MOVED ") || rest == "NOSPACE" || rest == "OOM in dictTryExpand")
}

// bare reports whether a line has no code at all: only on the wire can it be
// told from an ERR text, and only there its effect is in doubt.
func bare(line string) bool {
	c := classify.Of(classify.Line(line), nil).Code
	return c == "" || line == ""
}

// TestRueidisFormAgrees sends every collected line through rueidis and compares
// the verdicts on what it hands over and on the line itself.
func TestRueidisFormAgrees(t *testing.T) {
	t.Parallel()
	var lines []string
	for _, r := range catalogue(t) {
		lines = append(lines, r.line)
	}
	for _, f := range readTable(t, "testdata/observed.tsv", 4) {
		lines = append(lines, f[3])
	}
	for _, f := range readTable(t, "testdata/wild.tsv", 5) {
		lines = append(lines, f[4])
	}
	for i, err := range fromRueidis(t, lines) {
		line := classify.Of(classify.Line(lines[i]), nil)
		plain := classify.Of(err, nil)
		line.Code, plain.Code = "", "" // of a line without a code rueidis does not tell that it had none
		if plain != line && !changedByRueidis(lines[i]) && !bare(lines[i]) {
			t.Errorf("%q: got %+v through rueidis; want %+v", lines[i], plain, line)
		}
	}
}

// TestExampleLinesOfKinds holds the example in the table of kinds to what the
// classifier makes of it.
func TestExampleLinesOfKinds(t *testing.T) {
	t.Parallel()
	n := 0
	for _, k := range errs.Kinds() {
		line, ok := strings.CutPrefix(k.Row().Example, "-")
		if !ok {
			continue
		}
		n++
		if got := classify.Of(classify.Line(line), nil).Kind; got != k {
			t.Errorf("example of %v: %q: got %v; want %v", k, line, got, k)
		}
	}
	if n < 50 {
		t.Errorf("got %d kinds with an error line for an example; want at least 50", n)
	}
}
