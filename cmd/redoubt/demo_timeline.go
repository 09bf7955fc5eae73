package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
)

// timeline is where the demo shows what happens. note may be called from any
// goroutine, between begin and end of a step; the others are not concurrent.
type timeline interface {
	open(about string) error
	begin(step demoResult) error
	note(at time.Duration, text string)
	end(step demoResult) error
	close(sum demoSummary) error
}

// textTimeline is for people: every line is written when it happens.
type textTimeline struct {
	w     io.Writer
	style style
	steps int

	mu  sync.Mutex
	err error // the first of writing
}

func (t *textTimeline) printf(format string, args ...any) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format, args...)
	}
	return t.err
}

func (t *textTimeline) open(about string) error {
	return t.printf("%s\n%s\n", t.style.bold("redoubt demo"), t.style.dim(about))
}

func (t *textTimeline) begin(step demoResult) error {
	head := fmt.Sprintf("%d/%d  %s", step.Step, t.steps, step.Title)
	return t.printf("\n%s\n%s", t.style.bold(head), t.field("expect", step.Expect))
}

func (t *textTimeline) note(at time.Duration, text string) {
	_ = t.printf("  %s\n", t.style.dim(fmt.Sprintf("%6.1f ms  %s", milliseconds(at), text)))
}

func (t *textTimeline) end(step demoResult) error {
	verdict := t.style.paint("32", "ok")
	if !step.OK {
		verdict = t.style.paint("1;31", "FAILED")
	}
	return t.printf("%s%s", t.field("observed", step.Observed), t.field(verdict, fmt.Sprintf("%d ms", step.MS)))
}

func (t *textTimeline) close(sum demoSummary) error {
	if !sum.OK {
		return t.printf("\n%s\n", t.style.paint("1;31", "Not every step behaved."))
	}
	return t.printf("\n%s\n", t.style.paint("32", fmt.Sprintf("All %d steps behaved.", sum.Steps)))
}

// field is a name with its text beside it, in lines that fit a terminal.
func (t *textTimeline) field(name, text string) string {
	var b strings.Builder
	for i, line := range wrap(text, 66) {
		pad := 9 - visible(name)
		if i > 0 {
			name, pad = "", 9
		}
		fmt.Fprintf(&b, "  %s%s  %s\n", name, strings.Repeat(" ", max(0, pad)), line)
	}
	return b.String()
}

// visible is the width of a text without its colours.
func visible(text string) int {
	n, inside := 0, false
	for _, r := range text {
		switch {
		case r == '\x1b':
			inside = true
		case inside:
			inside = r != 'm'
		default:
			n++
		}
	}
	return n
}

// eventText says in a line what an observer was told.
func eventText(ev client.Event) string {
	switch ev.Type {
	case client.EventBreaker:
		return fmt.Sprintf("breaker, %s lane: %s -> %s", ev.Lane, ev.From, ev.To)
	case client.EventRetire:
		return fmt.Sprintf("connections replaced because of %v", ev.Kind.String())
	case client.EventAttempt:
		if ev.Kind == 0 {
			return fmt.Sprintf("%s, attempt %d: answered", ev.Op.Name, ev.Attempt)
		}
		return fmt.Sprintf("%s, attempt %d: %s, %s, %s", ev.Op.Name, ev.Attempt, ev.Kind.String(), effectText(ev.Effect), ev.Do)
	}
	return ev.Type.String()
}

func effectText(e errs.Effect) string {
	switch e {
	case errs.NotExecuted:
		return "not executed"
	case errs.Executed:
		return "executed"
	case errs.Partial:
		return "executed in part"
	}
	return "may have been executed"
}
