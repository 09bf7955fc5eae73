package main

import (
	"strings"

	"github.com/redoubt-go/redoubt/errs"
)

const notice = "<!-- Made by \"go generate ./errs\" from the table in package errs. Do not edit. -->\n\n"

// kindLinks are links to the sections of the kinds on the given page.
func kindLinks(page string, kinds []errs.Kind) string {
	links := make([]string, len(kinds))
	for i, k := range kinds {
		links[i] = "[`" + k.String() + "`](" + page + "#" + strings.ToLower(k.String()) + ")"
	}
	return strings.Join(links, ", ")
}

// classLinks are links to the sections of the classes on the given page.
func classLinks(page string, classes []errs.Class) string {
	links := make([]string, len(classes))
	for i, c := range classes {
		links[i] = "[class " + c.String() + "](" + page + "#" + classAnchor(c) + ")"
	}
	return strings.Join(links, ", ")
}

func classAnchor(c errs.Class) string { return "class-" + strings.ToLower(c.String()) }

// code is s as a code span, whatever backticks it holds.
func code(s string) string {
	if strings.Contains(s, "`") || strings.HasSuffix(s, " ") {
		return "`` " + s + " ``"
	}
	return "`" + s + "`"
}

// kindsOf are the kinds of a class in the order of the taxonomy.
func kindsOf(c errs.Class) []errs.Kind {
	return kindsWhere(func(r errs.Row) bool { return r.Class == c })
}

// kindsWhere are the kinds whose row fits.
func kindsWhere(fits func(errs.Row) bool) (kinds []errs.Kind) {
	for _, k := range errs.Kinds() {
		if fits(k.Row()) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}
