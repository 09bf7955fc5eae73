package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redoubt-go/redoubt/errs"
)

const packageComment = "../../doc.go"

func TestWhatIsGeneratedIsThatOfTheTable(t *testing.T) {
	t.Parallel()
	for name, render := range pages {
		if read(t, filepath.Join("..", "..", "..", "docs", name)) != render() {
			t.Errorf("docs/%s differs from the table: run go generate ./errs", name)
		}
	}
	source := read(t, packageComment)
	drawn, err := withHierarchy(source)
	if err != nil {
		t.Fatal(err)
	}
	if source != drawn {
		t.Error("the package comment differs from the table: run go generate ./errs")
	}
}

func TestGenerateWritesPagesAndComment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	comment := filepath.Join(dir, "doc.go")
	old := "// Package p.\n" + root + "//\t└─ Old  Kinds\n//\n// More.\npackage p\n"
	if err := os.WriteFile(comment, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := generate(dir, comment); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, comment), "// Package p.\n"+hierarchy()+"//\n// More.\npackage p\n"; got != want {
		t.Errorf("got comment\n%s\nwant\n%s", got, want)
	}
	if got, want := read(t, filepath.Join(dir, "errors.md")), reference(); got != want {
		t.Errorf("got %d bytes of errors.md; want %d", len(got), len(want))
	}
	if err := generate(dir, filepath.Join(dir, "absent.go")); err == nil {
		t.Error("got no error for an absent package comment")
	}
	if err := os.WriteFile(comment, []byte("package p\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := generate(dir, comment); err == nil {
		t.Error("got no error for a package comment without hierarchy")
	}
}

func TestHierarchyNamesEveryKindWithinTheColumns(t *testing.T) {
	t.Parallel()
	drawn := hierarchy()
	words := strings.Fields(drawn)
	for _, k := range errs.Kinds() {
		if !slices.Contains(words, k.String()) {
			t.Errorf("%s is not in the hierarchy", k.String())
		}
	}
	for line := range strings.Lines(drawn) {
		if n := len([]rune(strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "//\t"))); n > 72 {
			t.Errorf("got a line of %d columns; want at most 72: %s", n, line)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEveryKindHasASectionAndIsLinkedFromTheHierarchy(t *testing.T) {
	t.Parallel()
	page := reference()
	for _, k := range errs.Kinds() {
		if n := strings.Count(page, "\n### "+k.String()+"\n"); n != 1 {
			t.Errorf("%s: got %d sections; want 1", k.String(), n)
		}
		if !strings.Contains(page, kindLinks("", []errs.Kind{k})) {
			t.Errorf("%s is not in the hierarchy", k.String())
		}
	}
}

// A link is written from a kind's name and a heading from its row; both must
// give the anchor that renderers make of the heading.
func TestEveryLinkHasAHeading(t *testing.T) {
	t.Parallel()
	anchors := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(reference(), -1) {
		anchor := strings.ReplaceAll(strings.ToLower(m[1]), " ", "-")
		if anchors[anchor] {
			t.Errorf("two headings have the anchor %q", anchor)
		}
		anchors[anchor] = true
	}
	for _, page := range []string{reference(), peers()} {
		links := regexp.MustCompile(`\]\((?:errors\.md)?#([^)]*)\)`).FindAllStringSubmatch(page, -1)
		if len(links) < 50 {
			t.Errorf("got %d links; want at least 50", len(links))
		}
		for _, m := range links {
			if !anchors[m[1]] {
				t.Errorf("link to #%s has no heading", m[1])
			}
		}
	}
}

func TestNoPeerExceptionIsLeftOut(t *testing.T) {
	t.Parallel()
	if got := len(coredisExceptions); got != 39 {
		t.Errorf("got %d exceptions of coredis; want 39", got)
	}
	if got := len(coredisNewer); got != 15 {
		t.Errorf("got %d newer exceptions of coredis; want 15", got)
	}
	seen := map[string]bool{}
	for _, e := range slices.Concat(coredisExceptions, coredisNewer) {
		if seen[e.name] {
			t.Errorf("%s stands there twice", e.name)
		}
		seen[e.name] = true
		if e.name == "" || e.raised == "" || len(e.kinds) == 0 {
			t.Errorf("%s has an empty cell", e.name)
		}
		for i, k := range e.kinds {
			if !k.Valid() || slices.Contains(e.kinds[:i], k) {
				t.Errorf("%s: %s is no kind or stands there twice", e.name, k.String())
			}
		}
		for _, c := range e.classes {
			if !c.Valid() {
				t.Errorf("%s: %s is no class", e.name, c.String())
			}
		}
	}
}

func TestNoCachekitCodeIsLeftOut(t *testing.T) {
	t.Parallel()
	want := []string{
		"E001", "E002", "E003", "E004", "E010", "E011", "E012", "E020", "E021", "E030",
		"E040", "E041", "E050", "E060", "E061", "E062", "E063", "E064", "E065",
	}
	var got []string
	for _, c := range cachekitCodes {
		got = append(got, c.code)
		if c.condition == "" || c.outcome == "" || len(c.kinds()) == 0 {
			t.Errorf("%s has an empty cell", c.code)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got codes %v; want %v", got, want)
	}
	for _, k := range errs.Kinds() {
		if c := k.CachekitCode(); c != "" && !slices.Contains(want, c) {
			t.Errorf("%s has code %s, which cachekit does not document", k.String(), c)
		}
	}
}
