package classify

import (
	"strings"

	"github.com/redoubt-go/redoubt/errs"
)

// rule maps a text to a kind. Rules are written in small letters and match
// without regard to case.
type rule struct {
	text string
	kind errs.Kind
	like errs.Kind // whose policy holds; 0: that of kind
}

// readText decides a line that has no known code: an ERR text, a text of a
// proxy or module without a code, or a code that nobody knows.
func (r *reading) readText(s string, plain bool) {
	// rueidis has cut off "ERR ", so "LIMIT must be positive" and "MYCODE is
	// on fire" look alike: the first word is a code unless it reads like the
	// subject of a sentence.
	if r.inner != "" && !r.quoted {
		if !plain || !isSubject(r.inner, r.text) {
			r.kind, r.code = errs.UnknownReply, r.inner
			return
		}
		r.code = "ERR"
	}
	found, ok := match(&openings, s)
	if !ok {
		found, ok = search(s)
	}
	if !ok {
		found.kind = errs.CommandRefused
	}
	r.kind, r.like = found.kind, found.like
}

// rules are indexed by the first byte of their text, in small letters.
type rules [128][]rule

func index(list []rule) (by rules) {
	for _, r := range list {
		by[r.text[0]] = append(by[r.text[0]], r)
	}
	return by
}

// match finds the first rule that s begins with.
func match(by *rules, s string) (rule, bool) {
	if len(s) == 0 || s[0] >= 128 {
		return rule{}, false
	}
	for _, r := range by[lower(s[0])] {
		if hasPrefixFold(s, r.text) {
			return r, true
		}
	}
	return rule{}, false
}

// search tries the phrases at the beginning of every word of s. It passes over
// what stands in quotes and ends at a colon: there servers echo what users
// wrote. A sentence that denies ("No failover in progress") speaks of no state.
// Of several phrases the first counts, but one that only says "you called it
// wrongly" gives way to one that says why.
func search(s string) (found rule, ok bool) {
	if denies(s) {
		return rule{}, false
	}
	for i := 0; i < len(s); {
		switch c := s[i]; c {
		case ' ', '(':
			i++
			continue
		case '\'', '`', '"':
			end := strings.IndexByte(s[i+1:], c)
			if end < 0 {
				return found, ok
			}
			i += end + 2
			continue
		}
		if r, hit := match(&phrases, s[i:]); hit {
			if !vague(r.kind) {
				return r, true
			}
			if !ok {
				found, ok = r, true
			}
		}
		for i < len(s) && s[i] != ' ' {
			i++
		}
		if s[i-1] == ':' {
			break
		}
	}
	return found, ok
}

func vague(k errs.Kind) bool {
	return k == errs.Syntax || k == errs.BadArgument || k == errs.AdminRefused
}

func denies(s string) bool { return hasPrefixFold(s, "no ") && !hasPrefixFold(s, "no such ") }

// isSubject reports whether an upper-case word is the subject of a sentence
// and not a code: a word of one or two letters, the name of a command, or a
// word before a verb or noun that goes with names of options.
func isSubject(first, rest string) bool {
	if len(first) <= 2 {
		return true
	}
	if _, command := rungs[first]; command {
		return true
	}
	switch strings.TrimRight(word(rest), ".,:") {
	case "must", "is", "isn't", "are", "was", "should", "can", "cannot", "can't", "could", "may", "does", "doesn't",
		"and", "or", "in", "without", "with", "with,", "not", "only", "has", "needs", "requires", "expects", "supports",
		"option", "options", "argument", "arguments", "parameter", "parameters", "keyword", "flag", "flags",
		"value", "values", "mode", "subcommand", "subcommands", "command", "commands", "failed", "timeout", "count",
		"specified", "used", "called", "version", "index", "number", "sparse", "allowed", "limiting", "increment", "encoding", "file", "files", "log", "already":
		return true
	}
	return false
}

// quotedName is the name in the first quotes of a text, "" if there is none.
// Servers use ' and `.
func quotedName(s string) string {
	i := strings.IndexAny(s, "'`")
	if i < 0 {
		return ""
	}
	name, _, ok := strings.Cut(s[i+1:], s[i:i+1])
	if !ok {
		return ""
	}
	return name
}

// hasPrefixFold is strings.HasPrefix without regard to the case of ASCII
// letters in s; prefix is in small letters.
func hasPrefixFold(s, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if lower(s[i]) != prefix[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
