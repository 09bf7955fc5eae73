package conformance_test

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/redoubt-go/redoubt/errs"
)

// provocation is a row of testdata/errors.tsv: commands that make a server
// answer with an error, and the kinds that the last answer may have. Servers
// differ, so there may be several; zero stands for no error at all.
type provocation struct {
	line  int
	state string
	kinds []errs.Kind
	text  string
	steps []step
}

// step is one command of a provocation.
type step struct {
	words     []string
	elsewhere bool // sent on another connection, as the default user
}

func (p provocation) String() string {
	return fmt.Sprintf("errors.tsv:%d: %s: %s", p.line, p.state, p.text)
}

// last is the command whose reply counts.
func (p provocation) last() []string { return p.steps[len(p.steps)-1].words }

// stateful reports whether the commands leave something behind on their
// connection that would reach the next row.
func (p provocation) stateful() bool {
	return slices.ContainsFunc(p.steps, func(s step) bool {
		return slices.Contains([]string{"MULTI", "EXEC", "WATCH", "AUTH", "HELLO", "SELECT", "CLIENT", "RESET", "READONLY", "ASKING"}, s.words[0])
	})
}

// subscribes reports whether the commands turn the connection into one that a
// client reads differently.
func (p provocation) subscribes() bool {
	return slices.ContainsFunc(p.steps, func(s step) bool { return strings.Contains(s.words[0], "SUBSCRIBE") })
}

// userText reports whether the text of the error is the script's own, so that
// nobody can know it.
func (p provocation) userText() bool {
	return strings.Contains(p.text, "error") || strings.Contains(p.text, "err=")
}

// readProvocations reads the table. Its syntax is that of its first lines.
func readProvocations(path string) ([]provocation, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []provocation
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		text := lines.Text()
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		fields := strings.Split(text, "\t")
		if len(fields) != 3 {
			return nil, fmt.Errorf("line %d: %d fields; want state, kinds, commands", n, len(fields))
		}
		p := provocation{line: n, state: fields[0], text: fields[2]}
		for name := range strings.SplitSeq(fields[1], "|") {
			kind, ok := errs.KindNamed(name)
			if !ok && name != "ok" {
				return nil, fmt.Errorf("line %d: no kind %q", n, name)
			}
			p.kinds = append(p.kinds, kind)
		}
		for command := range strings.SplitSeq(fields[2], " ;; ") {
			command, elsewhere := strings.CutPrefix(command, "@")
			p.steps = append(p.steps, step{words: words(command), elsewhere: elsewhere})
		}
		all = append(all, p)
	}
	return all, lines.Err()
}

// words splits a command at spaces, but not inside quotes, of which there are
// single and double ones without escapes; \n and \r are control characters.
func words(command string) (list []string) {
	var word strings.Builder
	var quote rune
	inWord := false
	for _, c := range command {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && !inWord && (c == '\'' || c == '"'):
			quote, inWord = c, true
		case quote == 0 && c == ' ':
			if inWord {
				list = append(list, controls.Replace(word.String()))
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	if inWord {
		list = append(list, controls.Replace(word.String()))
	}
	return list
}

var controls = strings.NewReplacer(`\n`, "\n", `\r`, "\r")
