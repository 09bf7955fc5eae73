package main

import (
	"fmt"
	"strings"
)

const peersIntroduction = `# Errors of coredis and cachekit

For those who come from either: what they caught there, and what to ask for here.
A kind is asked for with ` + "`errors.Is(err, errs.Loading)`" + `, a class with ` + "`errors.Is(err, errs.Transport)`" + `, anything of ours with ` + "`errors.AsType[*errs.Error](err)`" + `.
What each kind means and what to do stands in [errors.md](errors.md).

`

// peers renders docs/errors-peers.md.
func peers() string {
	var b strings.Builder
	b.WriteString(notice + peersIntroduction)
	b.WriteString("## coredis\n\nOne exception often covers what is told apart here: the more telling kind comes first.\n\n")
	exceptions(&b, coredisExceptions)
	b.WriteString("\nLater versions added:\n\n")
	exceptions(&b, coredisNewer)
	b.WriteString("\n## cachekit\n\n`errs.CachekitCode(err)` gives the code of an error. Inside a cache call most of these are counted and logged, and the caller gets a value all the same.\n\n")
	b.WriteString("| Code | When | What the caller of the cache sees | Here |\n|---|---|---|---|\n")
	for _, c := range cachekitCodes {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.code, c.condition, c.outcome, kindLinks("errors.md", c.kinds()))
	}
	return b.String()
}

func exceptions(b *strings.Builder, all []exception) {
	b.WriteString("| Exception | Raised when | Here |\n|---|---|---|\n")
	for _, e := range all {
		here := kindLinks("errors.md", e.kinds)
		if len(e.classes) > 0 {
			here += "; " + classLinks("errors.md", e.classes)
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", e.name, e.raised, here)
	}
}
