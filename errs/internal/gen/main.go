// Command gen writes what is made of the table of package errs: the pages
// docs/errors.md and docs/errors-peers.md, and the hierarchy in the package
// comment.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
)

// pages are the files that gen writes, by name.
var pages = map[string]func() string{
	"errors.md":       reference,
	"errors-peers.md": peers,
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	docs := flag.String("docs", "../docs", "folder of the pages")
	comment := flag.String("comment", "doc.go", "file of the package comment")
	flag.Parse()
	if err := generate(*docs, *comment); err != nil {
		log.Fatal(err)
	}
}

// readable are the rights of files in a working tree.
const readable = 0o644

func generate(docs, comment string) error {
	for name, render := range pages {
		if err := os.WriteFile(filepath.Join(docs, name), []byte(render()), readable); err != nil {
			return err
		}
	}
	source, err := os.ReadFile(comment)
	if err != nil {
		return err
	}
	drawn, err := withHierarchy(string(source))
	if err != nil {
		return err
	}
	return os.WriteFile(comment, []byte(drawn), readable) //nolint:gosec // the path is the one that the developer gave
}
