package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redoubt-go/redoubt/internal/servers"
)

// checkDemo holds the output of a demo that behaved.
func checkDemo(t *testing.T, stdout string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if len(lines) < 9 {
		t.Fatalf("%d lines; want 8 steps and a summary at least:\n%s", len(lines), stdout)
	}
	steps := lines[:len(lines)-1]
	for i, line := range steps {
		var got demoResult
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("line %d is not JSON: %v", i+1, err)
		}
		if keys := jsonKeys(t, line); strings.Join(keys, " ") != "step title expect observed ok ms" {
			t.Errorf("step %d has the keys %v", i+1, keys)
		}
		if got.Step != i+1 || got.Title == "" || got.Expect == "" || got.Observed == "" || !got.OK || got.MS < 0 {
			t.Errorf("step %d: %s", i+1, line)
		}
	}
	var sum map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &sum); err != nil {
		t.Fatalf("the summary is not JSON: %v", err)
	}
	if len(sum) != 2 || sum["ok"] != true || sum["steps"] != float64(len(steps)) {
		t.Errorf("summary %v; want ok and %d steps", sum, len(steps))
	}
}

func TestDemoBehavesOnTheEmbeddedServer(t *testing.T) {
	t.Parallel()
	start := time.Now()
	code, stdout, stderr := redoubt(t, "", "demo", "--json")
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q; want 0 and nothing", code, stderr)
	}
	checkDemo(t, stdout)
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %v; want less than 30s", took)
	}
}

// Not parallel: it counts the goroutines of the process.
//
//nolint:paralleltest // as above
func TestDemoLeavesNoGoroutine(t *testing.T) {
	before := goleak.IgnoreCurrent()
	if code, _, stderr := redoubt(t, "", "demo", "--json"); code != 0 {
		t.Errorf("exit code %d, stderr %q; want 0", code, stderr)
	}
	goleak.VerifyNone(t, before)
}

func TestDemoTellsPeopleWhatHappens(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := redoubt(t, "", "demo")
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q; want 0 and nothing", code, stderr)
	}
	for _, want := range []string{
		"SET, attempt 1: Loading, not executed, retry-backoff",
		"INCR, attempt 1: ConnLost, may have been executed, return",
		"sent 1 time; the counter is 1",
		"breaker, read lane: half-open -> closed",
		"All 9 steps behaved.",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the timeline lacks %q:\n%s", want, stdout)
		}
	}
	if strings.Contains(stdout, "\x1b") {
		t.Error("there are colours although the output is no terminal")
	}
}

func TestDemoLeavesAGivenServerAsItWas(t *testing.T) {
	t.Parallel()
	for _, bin := range servers.Need(t) {
		t.Run(bin.String(), func(t *testing.T) {
			t.Parallel()
			s := servers.Start(t, bin, servers.Password(marker))
			sha, err := s.Do("SCRIPT", "LOAD", "return 'of somebody else'")
			if err != nil {
				t.Fatal(err)
			}
			code, stdout, stderr := redoubt(t, "", "demo", "--json", "--redis", s.URL())
			if code != 0 || stderr != "" {
				t.Errorf("exit code %d, stderr %q; want 0 and nothing", code, stderr)
			}
			checkDemo(t, stdout)
			if strings.Contains(stdout+stderr, marker) {
				t.Error("the password is printed")
			}
			if size, err := s.Do("DBSIZE"); err != nil || size != int64(0) {
				t.Errorf("DBSIZE = %v, %v; want 0: keys are left", size, err)
			}
			if reply, err := s.Do("EVALSHA", sha.(string), "0"); err != nil {
				t.Errorf("a script of somebody else: %v, %v; want it to be there", reply, err)
			}
		})
	}
}

func TestDemoWorksOverTLSAndUnixSockets(t *testing.T) {
	t.Parallel()
	over := func(name string, bin servers.Binary, query string, opt servers.Option) {
		t.Run(name+" "+bin.String(), func(t *testing.T) {
			t.Parallel()
			s := servers.Start(t, bin, opt, servers.Config("tls-auth-clients", "no"))
			code, stdout, stderr := redoubt(t, "", "demo", "--json", "--redis", s.URL()+query)
			if code != 0 || stderr != "" {
				t.Errorf("exit code %d, stderr %q; want 0 and nothing", code, stderr)
			}
			checkDemo(t, stdout)
		})
	}
	for _, bin := range servers.Need(t, servers.CanTLS) {
		over("tls", bin, "?skip_verify=true", servers.TLS())
		over("unix", bin, "", servers.UnixSocket())
	}
}

// stepsOf are steps that do nothing but end so.
func stepsOf(outcomes ...error) (steps []demoStep) {
	for _, err := range outcomes {
		steps = append(steps, demoStep{title: "t", expect: "e", run: func(context.Context, *stage) (string, bool, error) {
			return "seen", err == nil, err
		}})
	}
	return steps
}

func TestDemoIsNotOKIfAStepIsNot(t *testing.T) {
	t.Parallel()
	s, err := newStage(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	var out bytes.Buffer
	ok, err := play(t.Context(), s, jsonTimeline{encoder(&out)}, stepsOf(nil, errors.New("no stage"), nil))
	if ok || err != nil {
		t.Errorf("play = %v, %v; want false and no error", ok, err)
	}
	want := `{"step":2,"title":"t","expect":"e","observed":"the step could not be played: no stage","ok":false,`
	if !strings.Contains(out.String(), want) || !strings.HasSuffix(out.String(), "{\"ok\":false,\"steps\":3}\n") {
		t.Errorf("got %s", out.String())
	}
}

func TestDemoEndsWhenInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var out interruptor
	out.when, out.interrupt = "2/9", cancel
	if code := run(ctx, []string{"demo"}, strings.NewReader(""), &out, &out); code != exitInterrupted {
		t.Errorf("exit code %d; want %d", code, exitInterrupted)
	}
	if strings.Contains(out.String(), "4/9") {
		t.Errorf("it went on:\n%s", out.String())
	}
}

// interruptor interrupts when it reads a word.
type interruptor struct {
	bytes.Buffer
	when      string
	interrupt func()
}

func (i *interruptor) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(i.when)) {
		i.interrupt()
	}
	return i.Buffer.Write(b)
}

func TestDemoGivesOneLineForBadInput(t *testing.T) {
	t.Parallel()
	checkTargets(t, "demo", "--redis")
	checkTargets(t, "demo", "--json", "--redis")
	checkArguments(t, "demo", []string{"x"}, []string{"--redis"}, []string{"--redis", ""}, []string{"--no-such-flag"})
}

func TestReadValueTakesWholeValues(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"+OK\r\n", "-ERR x\r\n", ":1\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", "(12\r\n",
		"$-1\r\n", "$0\r\n\r\n", "$4\r\na\r\nb\r\n", "=7\r\ntxt:abc\r\n", "!3\r\nERR\r\n",
		"*-1\r\n", "*0\r\n", "*2\r\n$1\r\na\r\n*1\r\n:1\r\n", "~1\r\n+a\r\n", "%1\r\n+a\r\n:1\r\n",
		"|1\r\n+ttl\r\n:1\r\n$1\r\na\r\n", ">2\r\n+invalidate\r\n_\r\n+OK\r\n",
	} {
		r := bufio.NewReader(strings.NewReader(value + "+next\r\n"))
		got, err := readValue(r)
		if string(got) != value || err != nil {
			t.Errorf("readValue of %q = %q, %v", value, got, err)
		}
	}
	for _, broken := range []string{
		"", "\n", "x\r\n", "HTTP/1.1 400\r\n", "$x\r\n", "$5\r\nab", "*2\r\n+a\r\n", "*2000000000000\r\n",
		strings.Repeat("*1\r\n", 1000) + "+a\r\n",
	} {
		if got, err := readValue(bufio.NewReader(strings.NewReader(broken))); err == nil {
			t.Errorf("readValue of %.20q = %q; want an error", broken, got)
		}
	}
}

func FuzzReadValue(f *testing.F) {
	for _, seed := range []string{"+OK\r\n", "$4\r\na\r\nb\r\n", "%1\r\n+a\r\n:1\r\n", "|1\r\n+ttl\r\n:1\r\n$1\r\na\r\n", "*9\r\n$-1\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := readValue(bufio.NewReader(bytes.NewReader(b)))
		if !bytes.HasPrefix(b, got) {
			t.Errorf("readValue of %q = %q; want a beginning of it", b, got)
		}
		again, errAgain := readValue(bufio.NewReader(bytes.NewReader(got)))
		if err == nil && (errAgain != nil || !bytes.Equal(again, got)) {
			t.Errorf("readValue of %q = %q, %v; want it to be whole", got, again, errAgain)
		}
	})
}
