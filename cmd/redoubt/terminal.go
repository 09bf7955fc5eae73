package main

import (
	"io"
	"os"
	"strings"
	"unicode"
)

// style writes text with emphasis; on anything but a terminal it leaves it
// alone.
type style struct{ colours bool }

// styleFor looks at where the text goes. NO_COLOR and TERM=dumb are respected.
func styleFor(w io.Writer) style {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return style{}
	}
	info, err := file.Stat()
	return style{colours: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

func (s style) bold(text string) string { return s.paint("1", text) }
func (s style) dim(text string) string  { return s.paint("2", text) }

func (s style) paint(code, text string) string {
	if !s.colours || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// printable makes a text of unknown origin fit for a terminal: one line,
// without control characters, of at most limit runes and a mark where more
// were cut off.
func printable(text string, limit int) string {
	var b strings.Builder
	for _, r := range text {
		if limit == 0 {
			b.WriteRune('…')
			break
		}
		limit--
		if !unicode.IsPrint(r) {
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return b.String()
}

// wrap breaks text into lines of at most width bytes; a longer word stays
// whole.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
