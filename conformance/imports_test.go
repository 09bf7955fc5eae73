package conformance_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/redoubt-go/redoubt"

// layers says which of our packages each package may import. A package that is
// not in the table is a decision nobody has taken.
var layers = map[string][]string{
	"errs":              {},
	"errs/internal/gen": {"errs"},
	"classify":          {"errs"},

	"internal/dialseam": {"errs"},
	"internal/respfake": {"errs"},
	"internal/servers":  {"errs"},

	"client/internal/breaker": {"errs", "classify"},
	"client/internal/backoff": {"errs", "classify"},
	"cluster":                 {"errs", "classify"},
	"sentinel":                {"errs", "classify"},
	"client": {
		"errs", "classify", "internal/dialseam", "client/internal/breaker", "client/internal/backoff",
		"cluster", "sentinel",
	},

	"scripting": {"errs", "classify"},
	"lock":      {"errs", "classify", "scripting"},
	"stream":    {"errs", "classify"},

	"cachelayer": {
		"errs", "classify", "lock", "scripting", "client",
		"cachelayer/wire", "cachelayer/keys", "cachelayer/secure", "cachelayer/filestore",
	},
	"cachelayer/wire":      {"errs"},
	"cachelayer/keys":      {"errs", "cachelayer/wire"},
	"cachelayer/secure":    {"errs", "cachelayer/wire"},
	"cachelayer/filestore": {"errs", "cachelayer/wire"},

	"otel":       {"errs", "classify", "client", "cachelayer", "lock", "stream", "scripting"},
	"statuspage": {"errs", "classify", "client", "cachelayer", "lock"},

	"conformance": {},
}

// programs import what they like, and are imported by programs only.
var programs = []string{"cmd/", "examples/", "internal/benchkit", "errs/internal/gen"}

// requirements are the modules that the root names itself.
var requirements = []string{
	"github.com/alicebob/miniredis/v2", // the demo's server, and tests
	"github.com/cenkalti/backoff/v4",
	"github.com/mercari/go-circuitbreaker",
	"github.com/redis/rueidis",
	"github.com/redis/rueidis/rueidiscompat", // tests: the go-redis API on top of ours
	"go.uber.org/goleak",                     // tests
	"pgregory.net/rapid",                     // tests
}

// testOnly must be linked by no library package: each of them registers flags
// or brings assertions into production.
var testOnly = []string{
	"testing", "pgregory.net/rapid", "go.uber.org/goleak", "github.com/stretchr/testify", "github.com/onsi/gomega",
	"github.com/onsi/ginkgo", "github.com/google/go-cmp", "github.com/anishathalye/porcupine", "github.com/alicebob/miniredis",
}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath, Dir string
	Imports, Deps   []string
	Standard        bool
}

// name is the path within the module.
func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

func (p pkg) isProgram() bool {
	return slices.ContainsFunc(programs, func(prefix string) bool { return strings.HasPrefix(p.name(), prefix) })
}

// list returns the packages of the module, without their tests.
func list(t *testing.T) []pkg {
	t.Helper()
	out := run(t, "go", "list", "-json=ImportPath,Dir,Imports,Deps", "./...")
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 5 {
		t.Fatalf("go list found %d packages; want the whole module", len(all))
	}
	return all
}

// run runs a command at the root of the module.
func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = ".."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return out
}

func TestImportsFollowTheLayers(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		allowed, known := layers[p.name()]
		if !known && !p.isProgram() {
			t.Errorf("%s is not in the table of layers", p.name())
		}
		for _, imported := range p.Imports {
			name, ours := strings.CutPrefix(imported, module+"/")
			if ours && !p.isProgram() && !slices.Contains(allowed, name) {
				t.Errorf("%s imports %s; its layer allows %v", p.name(), name, allowed)
			}
		}
	}
}

func TestImportsOfErrsAreTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		if p.name() != "errs" {
			continue
		}
		for _, imported := range p.Imports {
			if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
				t.Errorf("errs imports %s", imported)
			}
		}
		return
	}
	t.Error("there is no package errs")
}

func TestImportsOfLibrariesHoldNoTestCode(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		if p.isProgram() {
			continue
		}
		for _, dep := range p.Deps {
			for _, banned := range testOnly {
				if within(dep, banned) {
					t.Errorf("%s links %s", p.name(), dep)
				}
			}
			if !within(p.name(), "otel") && within(dep, "go.opentelemetry.io") {
				t.Errorf("%s links OpenTelemetry: %s", p.name(), dep)
			}
			if within(dep, module+"/internal/servers") || within(dep, module+"/internal/respfake") {
				t.Errorf("%s links the test servers: %s", p.name(), dep)
			}
		}
	}
}

// within reports whether a path is a package or below it.
func within(path, parent string) bool {
	return path == parent || strings.HasPrefix(path, parent+"/")
}

func TestImportsOfModulesAreListed(t *testing.T) {
	t.Parallel()
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(run(t, "go", "mod", "edit", "-json", "go.mod"), &mod); err != nil {
		t.Fatal(err)
	}
	var direct []string
	for _, r := range mod.Require {
		if !r.Indirect {
			direct = append(direct, r.Path)
		}
	}
	slices.Sort(direct)
	if !slices.Equal(direct, requirements) {
		t.Errorf("direct requirements:\n got %v;\nwant %v", direct, requirements)
	}
}

// TestImportRuleForReplyTexts holds the rule that the text of a reply is read
// in one place: what decides by it elsewhere is a second opinion.
func TestImportRuleForReplyTexts(t *testing.T) {
	t.Parallel()
	files := 0
	for _, p := range list(t) {
		err := filepath.WalkDir(p.Dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				if d != nil && path != p.Dir {
					return fs.SkipDir // a package of its own
				}
				return err
			}
			base := filepath.Base(path)
			if !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go") || readsReplies(p.name(), base) {
				return nil
			}
			files++
			found, err := replyReading(path, nil)
			for _, f := range found {
				t.Errorf("%s/%s", p.name(), f)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 20 {
		t.Errorf("looked at %d files; want all", files)
	}
}

// readsReplies names the one place, and the test servers, which write replies.
func readsReplies(pkg, file string) bool {
	return pkg == "classify" && strings.HasPrefix(file, "reply") || pkg == "internal/servers"
}

// predicates are the methods of rueidis that read a reply's text.
var predicates = []string{
	"IsMoved", "IsAsk", "IsTryAgain", "IsLoading", "IsClusterDown", "IsNoScript", "IsBusyGroup", "IsRedirect", "IsRedisBusyGroup",
}

// searches are the beginnings of the names of functions that look for
// something; rewriting a text decides nothing.
var searches = []string{"Has", "Contains", "Index", "LastIndex", "Cut", "Equal", "Compare", "Count", "Fields", "Split", "Match"}

// codes are the first words of errors that tempt.
var codes = []string{
	"ASK", "BUSY", "BUSYGROUP", "BUSYKEY", "CLUSTERDOWN", "CROSSSLOT", "DENIED", "ERR", "EXECABORT", "INPROG", "IOERR", "LOADING",
	"MASTERDOWN", "MISCONF", "MOVED", "NOAUTH", "NOGOODSLAVE", "NOGROUP", "NOPERM", "NOPROTO", "NOQUORUM", "NOREPLICAS", "NOSCRIPT",
	"NOTBUSY", "OOM", "READONLY", "REDIRECT", "TRYAGAIN", "UNBLOCKED", "UNKILLABLE", "WRONGPASS", "WRONGTYPE",
}

// replyReading finds in a file what decides by the text of a reply: a predicate
// of rueidis, a search in an error's text, a search for an error code.
func replyReading(path string, src any) (found []string, err error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, src, 0)
	if err != nil {
		return nil, err
	}
	report := func(n ast.Node, format string, args ...any) {
		at := fset.Position(n.Pos())
		found = append(found, fmt.Sprintf("%s:%d %s", filepath.Base(at.Filename), at.Line, fmt.Sprintf(format, args...)))
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if slices.Contains(predicates, sel.Sel.Name) {
			report(call, "calls %s", sel.Sel.Name)
		}
		if from, ok := sel.X.(*ast.Ident); !ok || from.Name != "strings" && from.Name != "bytes" && from.Name != "regexp" {
			return true
		}
		if !slices.ContainsFunc(searches, func(verb string) bool { return strings.HasPrefix(sel.Sel.Name, verb) }) {
			return true
		}
		for _, arg := range call.Args {
			if isErrorText(arg) {
				report(call, "searches the text of an error")
			}
			if code := firstWord(arg); slices.Contains(codes, code) {
				report(call, "searches for %s", code)
			}
		}
		return true
	})
	return found, nil
}

// isErrorText reports whether the expression is err.Error().
func isErrorText(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) != 0 {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Error"
}

// firstWord is the first word of a string literal, without the type byte of an
// error.
func firstWord(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	text, _ := strconv.Unquote(lit.Value)
	word, _, _ := strings.Cut(strings.TrimPrefix(text, "-"), " ")
	return word
}

func TestImportRuleForReplyTextsSeesWhatItForbids(t *testing.T) {
	t.Parallel()
	for statement, bad := range map[string]bool{
		`_ = e.IsLoading()`:                                true,
		`_, _ = e.IsMoved()`:                               true,
		`_ = strings.HasPrefix(text, "LOADING")`:           true,
		`_ = strings.Contains(line, "-ERR unknown")`:       true,
		`_ = bytes.HasPrefix(line, []byte("x"))`:           false,
		`_ = strings.Contains(err.Error(), "max clients")`: true,
		`_ = strings.HasPrefix(name, "CLIENT ")`:           false,
		`_ = fmt.Sprintf("READONLY %d", 1)`:                false,
		`_ = strings.ReplaceAll(err.Error(), "a", "b")`:    false,
		`_ = err.Error()`:                                  false,
	} {
		found, err := replyReading("x.go", "package x\nfunc f() {"+statement+"}")
		if err != nil {
			t.Fatal(err)
		}
		if got := len(found) > 0; got != bad {
			t.Errorf("%s: found %v; want a finding: %v", statement, found, bad)
		}
	}
}
