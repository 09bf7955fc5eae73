package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// redoubt runs the command in this process.
func redoubt(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &err)
	return code, out.String(), err.String()
}

// explained decodes the objects that the command prints for the lines of stdin.
func explained(t *testing.T, stdin string, args ...string) []explanation {
	t.Helper()
	code, stdout, stderr := redoubt(t, stdin, append([]string{"explain", "--json"}, args...)...)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	var all []explanation
	for line := range strings.Lines(stdout) {
		var x explanation
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatalf("not JSON: %v", err)
		}
		all = append(all, x)
	}
	return all
}

func TestExplainJSONHasEveryKeyInOrder(t *testing.T) {
	t.Parallel()
	want := `{"input":"MOVED 3999 127.0.0.1:6381","kind":"Moved","class":"Redirect","code":"MOVED",` +
		`"effect":"not-executed","do":"redirect","fix":["refresh-topology"],"lane":"success",` +
		`"addr":"127.0.0.1:6381","slot":3999,"cachekit":"",`
	_, stdout, _ := redoubt(t, "", "explain", "--json", "MOVED 3999 127.0.0.1:6381")
	if !strings.HasPrefix(stdout, want) {
		t.Errorf("got %s; want it to begin with %s", stdout, want)
	}
	keys := []string{
		"input", "kind", "class", "code", "effect", "do", "fix", "lane", "addr", "slot", "cachekit", "meaning", "cause", "action",
	}
	for _, input := range []string{"", "ERR", "WRONGTYPE x", "Loading", "E011", "MYCODE x", "\xff\x00"} {
		_, stdout, _ := redoubt(t, "", "explain", "--json", input)
		decoder := json.NewDecoder(strings.NewReader(stdout))
		var got []string
		for depth, isKey := 0, true; ; {
			token, err := decoder.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			switch token {
			case json.Delim('{'), json.Delim('['):
				depth++
				continue
			case json.Delim('}'), json.Delim(']'):
				depth--
			default:
				if depth == 1 && isKey {
					got = append(got, token.(string))
					isKey = false
					continue
				}
			}
			isKey = isKey || depth == 1
		}
		if !reflect.DeepEqual(got, keys) {
			t.Errorf("explain %q: keys %v; want %v", input, got, keys)
		}
	}
}

func TestExplainFillsAbsentValues(t *testing.T) {
	t.Parallel()
	_, stdout, _ := redoubt(t, "", "explain", "--json", "WRONGTYPE Operation against a key holding the wrong kind of value")
	for _, want := range []string{`"fix":[]`, `"addr":""`, `"slot":null`, `"cachekit":""`} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%s is not in %s", want, stdout)
		}
	}
}

func TestExplainGivesTheTrapsTheirVerdict(t *testing.T) {
	t.Parallel()
	tests := []struct {
		line string
		want string // allowed values of "do"
	}{
		{"BUSYKEY Target key name already exists.", "return"},
		{"BUSYGROUP Consumer Group name already exists", "return"},
		{"BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", "retry-backoff"},
		{"MOVED 3999 127.0.0.1:6381 script: 1a4c98b5, on @user_script:1.", "return"},
		{"moved 1 127.0.0.1:1", "return"},
		{"MOVED 99999 127.0.0.1:6381", "return"},
		{"MOVED 1", "return"},
		{"MOVED", "return"},
		{"ASK", "return"},
		{"ASK 1 nohost", "return"},
		{"MOVED 3999 127.0.0.1:6381", "redirect"},
		{"ASK 3999 ::1:6381", "ask"},
		{"ERR MOVED 3999 127.0.0.1:6381", "return"},
		{"ERR user_script:1: MOVED 1 127.0.0.1:1 script: abc, on @user_script:1.", "return"},
		{"EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica.", "retry-backoff retry-now"},
		{"EXECABORT Transaction discarded because of previous errors.", "return"},
		{"EXECABORT Transaction discarded because of: LOADING Redis is loading the dataset in memory", "retry-backoff"},
		{"ERR Error running script (call to f_abc): @user_script:1: @user_script: 1: -READONLY You can't write against a read only replica.", "retry-backoff retry-now"},
		{"ERR Write commands are not allowed from read-only scripts. script: abc, on @user_script:1.", "return"},
		{"ERR timeout is negative", "return"},
		{"ERR max number of clients reached", "retry-backoff"},
		{"ERR max number of clients + cluster connections reached", "retry-backoff"},
		{"LOADING Valkey is loading the dataset in memory", "retry-backoff"},
		{"NOGROUP No such key 'LOADING' or consumer group 'MOVED'", "return"},
		{"UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)", "retry-backoff retry-now"},
		{"UNBLOCKED client unblocked via CLIENT UNBLOCK", "return"},
		{"MYCODE something only we know", "return"},
		{"12 script: x", "return"},
		{"-X y", "return"},
		{" leading space", "return"},
		{"ERR", "return"},
		{"ERR ", "return"},
		{"", "return"},
		{strings.Repeat("A", 100_000), "return"},
	}
	var in strings.Builder
	for _, test := range tests {
		in.WriteString(test.line + "\n")
	}
	all := explained(t, in.String(), "-")
	if len(all) != len(tests) {
		t.Fatalf("%d objects; want %d", len(all), len(tests))
	}
	for i, test := range tests {
		if got := all[i]; got.Input != test.line || !strings.Contains(" "+test.want+" ", " "+got.Do+" ") {
			t.Errorf("%.80q: do %q of %.80q; want %s", test.line, got.Do, got.Input, test.want)
		}
	}
	if got := all[26].Kind; got != "UnknownReply" {
		t.Errorf("kind of an unheard-of code is %q; want UnknownReply", got)
	}
}

func TestExplainReadsLinesWhateverTheBytes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5<<20)
	tests := []struct {
		stdin string
		want  []string
	}{
		{"", nil},
		{"\n", []string{""}},
		{"ERR a", []string{"ERR a"}},
		{"ERR a\n", []string{"ERR a"}},
		{"ERR a\n\nERR b", []string{"ERR a", "", "ERR b"}},
		{" ERR a \r\n", []string{" ERR a \r"}},
		{"-\n--json\n", []string{"-", "--json"}},
		{"a\x00b\xffc\n<&>\n", []string{"a\x00b\uFFFDc", "<&>"}},
		{"ReadOnly\nE011\n", []string{"ReadOnly", "E011"}},
		{long + "\nERR a\n", []string{long, "ERR a"}},
	}
	for _, test := range tests {
		var got []string
		for _, x := range explained(t, test.stdin, "-") {
			got = append(got, x.Input)
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%.40q gives %.80q; want %.80q", test.stdin, got, test.want)
		}
	}
	if got := explained(t, "ReadOnly\n", "-")[0].Kind; got == "ReadOnly" {
		t.Errorf("a line of standard input is taken for a kind; want it read as a reply")
	}
}

// An answer must not wait for the next line: a script may feed lines one by one.
func TestExplainAnswersEachLineAtOnce(t *testing.T) {
	t.Parallel()
	in, feed := io.Pipe()
	read, out := io.Pipe()
	done := make(chan int, 1)
	go func() { done <- run(t.Context(), []string{"explain", "--json", "-"}, in, out, io.Discard) }()
	answers := json.NewDecoder(read)
	for i := range 3 {
		line := "ERR " + strconv.Itoa(i)
		if _, err := io.WriteString(feed, line+"\n"); err != nil {
			t.Fatal(err)
		}
		var x explanation
		if err := answers.Decode(&x); err != nil || x.Input != line {
			t.Fatalf("got %q, %v; want %q", x.Input, err, line)
		}
	}
	_ = feed.Close()
	if code := <-done; code != 0 {
		t.Errorf("exit code %d; want 0", code)
	}
}

func TestExplainEndsWhenInterrupted(t *testing.T) {
	t.Parallel()
	in, feed := io.Pipe()
	t.Cleanup(func() { _ = feed.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := run(ctx, []string{"explain", "-"}, in, io.Discard, io.Discard); code != exitInterrupted {
		t.Errorf("exit code %d; want %d", code, exitInterrupted)
	}
}

func TestExplainReportsBrokenInputAndOutput(t *testing.T) {
	t.Parallel()
	in, feed := io.Pipe()
	_ = feed.CloseWithError(io.ErrNoProgress)
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"explain", "-"}, in, io.Discard, &stderr); code != 1 || stderr.Len() == 0 {
		t.Errorf("broken input: exit code %d, stderr %q; want 1 and a line", code, &stderr)
	}
	stderr.Reset()
	read, out := io.Pipe()
	_ = read.Close()
	if code := run(t.Context(), []string{"explain", "ReadOnly"}, nil, out, &stderr); code != 1 || stderr.Len() == 0 {
		t.Errorf("broken output: exit code %d, stderr %q; want 1 and a line", code, &stderr)
	}
}

func TestExplainLooksUpEveryKind(t *testing.T) {
	t.Parallel()
	for _, kind := range errs.Kinds() {
		got := explained(t, "", kind.String())[0]
		row, v := kind.Row(), classify.OfKind(kind)
		want := explanation{
			Input: row.Name, Kind: row.Name, Class: row.Class.String(), Effect: v.Effect.String(), Do: v.Do.String(),
			Fix: v.Fix.Names(), Lane: v.Lane.String(), Cachekit: row.Code,
			Meaning: row.Meaning, Cause: row.Cause, Action: row.Action,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v; want %+v", got, want)
		}
	}
}

func TestExplainLooksUpEveryCode(t *testing.T) {
	t.Parallel()
	codes := map[string]bool{"E004": true}
	for _, kind := range errs.Kinds() {
		if code := kind.CachekitCode(); code != "" {
			codes[code] = true
		}
	}
	for code := range codes {
		got := explained(t, "", code)
		if len(got) != 1 || got[0].Kind == "" {
			t.Fatalf("%s gives %+v; want one kind", code, got)
		}
		if kind, _ := errs.KindNamed(got[0].Kind); code != "E004" && kind.CachekitCode() != code {
			t.Errorf("%s gives %s, whose code is %s", code, kind, kind.CachekitCode())
		}
		_, text, _ := redoubt(t, "", "explain", code)
		for _, kind := range errs.Kinds() {
			if kind.CachekitCode() == code && !strings.Contains(text, kind.String()) {
				t.Errorf("explain %s does not name %s", code, kind)
			}
		}
	}
}

// Only exact names are looked up; everything else is a reply.
func TestExplainTakesOtherWordsForReplies(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"readonly", "READONLY", "ReadOnly ", "e011", "E11", "E0111", "E1XX"} {
		got := explained(t, "", text)[0]
		want := classify.Of(classify.Line(text), nil).Kind.String()
		if got.Kind != want {
			t.Errorf("explain %q: kind %s; want %s", text, got.Kind, want)
		}
	}
}

func TestExplainAppliesTheReplayRuleToACommand(t *testing.T) {
	t.Parallel()
	slot := strconv.Itoa(keySlot("k"))
	tests := []struct{ command, input, want string }{
		{"GET k", "ConnLost", "retry-backoff"},
		{"get k", "ConnLost", "retry-backoff"},
		{"INCR k", "ConnLost", "return"},
		{"SET k v NX", "ConnLost", "return"},
		{"NOSUCH k", "ConnLost", "return"},
		{"INCR k", "LOADING Redis is loading the dataset in memory", "retry-backoff"},
		{"INCR k", "DialRefused", "retry-backoff"},
		{"GET k", "WRONGTYPE Operation against a key holding the wrong kind of value", "return"},
		{"EVAL 'return 1' 1 k", "MOVED " + slot + " 127.0.0.1:6381", "redirect"},
		{`EVAL "return 1" 1 {k}x`, "MOVED " + slot + " 127.0.0.1:6381", "redirect"},
		{"EVAL 'return 1' 1 other", "MOVED " + slot + " 127.0.0.1:6381", "return"},
		{"EVAL 'return 1' 0 k", "MOVED " + slot + " 127.0.0.1:6381", "return"},
		{"FCALL f 1 k", "MOVED " + slot + " 127.0.0.1:6381", "redirect"},
	}
	for _, test := range tests {
		got := explained(t, "", "--command", test.command, test.input)[0]
		if got.Do != test.want {
			t.Errorf("explain --command %q %q: do %s; want %s", test.command, test.input, got.Do, test.want)
		}
	}
	if got := explained(t, "", "ConnLost")[0].Do; got != "retry-backoff" {
		t.Errorf("without a command: do %s; want what happens if the effect allows it", got)
	}
}

func TestExplainPrintsAPageForPeople(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := redoubt(t, "", "explain", "MOVED 3999 127.0.0.1:6381")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	for _, want := range []string{
		"MOVED 3999 127.0.0.1:6381\n", "  kind        Moved, class Redirect\n", "  do          redirect\n",
		"  address     127.0.0.1:6381\n", "  slot        3999\n", "  meaning     ", "  what to do  ",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
	for line := range strings.Lines(stdout) {
		if utf8.RuneCountInString(line) > 80 {
			t.Errorf("line of more than 80 columns: %q", line)
		}
	}
	_, stdout, _ = redoubt(t, "", "explain", "ERR \x1b[31mred\x07")
	if strings.ContainsAny(stdout, "\x1b\x07") {
		t.Errorf("control characters reach the terminal: %q", stdout)
	}
	_, stdout, _ = redoubt(t, "", "explain", "--command", "INCR k", "ConnLost")
	if want := "return (INCR is rated accumulating"; !strings.Contains(stdout, want) {
		t.Errorf("%q is not in\n%s", want, stdout)
	}
}

func TestBadInputGetsOneLineAndExitCode2(t *testing.T) {
	t.Parallel()
	tests := [][]string{
		{},
		{"nosuch"},
		{"--nosuch"},
		{"explain"},
		{"explain", "a", "b"},
		{"explain", "--nosuch", "x"},
		{"explain", "-MOVED 1 h:1"},
		{"explain", "--json=maybe", "x"},
		{"explain", "--command"},
		{"explain", "--command", "", "x"},
		{"explain", "--command", "  ", "x"},
		{"explain", "--command", "''", "x"},
		{"explain", "--command", "EVAL 'x", "x"},
		{"explain", "E099"},
		{"help", "nosuch"},
	}
	oneLine := regexp.MustCompile(`^redoubt[^\n]+\n$`)
	for _, args := range tests {
		code, stdout, stderr := redoubt(t, "", args...)
		if code != exitUsage || stdout != "" || !oneLine.MatchString(stderr) {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q; want 2 and one line on stderr", args, code, stdout, stderr)
		}
	}
}

func TestHelpIsEverywhere(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"-h"}, {"help"}} {
		code, stdout, stderr := redoubt(t, "", args...)
		if code != 0 || stderr != "" {
			t.Errorf("%q: exit code %d, stderr %q", args, code, stderr)
		}
		for _, c := range commands {
			if !strings.Contains(stdout, "  "+c.name+" ") {
				t.Errorf("%q does not list %s", args, c.name)
			}
		}
	}
	for _, c := range commands {
		for _, args := range [][]string{{c.name, "--help"}, {c.name, "-h"}, {"help", c.name}} {
			code, stdout, stderr := redoubt(t, "", args...)
			if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "Usage: redoubt "+c.name) {
				t.Errorf("%q: exit code %d, stdout %.40q, stderr %q; want the usage on stdout", args, code, stdout, stderr)
			}
		}
	}
}

func TestFlagsMayFollowTheText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args  []string
		input string
	}{
		{[]string{"explain", "ERR x", "--json"}, "ERR x"},
		{[]string{"explain", "ERR x", "--command", "GET k", "--json"}, "ERR x"},
		{[]string{"explain", "--json", "--", "-X y"}, "-X y"},
		{[]string{"explain", "--json", "--", "--json"}, "--json"},
	}
	for _, test := range tests {
		_, stdout, stderr := redoubt(t, "", test.args...)
		var x explanation
		if err := json.Unmarshal([]byte(stdout), &x); err != nil || x.Input != test.input {
			t.Errorf("%q: %q (%v), stderr %q; want input %q", test.args, x.Input, err, stderr, test.input)
		}
	}
}

func TestKeySlotFollowsTheClusterSpecification(t *testing.T) {
	t.Parallel()
	tests := map[string]int{ // as CLUSTER KEYSLOT answers
		"123456789": 12739, "foo": 12182, "{foo}bar": 12182, "": 0, "a{}b": 13694, "x{foo": 11351,
		"{{foo}}": 13308, "{foo}{bar}": 12182, "k": 7629, "}{a}": 15495,
	}
	for key, want := range tests {
		if got := keySlot(key); got != want {
			t.Errorf("keySlot(%q) = %d; want %d", key, got, want)
		}
	}
}

func FuzzExplain(f *testing.F) {
	f.Add("MOVED 1 h:1", "GET k")
	f.Add("ERR \xff", "EVAL 'x' 1 k")
	f.Fuzz(func(t *testing.T, text, commandLine string) {
		e := &explainer{}
		if commandLine != "" && e.about(commandLine) != nil {
			return
		}
		x := e.text(text)
		if _, ok := errs.KindNamed(x.Kind); !ok {
			t.Errorf("%q has the kind %q", text, x.Kind)
		}
		if page([]explanation{x}, style{}) == "" || x.Fix == nil {
			t.Errorf("%q: nothing explained", text)
		}
	})
}
