package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

const explainHelp = `Usage: redoubt explain [--json] [--command 'INCR k'] TEXT | KIND | E-CODE | -

Says what an error means, whether the command may have been executed, and what
redoubt does about it.

  TEXT       an error reply as the server sent it, without the leading "-"
  KIND       the name of a kind of package errs: ReadOnly
  E-CODE     a code of the cachekit family: E011
  -          every line of standard input is a TEXT, and one JSON object is
             printed for each, in order

  --json     print a JSON object; of the kinds behind an E-CODE the first
  --command  the command that failed, quoted as a shell does. Then "do" is what
             happens to this command by default: it is replayed after an
             unknown effect only if it reads. Without it "do" is what happens
             where the effect allows it, and the command is taken as a write
             that must not be replayed.
  --         what follows is no flag, for a TEXT that begins with "-"
`

func explain(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("explain", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "")
	commandLine := flags.String("command", "", "")
	inputs, err := parseArgs(flags, args)
	if err == nil && len(inputs) != 1 {
		err = fmt.Errorf("want one TEXT in quotes, KIND, E-CODE or -, got %d arguments", len(inputs))
	}
	if err != nil {
		return usageError(err, "explain", explainHelp, stdout, stderr)
	}
	e := &explainer{}
	flags.Visit(func(f *flag.Flag) {
		if f.Name == "command" {
			err = e.about(*commandLine)
		}
	})
	if err != nil {
		return usageError(err, "explain", explainHelp, stdout, stderr)
	}
	if inputs[0] == "-" {
		err = e.linesUntilInterrupted(ctx, stdin, stdout)
	} else {
		var found []explanation
		if found, err = e.lookUp(inputs[0]); err != nil {
			return usageError(err, "explain", explainHelp, stdout, stderr)
		}
		if *asJSON {
			err = encoder(stdout).Encode(found[0])
		} else {
			_, err = io.WriteString(stdout, page(found, styleFor(stdout)))
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case err != nil:
		fmt.Fprintln(stderr, "redoubt explain:", err)
		return 1
	}
	return 0
}

// explanation is the shape of the JSON output; every key is always present.
type explanation struct {
	Input    string   `json:"input"`
	Kind     string   `json:"kind"`
	Class    string   `json:"class"`
	Code     string   `json:"code"`
	Effect   string   `json:"effect"`
	Do       string   `json:"do"`
	Fix      []string `json:"fix"`
	Lane     string   `json:"lane"`
	Addr     string   `json:"addr"`
	Slot     *int     `json:"slot"`
	Cachekit string   `json:"cachekit"`
	Meaning  string   `json:"meaning"`
	Cause    string   `json:"cause"`
	Action   string   `json:"action"`

	doNote string // for people: on what "do" depends
}

// explainer explains failures of one command. The zero value knows none: a
// write that must not be replayed.
type explainer struct {
	op     classify.Op
	strict bool // the command is known, so the replay rule can be applied
}

// about sets the command.
func (e *explainer) about(commandLine string) error {
	words, err := splitWords(commandLine)
	if err != nil {
		return err
	}
	if len(words) == 0 || words[0] == "" {
		return errors.New("--command needs a command such as 'INCR k'")
	}
	e.op = classify.Op{
		Name:   strings.ToUpper(words[0]),
		Safety: classify.SafetyOf(words),
		Slot:   scriptSlot(words),
	}
	e.strict = true
	return nil
}

// linesUntilInterrupted is lines, but ends with ctx. The goroutine stays behind
// then, for a read from a terminal cannot be broken off; the program ends.
func (e *explainer) linesUntilInterrupted(ctx context.Context, in io.Reader, out io.Writer) error {
	done := make(chan error, 1)
	go func() { done <- e.lines(in, out) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lines explains every line of in. Only the line end is cut off, and a line may
// be of any length.
func (e *explainer) lines(in io.Reader, out io.Writer) error {
	reader := bufio.NewReader(in)
	writer := bufio.NewWriter(out)
	object := encoder(writer)
	for {
		line, err := reader.ReadString('\n')
		if err == nil || line != "" {
			if err := object.Encode(e.text(strings.TrimSuffix(line, "\n"))); err != nil {
				return err
			}
		}
		if reader.Buffered() == 0 || err != nil { // nobody waits for an answer that we hold
			if err := writer.Flush(); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// lookUp explains a kind or the kinds of a code by their exact names, and takes
// everything else for a reply.
func (e *explainer) lookUp(input string) ([]explanation, error) {
	if kind, ok := errs.KindNamed(input); ok {
		return []explanation{e.kind(input, kind)}, nil
	}
	if !isCachekitCode(input) {
		return []explanation{e.text(input)}, nil
	}
	var found []explanation
	for _, kind := range errs.Kinds() {
		if kind.CachekitCode() == input || input == "E004" && kind == errs.SerializerMismatch {
			found = append(found, e.kind(input, kind))
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s is no code of the cachekit family", input)
	}
	return found, nil
}

// isCachekitCode reports whether s has the form E0nn. E004 is one of them
// although no kind carries it: cachekit documents it for what it raises as
// E021.
func isCachekitCode(s string) bool {
	return len(s) == 4 && s[:2] == "E0" && s[2] >= '0' && s[2] <= '9' && s[3] >= '0' && s[3] <= '9'
}

func (e *explainer) text(line string) explanation {
	return e.explanation(line, classify.Of(classify.Line(line), &e.op))
}

func (e *explainer) kind(input string, kind errs.Kind) explanation {
	return e.explanation(input, classify.OfKind(kind))
}

func (e *explainer) explanation(input string, v classify.Verdict) explanation {
	row := v.Kind.Row()
	do, note := v.Do, ""
	switch {
	case do == classify.Return || v.Effect != errs.Unknown:
	case !e.strict:
		note = " (if the command may be sent twice)"
	case !v.MayResend(e.op.Safety, classify.ReadOnly):
		do = classify.Return
		note = fmt.Sprintf(" (%s is rated %s: it is not sent twice unless you allow it)", e.op.Name, e.op.Safety)
	}
	x := explanation{
		Input: input, Kind: row.Name, Class: row.Class.String(), Code: v.Code,
		Effect: v.Effect.String(), Do: do.String(), Fix: v.Fix.Names(), Lane: v.Lane.String(),
		Addr: v.Addr, Cachekit: row.Code, Meaning: row.Meaning, Cause: row.Cause, Action: row.Action,
		doNote: note,
	}
	if v.Slot > 0 {
		slot := v.Slot - 1
		x.Slot = &slot
	}
	return x
}

func encoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// page is the answer for people: the first explanation in full, and the other
// kinds that share its code.
func page(found []explanation, s style) string {
	var b strings.Builder
	x := found[0]
	if x.Input != "" {
		b.WriteString(s.bold(printable(x.Input, 200)) + "\n\n")
	}
	row := func(name, value string) {
		if value == "" {
			return
		}
		for i, line := range wrap(value, 66) {
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(&b, "  %s%s\n", s.dim(fmt.Sprintf("%-12s", name)), line)
		}
	}
	row("kind", x.Kind+", class "+x.Class)
	row("code", x.Code)
	row("cachekit", x.Cachekit)
	row("effect", x.Effect)
	row("do", x.Do+printable(x.doNote, 120))
	row("fix", strings.Join(x.Fix, ", "))
	row("breaker", x.Lane)
	row("address", x.Addr)
	if x.Slot != nil {
		row("slot", strconv.Itoa(*x.Slot))
	}
	b.WriteString("\n")
	row("meaning", x.Meaning)
	row("cause", x.Cause)
	row("what to do", x.Action)
	if len(found) > 1 {
		b.WriteString("\nother kinds with this code:\n")
		for _, other := range found[1:] {
			kind, _ := errs.KindNamed(other.Kind)
			fmt.Fprintf(&b, "  %s%s\n", s.dim(fmt.Sprintf("%-20s", other.Kind)), kind.Row().Phrase)
		}
	}
	return b.String()
}
