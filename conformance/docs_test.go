package conformance_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redoubt-go/redoubt/errs"
)

// TestCodeInDocsIsCutFromCompiledCode holds that every Go block of the README
// and the guides stands, line by line, in a test or an example that compiles.
// Indentation does not count.
func TestCodeInDocsIsCutFromCompiledCode(t *testing.T) {
	t.Parallel()
	sources := compiledSources(t)
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, page := range append(pages, "../README.md") {
		for _, block := range goBlocks(t, page) {
			blocks++
			if !containedInOne(sources, block) {
				t.Errorf("%s: this block stands in no test and no example:\n%s", filepath.Base(page), block)
			}
		}
	}
	if blocks == 0 {
		t.Error("found no Go code in the docs")
	}
}

func TestReadmeCountsTheTaxonomy(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("one of %d kinds in %d classes", len(errs.Kinds()), len(errs.Classes()))
	if !strings.Contains(string(text), want) {
		t.Errorf("README.md does not say %q", want)
	}
}

// goBlocks returns the fenced Go blocks of a page, without indentation.
func goBlocks(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, part := range strings.Split(string(text), "```go\n")[1:] {
		block, _, closed := strings.Cut(part, "```")
		if !closed {
			t.Errorf("%s: a block of code is not closed", page)
		}
		blocks = append(blocks, flatten(block))
	}
	return blocks
}

// compiledSources are the texts of all tests and examples, without indentation.
func compiledSources(t *testing.T) []string {
	t.Helper()
	var sources []string
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "../examples/") && strings.HasSuffix(path, ".go") {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sources = append(sources, flatten(string(text)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

func flatten(text string) string {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return "\n" + strings.Join(lines, "\n") + "\n"
}

func containedInOne(sources []string, block string) bool {
	for _, source := range sources {
		if strings.Contains(source, block) {
			return true
		}
	}
	return false
}
