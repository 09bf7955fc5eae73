package classify

import (
	"strings"

	"github.com/redoubt-go/redoubt/errs"
)

// This file and its neighbours reply_*.go are the only place where the text
// of a reply is matched. Text is read from its first word on, never searched
// for a word: servers echo keys, arguments and whole lines of users.

// origin says who let the line out.
type origin uint8

const (
	byServer   origin = iota // the server itself, or a script that returned it (the line does not tell)
	byRaise                  // a script was stopped by it
	byReturned               // a script returned it and ran to its end
)

// reading is what a line says, before the operation is considered.
type reading struct {
	code   string    // as sent; "ERR" where rueidis has cut it off
	inner  string    // the code behind "ERR" and script locations, "" if none
	text   string    // the text behind all codes and locations
	kind   errs.Kind // never 0
	like   errs.Kind // whose policy holds; 0: that of kind
	effect errs.Effect
	plain  bool   // the text comes from rueidis, without "ERR "
	known  bool   // effect is known better than the policy of the kind
	quoted bool   // inner stood behind an "ERR" that is on the wire
	from   origin // who let it out
}

// reply is the verdict on an error reply. plain says that the text comes from
// rueidis, which cuts off a leading "ERR ".
func reply(text string, plain bool, op *Op) Verdict {
	r := reading{plain: plain}
	r.read(text)
	v := r.verdict()
	switch {
	case r.from == byRaise:
		v = raised(v, &r)
	case r.from == byReturned:
		v = returned(v)
	case op.runsScript():
		v = answersScript(v, &r, op)
	}
	if op.Dialing {
		v = refusesSetup(v, op)
	} else if op.Name == "AUTH" || op.Name == "HELLO" {
		v = refusesAuth(v)
	}
	return v
}

// read finds the code and the kind of a line.
func read(text string, plain bool) reading {
	r := reading{plain: plain}
	r.read(text)
	return r
}

func (r *reading) read(text string) {
	s, wasRaised := cutRaised(text)
	code, rest := cutCode(s)
	r.code = code
	if code == "" && r.plain {
		r.code = "ERR"
	}
	if wasRaised {
		r.from = byRaise
	}
	located, lua := false, false
	// Modules say ERR twice, old servers quote the place in a script and then
	// the line itself: peel until the real code stands in front. The bound is
	// for lines made to be peeled for ever.
	for range 8 {
		if code == "ERR" {
			r.quoted = true
			s = rest
		} else if code != "" {
			break
		} else if inner, from, ok := cutLocation(s); ok {
			if r.from == byServer {
				r.from = from
			}
			located, lua = true, s[0] == 'u'
			s = inner
		} else {
			break
		}
		code, rest = cutCode(s)
	}
	r.inner, r.text = code, rest
	if code == "" {
		r.text = s
	}
	if text == "ERR" { // SAVE failed; the only line of a server that is a bare ERR
		r.kind = errs.PersistFailed
		return
	}
	if r.readCode() {
		if !located { // a proxy or fork put "ERR " in front, which rueidis cuts off
			r.code = r.inner
		}
		return
	}
	if lua { // an error of Lua or of error("..."): a sentence of the script's author
		r.kind = errs.ScriptFailed
		return
	}
	r.readText(s)
}

// verdict is the policy of the reading.
func (r *reading) verdict() Verdict {
	v := verdict(r.kind)
	if r.like != 0 {
		p := &policies[r.like]
		v.Effect, v.Do, v.Fix, v.Lane = p.effect, p.do, p.fix, p.lane
	}
	if r.known {
		v.Effect = r.effect
	}
	v.Code = r.code
	switch r.kind {
	case errs.Moved, errs.Ask, errs.RedirectTo:
		if r.quoted || r.from != byServer {
			return withCode(verdict(errs.BadRedirect), r.code)
		}
		return redirect(v, r.text)
	case errs.ExecAbort:
		return aborted(v, r.text)
	}
	return v
}

func withCode(v Verdict, code string) Verdict {
	v.Code = code
	return v
}

// abortReason introduces the line that made EXEC fail.
const abortReason = "Transaction discarded because of: "

// aborted gives EXECABORT what its reason asks for: a failover under EXEC is
// still a failover. Nothing of the transaction was executed in any case.
func aborted(v Verdict, text string) Verdict {
	reason, ok := strings.CutPrefix(text, abortReason)
	if !ok {
		return v
	}
	r := read(reason, true)
	if r.kind == errs.ExecAbort || r.from != byServer {
		return v
	}
	in := r.verdict()
	v.Do, v.Fix, v.Lane, v.Addr, v.Slot = in.Do, in.Fix, in.Lane, in.Addr, in.Slot
	return v
}

// maxCode bounds the length of a code: the longest known has 22 bytes, and a
// line of a hundred thousand capitals is not a code.
const maxCode = 48

// cutCode splits a leading code, [A-Z][A-Z0-9_]* before a blank or the end,
// from the rest.
func cutCode(s string) (code, rest string) {
	n := 0
	for n < len(s) && n <= maxCode && codeByte(s[n]) {
		n++
	}
	switch {
	case n == 0 || n > maxCode || s[0] < 'A' || s[0] > 'Z':
		return "", s
	case n == len(s):
		return s, ""
	case s[n] == ' ':
		return s[:n], s[n+1:]
	}
	return "", s
}

func codeByte(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// word returns s up to its first blank.
func word(s string) string {
	first, _, _ := strings.Cut(s, " ")
	return first
}
