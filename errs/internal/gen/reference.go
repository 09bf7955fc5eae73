package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/redoubt-go/redoubt/errs"
)

const introduction = `# Errors

Every failure that leaves redoubt is an ` + "`*errs.Error`" + `. It answers three questions:

| Question | Ask |
|---|---|
| What failed? | ` + "`errors.Is(err, errs.ReadOnly)`" + ` for a kind, ` + "`errors.Is(err, errs.Transport)`" + ` for a whole class |
| May the server have executed it? | ` + "`errs.MayHaveExecuted(err)`" + `, or ` + "`errs.EffectOf(err)`" + ` for the four cases |
| What else is known? | ` + "`errors.AsType[*errs.Error](err)`" + `: operation, address, slot, attempts, elapsed time; payloads such as ` + "`*errs.RedirectError`" + ` in its cause |

An error reads like this, and never quotes keys, values or what the server wrote:

    INCR: the connection was lost, node 10.0.0.7:6379, may have been executed

The effect is one of:

| Effect | Text | What it means for a write |
|---|---|---|
| ` + "`NotExecuted`" + ` | | it may be sent again |
| ` + "`Unknown`" + ` | may have been executed | look before it is sent again, or make it safe to repeat |
| ` + "`Executed`" + ` | was executed | do not send it again because of this error |
| ` + "`Partial`" + ` | executed in part | look at what was done |

` + "`redoubt explain NAME`" + ` shows the same entries in a terminal, and ` + "`redoubt explain 'MOVED 3999 10.0.0.7:6379'`" + ` says what a line from a server is.
What the exceptions of coredis and the codes of cachekit correspond to stands in [errors-peers.md](errors-peers.md).

`

// reference renders docs/errors.md.
func reference() string {
	var b strings.Builder
	b.WriteString(notice + introduction)
	b.WriteString("## Hierarchy\n\n| Class | Kinds |\n|---|---|\n")
	for _, c := range errs.Classes() {
		fmt.Fprintf(&b, "| [**%s**](#%s)<br>%s | %s |\n", c.String(), classAnchor(c), c.Meaning(), kindLinks("", kindsOf(c)))
	}
	b.WriteString("\n## By the first word of a reply\n\n")
	b.WriteString("The code of an error line says most. Lines that begin with `ERR` are told apart by their text.\n\n| Code | Kind |\n|---|---|\n")
	for _, word := range codes() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", word.code, kindLinks("", word.kinds))
	}
	for _, c := range errs.Classes() {
		fmt.Fprintf(&b, "\n## Class %s\n\n%s. `errors.Is(err, errs.%s)` is true for all of these.\n", c.String(), capital(c.Meaning()), c.String())
		for _, k := range kindsOf(c) {
			entry(&b, k.Row())
		}
	}
	return b.String()
}

// entry writes the section of a kind.
func entry(b *strings.Builder, r errs.Row) {
	fmt.Fprintf(b, "\n### %s\n\n*%s*\n\n%s\n\n", r.Name, r.Phrase, r.Meaning)
	if line, ok := strings.CutPrefix(r.Example, "-"); ok {
		fmt.Fprintf(b, "- **Reply:** %s\n", code(line))
	} else {
		fmt.Fprintf(b, "- **Example:** %s\n", r.Example)
	}
	fmt.Fprintf(b, "- **Usual cause:** %s\n- **What to do:** %s\n- **In logs and metrics:** `%s`", r.Cause, r.Action, r.Kind.Label())
	if r.Code != "" {
		fmt.Fprintf(b, "; cachekit code `%s`", r.Code)
	}
	b.WriteByte('\n')
}

// byCode is a code of the server and the kinds that it stands for.
type byCode struct {
	code  string
	kinds []errs.Kind
}

var leadingCode = regexp.MustCompile(`^-([A-Z][A-Z0-9_]*) `)

// codes are the codes in the examples of the table, in its order. ERR says
// nothing, and the example of UnknownReply is made up.
func codes() (all []byCode) {
	at := map[string]int{}
	for _, k := range errs.Kinds() {
		m := leadingCode.FindStringSubmatch(k.Row().Example)
		if len(m) == 0 || m[1] == "ERR" || k == errs.UnknownReply {
			continue
		}
		i, seen := at[m[1]]
		if !seen {
			i = len(all)
			at[m[1]] = i
			all = append(all, byCode{code: m[1]})
		}
		all[i].kinds = append(all[i].kinds, k)
	}
	return all
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
