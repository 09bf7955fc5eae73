package conformance_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	mdCode    = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	mdLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	mdHeading = regexp.MustCompile(`(?m)^#+ +(.*)$`)
)

// TestLinksOfPagesLeadSomewhere holds that every link within the repository
// names a file that is there, and a heading of it.
func TestLinksOfPagesLeadSomewhere(t *testing.T) {
	t.Parallel()
	links := 0
	known := map[string]map[string]bool{} // headings by file
	for _, page := range markdownPages(t) {
		for _, link := range mdLink.FindAllStringSubmatch(withoutCode(t, page), -1) {
			target, anchor, hasAnchor := strings.Cut(link[1], "#")
			if strings.Contains(target, "://") {
				continue // what others publish is not ours to test
			}
			links++
			file := page
			if target != "" {
				file = filepath.Join(filepath.Dir(page), target)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links to %s: %v", page, link[1], err)
				continue
			}
			if hasAnchor && known[file] == nil {
				known[file] = headings(t, file)
			}
			if hasAnchor && !known[file][anchor] {
				t.Errorf("%s links to %s: %s has no such heading", page, link[1], file)
			}
		}
	}
	if links == 0 {
		t.Error("found no link in any page")
	}
}

func markdownPages(t *testing.T) (pages []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// withoutCode is a page without what is quoted in it.
func withoutCode(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return mdCode.ReplaceAllString(string(text), "")
}

// headings are the anchors of a page, as hosts of Markdown make them of its
// headings: lower case, blanks become hyphens, punctuation goes.
func headings(t *testing.T, page string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]bool{}
	for _, heading := range mdHeading.FindAllStringSubmatch(string(text), -1) {
		anchors[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, heading[1])] = true
	}
	return anchors
}
