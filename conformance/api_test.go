package conformance_test

import (
	"bytes"
	"flag"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestPublicAPIIsAsListed holds the exported names of every public package
// against testdata/api.txt, one line each, so that a change of the surface is a
// line in the diff. go test -run PublicAPI -update writes the file.
func TestPublicAPIIsAsListed(t *testing.T) {
	t.Parallel()
	const golden = "testdata/api.txt"
	var got []string
	for _, p := range list(t) {
		if p.isProgram() || p.name() == "conformance" || strings.Contains("/"+p.name()+"/", "/internal/") {
			continue
		}
		lines, err := surface(p)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, lines...)
	}
	slices.Sort(got)
	if *update {
		if err := os.WriteFile(golden, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(file)), "\n")
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("gone:\t%s", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("new:\t%s", line)
		}
	}
	if t.Failed() {
		t.Log("if this is meant: go test ./conformance -run PublicAPI -update")
	}
}

// surface lists the exported names of a package as "pkg: declaration".
func surface(p pkg) ([]string, error) {
	source, err := build.ImportDir(p.Dir, 0)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range source.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	// This drops what is not exported, fields and methods included.
	docs, err := doc.NewFromFiles(fset, files, p.ImportPath)
	if err != nil {
		return nil, err
	}
	s := listing{prefix: p.name() + ": ", fset: fset}
	s.values(docs.Consts)
	s.values(docs.Vars)
	s.funcs(docs.Funcs)
	for _, typ := range docs.Types {
		s.typ(typ)
	}
	return s.lines, nil
}

// listing collects lines.
type listing struct {
	prefix string
	fset   *token.FileSet
	lines  []string
}

// add adds a line made of words and syntax.
func (s *listing) add(parts ...any) {
	var b bytes.Buffer
	for _, part := range parts {
		if text, ok := part.(string); ok {
			b.WriteString(text)
			continue
		}
		if err := printer.Fprint(&b, s.fset, part); err != nil {
			panic(err) // a syntax tree that was just parsed
		}
	}
	s.lines = append(s.lines, s.prefix+strings.Join(strings.Fields(b.String()), " "))
}

func (s *listing) values(groups []*doc.Value) {
	for _, group := range groups {
		for _, spec := range group.Decl.Specs {
			spec := spec.(*ast.ValueSpec)
			for _, name := range spec.Names {
				if !name.IsExported() {
					continue
				}
				if spec.Type != nil {
					s.add(group.Decl.Tok.String(), " ", name, " ", spec.Type)
				} else {
					s.add(group.Decl.Tok.String(), " ", name)
				}
			}
		}
	}
}

func (s *listing) funcs(funcs []*doc.Func) {
	for _, f := range funcs {
		decl := *f.Decl
		decl.Body, decl.Doc = nil, nil
		s.add(&decl)
	}
}

func (s *listing) typ(typ *doc.Type) {
	s.values(typ.Consts)
	s.values(typ.Vars)
	s.funcs(typ.Funcs)
	s.funcs(typ.Methods)
	for _, spec := range typ.Decl.Specs {
		spec := spec.(*ast.TypeSpec)
		if spec.Name.Name != typ.Name {
			continue
		}
		head := []any{"type ", spec.Name}
		if spec.TypeParams != nil {
			head = append(head, "[", fields(spec.TypeParams), "]")
		}
		head = append(head, " ")
		switch body := spec.Type.(type) {
		case *ast.StructType:
			s.add(append(head, "struct")...)
			s.members(append(head, "struct, "), body.Fields)
		case *ast.InterfaceType:
			s.add(append(head, "interface")...)
			s.members(append(head, "interface, "), body.Methods)
		default:
			if spec.Assign.IsValid() {
				head = append(head, "= ")
			}
			s.add(append(head, body)...)
		}
	}
}

// members adds a line for each field of a struct, each method of an interface
// and whatever is embedded.
func (s *listing) members(head []any, list *ast.FieldList) {
	for _, field := range list.List {
		if len(field.Names) == 0 {
			s.add(append(slices.Clone(head), "embedded ", field.Type)...)
		}
		for _, name := range field.Names {
			s.add(append(slices.Clone(head), name, " ", field.Type)...)
		}
	}
}

// fields is the text of type parameters.
func fields(list *ast.FieldList) string {
	var b bytes.Buffer
	for i, field := range list.List {
		if i > 0 {
			b.WriteString(", ")
		}
		for j, name := range field.Names {
			if j > 0 {
				b.WriteString(", ")
			}
			b.WriteString(name.Name)
		}
		b.WriteByte(' ')
		printer.Fprint(&b, token.NewFileSet(), field.Type)
	}
	return b.String()
}
