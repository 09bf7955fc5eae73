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
func (r *reading) readText(s string) {
	// rueidis has cut off "ERR ", so "LIMIT must be positive" and "MYCODE is
	// on fire" look alike: the first word is a code unless it reads like the
	// subject of a sentence.
	if r.inner != "" && !r.quoted {
		if !r.plain || !isSubject(r.inner, r.text) {
			r.kind, r.code = errs.UnknownReply, r.inner
			return
		}
		r.code = "ERR"
	}
	found := find(s)
	if s == "" || r.bare() && !(found != nil && tellsByItself(found)) {
		// No server writes such a line, so a module or the author of a script
		// did. Its wording asks for nothing, and the script may have run.
		found, r.effect, r.known = nil, errs.Unknown, true
	}
	if found == nil {
		r.kind = errs.CommandRefused
		return
	}
	r.kind, r.like = found.kind, found.like
}

// bare reports whether the line is known to stand on the wire without a code.
func (r *reading) bare() bool { return !r.plain && !r.quoted && r.inner == "" }

// tellsByItself reports whether a text keeps its meaning without a code in
// front: proxies and modules refuse calls and fail in words of their own, while
// the states of a server always come with a code.
func tellsByItself(r *rule) bool {
	switch r.kind {
	case errs.ProxyFailed: // of the proxies, Envoy alone puts no code in front
		return strings.HasPrefix(r.text, "upstream ") || strings.HasPrefix(r.text, "no upstream ")
	case errs.ModuleFailed, errs.MaxClients, errs.Protocol:
		return true
	}
	if r.like != 0 {
		return policies[r.like].do == Return
	}
	return policies[r.kind].do == Return
}

// find reads a text behind all codes. A predicate that only says "wrong" gives
// way to what the subject of the sentence tells.
func find(s string) *rule {
	if hasSuffixFold(s, noSuchIndex.text) { // behind a name that the caller made up
		return &noSuchIndex
	}
	found := match(openings, s)
	if found != nil {
		if found.kind == errs.ModuleFailed && strings.HasSuffix(found.text, ": ") { // "TSDB: the key does not exist"
			if in := search(s[len(found.text):]); in != nil && (in.kind == errs.NoSuchKey || in.kind == errs.BusyKey) {
				return in
			}
		}
		return found
	}
	if found = search(s); found == nil || vague(found.kind) {
		if subject := match(subjects, s); subject != nil {
			return subject
		}
	}
	return found
}

var noSuchIndex = rule{": no such index", errs.NoSuchKey, 0}

// rules are indexed by a hash of the first two bytes of their text.
type rules [512][]rule

func index(list []rule) *rules {
	var by rules
	for _, r := range list {
		h := hash(r.text)
		by[h] = append(by[h], r)
	}
	return &by
}

// hash mixes the first two bytes of s, without regard to case; s has two.
func hash(s string) uint32 {
	return (uint32(s[0]|0x20)<<4 ^ uint32(s[1]|0x20)) % uint32(len(rules{}))
}

// match finds the first rule that s begins with.
func match(by *rules, s string) *rule {
	if len(s) < 2 {
		return nil
	}
	return first(by[hash(s)], s)
}

// first finds the first of the candidates that s begins with.
func first(candidates []rule, s string) *rule {
	for i := range candidates {
		r := &candidates[i]
		// Rules of one place begin alike, so their last byte tells sooner.
		if last := len(r.text) - 1; last < len(s) && lower(s[last]) == r.text[last] && hasPrefixFold(s, r.text) {
			return r
		}
	}
	return nil
}

// maxSearch bounds what is searched of a text, and with it the time: servers say
// early what is wrong, and go on with advice.
const maxSearch = 80

// search tries the phrases at the beginning of every word of s. It passes over
// what stands in quotes and ends at a colon: there servers echo what users
// wrote. A sentence that denies ("No failover in progress") speaks of no state.
// Of several phrases the first counts, but one that only says "you called it
// wrongly" gives way to one that says why.
func search(s string) *rule {
	if denies(s) {
		return nil
	}
	s = s[:min(len(s), maxSearch)]
	var found *rule
	for i := 0; i+1 < len(s); i++ {
		c := s[i]
		if c == ' ' || c == '(' {
			continue
		}
		if c == '\'' || c == '`' || c == '"' {
			end := closingQuote(s[i+1:], c)
			if end < 0 {
				return found
			}
			i += end + 1
			continue
		}
		if candidates := phrases[hash(s[i:])]; candidates != nil { // nil for most words
			r := first(candidates, s[i:])
			if r != nil && !vague(r.kind) {
				return r
			}
			if found == nil {
				found = r
			}
		}
		for i < len(s) && s[i] != ' ' {
			i++
		}
		if s[i-1] == ':' {
			break
		}
	}
	return found
}

// closingQuote is the index of the quote that ends a name, -1 if there is none.
// One between two letters is an apostrophe.
func closingQuote(s string, quote byte) int {
	for i := range len(s) {
		if s[i] == quote && !(i > 0 && i+1 < len(s) && letter(s[i-1]) && letter(s[i+1])) {
			return i
		}
	}
	return -1
}

func letter(c byte) bool { return lower(c) >= 'a' && lower(c) <= 'z' }

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
		"value", "values", "mode", "subcommand", "subcommands", "command", "commands", "failed", "timeout", "count", "ratio",
		"specified", "used", "called", "exceeds", "while", "version", "index", "number", "digest", "scan", "sparse", "allowed", "limiting", "increment", "encoding", "file", "files", "log", "already":
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
	s = s[:len(prefix)]
	for i := range len(s) {
		if lower(s[i]) != prefix[i] {
			return false
		}
	}
	return true
}

// hasSuffixFold is strings.HasSuffix in the same way.
func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && hasPrefixFold(s[len(s)-len(suffix):], suffix)
}

func lower(c byte) byte { return lowered[c] }

// lowered maps the capitals of ASCII to small letters and all else to itself.
var lowered = func() (t [256]byte) {
	for i := range t {
		c := byte(i)
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		t[i] = c
	}
	return t
}()
