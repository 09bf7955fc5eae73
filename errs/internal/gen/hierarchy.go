package main

import (
	"fmt"
	"strings"

	"github.com/redoubt-go/redoubt/errs"
)

const root = "//\t*Error\n"

// withHierarchy returns the source of a package comment with the hierarchy in
// it drawn anew: the block that begins with *Error and ends at an empty line.
func withHierarchy(source string) (string, error) {
	before, after, found := strings.Cut(source, root)
	if !found {
		return "", fmt.Errorf("package comment has no line %q", root)
	}
	_, after, found = strings.Cut(after, "//\n")
	if !found {
		return "", fmt.Errorf("package comment has no empty line behind %q", root)
	}
	return before + hierarchy() + "//\n" + after, nil
}

// hierarchy draws classes and kinds in at most 72 columns behind the comment
// mark.
func hierarchy() string {
	const width, indent = 72, 17
	var b strings.Builder
	b.WriteString(root)
	classes := errs.Classes()
	for i, c := range classes {
		branch, trunk := "├─ ", "│"
		if i == len(classes)-1 {
			branch, trunk = "└─ ", " "
		}
		line := fmt.Sprintf("%s%-*s", branch, indent-len([]rune(branch)), c.String())
		for _, k := range kindsOf(c) {
			if len([]rune(line))+len(k.String()) > width {
				b.WriteString("//\t" + strings.TrimRight(line, " ") + "\n")
				line = trunk + strings.Repeat(" ", indent-1)
			}
			line += k.String() + " "
		}
		b.WriteString("//\t" + strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
