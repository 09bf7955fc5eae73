package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"
)

const demoHelp = `Usage: redoubt demo [--json] [--redis URL]

Walks through real failures of a server, one step each, and shows live what the
client makes of them. Exit code 0 means that every step behaved.

  --json   print one object per step,
           {"step","title","expect","observed","ok","ms"}, then {"ok","steps"}
  --redis  use the server at redis://, rediss:// or unix:// instead of an
           embedded one

Faults come from a proxy on loopback between the client and the server, which
answers or cuts connections by itself: a given server sees ordinary commands
only, on a few keys "redoubt:demo:..." that are deleted at the end. Its scripts
are not flushed; the proxy answers as if they were.
`

const (
	demoTime = 25 * time.Second // for all steps together
	stepTime = 5 * time.Second  // for one; a step that behaves takes far less
)

// demo is the command. It returns 0 if every step behaved, 1 if one did not
// and 2 if there is no server to show anything with.
func demo(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "")
	url := flags.String("redis", "", "")
	others, err := parseArgs(flags, args)
	if err == nil && len(others) > 0 {
		err = fmt.Errorf("want no arguments, got %d", len(others))
	}
	flags.Visit(func(f *flag.Flag) {
		if f.Name == "redis" && *url == "" && err == nil {
			err = errors.New("--redis needs a URL")
		}
	})
	if err != nil {
		return usageError(err, "demo", demoHelp, stdout, stderr)
	}

	ctx, cancel := context.WithTimeout(ctx, demoTime)
	defer cancel()
	stage, err := newStage(ctx, *url)
	if err != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			return exitInterrupted
		}
		fmt.Fprintln(stderr, "redoubt demo:", cannotUse(err, *url))
		return exitUsage
	}
	defer stage.close()

	var out timeline = &textTimeline{w: stdout, style: styleFor(stdout), steps: len(demoSteps)}
	if *asJSON {
		out = jsonTimeline{encoder(stdout)}
	}
	ok, err := play(ctx, stage, out, demoSteps)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return exitInterrupted
	case err != nil:
		fmt.Fprintln(stderr, "redoubt demo:", err)
		return 1
	case !ok:
		return 1
	}
	return 0
}

// demoStep is one failure on the stage.
type demoStep struct {
	title  string
	expect string
	// run makes the failure happen and says what was seen. An error means that
	// the step could not be played at all.
	run func(ctx context.Context, s *stage) (observed string, ok bool, err error)
}

// demoResult is what came of a step, in the shape of the JSON output.
type demoResult struct {
	Step     int    `json:"step"`
	Title    string `json:"title"`
	Expect   string `json:"expect"`
	Observed string `json:"observed"`
	OK       bool   `json:"ok"`
	MS       int64  `json:"ms"`
}

// demoSummary is the last object of the JSON output.
type demoSummary struct {
	OK    bool `json:"ok"`
	Steps int  `json:"steps"`
}

// play runs the steps in order and reports whether all of them behaved. The
// error is of the output, or that of a run that was interrupted.
func play(ctx context.Context, s *stage, out timeline, steps []demoStep) (ok bool, err error) {
	if err := out.open(s.about); err != nil {
		return false, err
	}
	ok = true
	for i, step := range steps {
		result, err := playStep(ctx, s, out, i+1, step)
		if err != nil {
			return false, err
		}
		ok = ok && result.OK
	}
	return ok, out.close(demoSummary{OK: ok, Steps: len(steps)})
}

func playStep(ctx context.Context, s *stage, out timeline, n int, step demoStep) (demoResult, error) {
	result := demoResult{Step: n, Title: step.title, Expect: step.expect}
	if err := out.begin(result); err != nil {
		return result, err
	}
	bounded, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	start := time.Now()
	observed, ok, err := "", false, s.reset(ctx, out)
	if err == nil {
		observed, ok, err = step.run(bounded, s)
	}
	s.drop()
	result.MS = time.Since(start).Milliseconds()
	if err != nil {
		observed, ok = "the step could not be played: "+err.Error(), false
	}
	result.Observed, result.OK = observed, ok
	if errors.Is(ctx.Err(), context.Canceled) {
		return result, ctx.Err()
	}
	return result, out.end(result)
}

// jsonTimeline prints results, and nothing of what happens meanwhile.
type jsonTimeline struct{ *json.Encoder }

func (jsonTimeline) open(string) error             { return nil }
func (jsonTimeline) begin(demoResult) error        { return nil }
func (jsonTimeline) note(time.Duration, string)    {}
func (t jsonTimeline) end(r demoResult) error      { return t.Encode(r) }
func (t jsonTimeline) close(sum demoSummary) error { return t.Encode(sum) }
