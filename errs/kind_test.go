package errs_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/redoubt-go/redoubt/errs"
)

func TestZeroValuesAreTheCarefulOnes(t *testing.T) {
	t.Parallel()
	var (
		kind   errs.Kind
		class  errs.Class
		effect errs.Effect
	)
	if effect != errs.Unknown {
		t.Errorf("got zero effect %v; want unknown", effect)
	}
	if kind.Valid() || slices.Contains(errs.Kinds(), kind) {
		t.Error("zero is a kind")
	}
	if class.Valid() || slices.Contains(errs.Classes(), class) {
		t.Error("zero is a class")
	}
	unset := &errs.Error{}
	if errors.Is(unset, kind) || errors.Is(unset, class) {
		t.Error("an Error without kind matches the zero kind or class")
	}
	if !errs.MayHaveExecuted(unset) {
		t.Error("got not executed for an Error whose effect was not set")
	}
}

func TestEveryKindHasAFullRow(t *testing.T) {
	t.Parallel()
	for _, k := range errs.Kinds() {
		row := k.Row()
		if row.Kind != k || row.Name == "" {
			t.Errorf("kind %d: got row of %d with name %q", k, row.Kind, row.Name)
			continue
		}
		if !row.Class.Valid() || row.Class != k.Class() {
			t.Errorf("%s: got class %d in the row and %d of the kind", row.Name, row.Class, k.Class())
		}
		for field, text := range map[string]string{"meaning": row.Meaning, "cause": row.Cause, "action": row.Action} {
			if first, _ := utf8.DecodeRuneInString(text); !unicode.IsUpper(first) || !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %s is no sentence: %q", row.Name, field, text)
			}
		}
		if line, ok := strings.CutPrefix(row.Example, "-"); row.Example == "" || ok && line == "" {
			t.Errorf("%s: no example", row.Name)
		}
	}
}

// A phrase stands between "OP: " and " (CODE), node ...", also in logs of
// people who do not know the protocol.
func TestPhrasesReadWithinASentence(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile(`\b(?:[A-Z]{4,}|ERR|ASK|OOM)\b`)
	seen := map[string]string{}
	for _, k := range errs.Kinds() {
		phrase := k.Error()
		if n := len(phrase); n < 8 || n > 56 {
			t.Errorf("%s: got a phrase of %d bytes; want 8 to 56: %q", k.String(), n, phrase)
		}
		if unicode.IsUpper(rune(phrase[0])) && !strings.HasPrefix(phrase, "API") || strings.ContainsAny(phrase, ".:;()") || code.MatchString(phrase) {
			t.Errorf("%s: phrase does not fit: %q", k.String(), phrase)
		}
		if other, dup := seen[phrase]; dup {
			t.Errorf("%s and %s have the phrase %q", other, k.String(), phrase)
		}
		seen[phrase] = k.String()
	}
}

// The names in the table are typed by hand; the source is asked whether they
// are those of the constants.
func TestNamesAreThoseOfTheConstants(t *testing.T) {
	t.Parallel()
	var kinds, classes []string
	for _, k := range errs.Kinds() {
		kinds = append(kinds, k.String())
	}
	for _, c := range errs.Classes() {
		classes = append(classes, c.String())
	}
	if got, want := kinds, constants(t, "kind.go", "Kind"); !slices.Equal(got, want) {
		t.Errorf("got kinds %v; want %v", got, want)
	}
	if got, want := classes, constants(t, "class.go", "Class"); !slices.Equal(got, want) {
		t.Errorf("got classes %v; want %v", got, want)
	}
}

// constants are the exported names of the block of constants of a type.
func constants(t *testing.T, file, typ string) (names []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range f.Decls {
		block, ok := decl.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST {
			continue
		}
		first, _ := block.Specs[0].(*ast.ValueSpec)
		if ident, ok := first.Type.(*ast.Ident); !ok || ident.Name != typ {
			continue
		}
		for _, spec := range block.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				if name.IsExported() {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}

func TestLabelsAreUniqueSnakeCase(t *testing.T) {
	t.Parallel()
	snake := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, k := range errs.Kinds() {
		if label := k.Label(); !snake.MatchString(label) || seen[label] {
			t.Errorf("%s: label %q is not snake case or not unique", k.String(), label)
		}
		seen[k.Label()] = true
	}
	for k, want := range map[errs.Kind]string{
		errs.ReadOnly: "read_only", errs.OOM: "oom", errs.DNS: "dns", errs.IOTimeout: "io_timeout",
		errs.StreamID: "stream_id", errs.BadURL: "bad_url", errs.UnblockedByHand: "unblocked_by_hand",
	} {
		if got := k.Label(); got != want {
			t.Errorf("got label %q; want %q", got, want)
		}
	}
}

func TestEveryClassHasKindsThatStandTogether(t *testing.T) {
	t.Parallel()
	var order []errs.Class
	for _, k := range errs.Kinds() {
		if len(order) == 0 || order[len(order)-1] != k.Class() {
			order = append(order, k.Class())
		}
	}
	if want := errs.Classes(); !slices.Equal(order, want) {
		t.Errorf("got classes in the order %v; want %v", order, want)
	}
	for _, c := range errs.Classes() {
		if c.Meaning() == "" || c.Error() != "class "+c.String() {
			t.Errorf("%s: got meaning %q, text %q", c.String(), c.Meaning(), c.Error())
		}
	}
}

func TestKindNamedFindsEveryName(t *testing.T) {
	t.Parallel()
	for _, k := range errs.Kinds() {
		if got, ok := errs.KindNamed(k.String()); got != k || !ok {
			t.Errorf("%s: got %d, %v; want %d", k.String(), got, ok, k)
		}
	}
	for _, name := range []string{"", "readonly", "READONLY", "Kind(0)", "Transport"} {
		if got, ok := errs.KindNamed(name); got != 0 || ok {
			t.Errorf("%q: got %d, %v; want none", name, got, ok)
		}
	}
}

func TestInvalidKindsAndClassesAreNone(t *testing.T) {
	t.Parallel()
	for _, k := range []errs.Kind{0, errs.Kind(len(errs.Kinds()) + 1), 255} {
		name := fmt.Sprintf("Kind(%d)", uint8(k))
		if k.String() != name || k.Error() != name || k.Label() != "none" || k.CachekitCode() != "" {
			t.Errorf("got %q, %q, %q, %q; want %q and nothing", k.String(), k.Error(), k.Label(), k.CachekitCode(), name)
		}
		if k.Class() != 0 || k.Row() != (errs.Row{}) || errors.Is(k, errs.Class(0)) {
			t.Errorf("%s has a class or a row", name)
		}
	}
	for _, c := range []errs.Class{0, errs.Class(len(errs.Classes()) + 1), 255} {
		if want := fmt.Sprintf("Class(%d)", uint8(c)); c.String() != want || c.Meaning() != "" {
			t.Errorf("got %q, %q; want %q and nothing", c.String(), c.Meaning(), want)
		}
	}
}

func TestKindIsItsClass(t *testing.T) {
	t.Parallel()
	for _, k := range errs.Kinds() {
		for _, c := range errs.Classes() {
			if got, want := errors.Is(k, c), k.Class() == c; got != want {
				t.Errorf("errors.Is(%s, %s): got %v; want %v", k.String(), c.String(), got, want)
			}
		}
	}
	if errors.Is(errs.Transport, errs.DialRefused) {
		t.Error("a class is one of its kinds")
	}
}

func TestListsAreCopies(t *testing.T) {
	t.Parallel()
	errs.Kinds()[0], errs.Classes()[0] = errs.Misuse, errs.Usage
	if errs.Kinds()[0] != errs.Moved || errs.Classes()[0] != errs.Redirect {
		t.Error("a caller changed the taxonomy")
	}
}

func TestEffectNames(t *testing.T) {
	t.Parallel()
	for effect, want := range map[errs.Effect]string{
		errs.Unknown: "unknown", errs.NotExecuted: "not-executed", errs.Executed: "executed",
		errs.Partial: "partial", 4: "Effect(4)", 255: "Effect(255)",
	} {
		if got := effect.String(); got != want {
			t.Errorf("got %q; want %q", got, want)
		}
	}
}

func TestCachekitCodes(t *testing.T) {
	t.Parallel()
	want := map[string][]errs.Kind{
		"E001": {errs.MasterKeyMissing},
		"E002": {errs.MasterKeyInvalid},
		"E003": {errs.DecryptFailed, errs.UnknownKey, errs.TenantMismatch},
		"E011": {errs.DialTimeout, errs.IOTimeout, errs.Deadline},
		"E012": {errs.PoolWait},
		"E020": {errs.SerializeFailed, errs.InteropRejected},
		"E021": {errs.SerializerMismatch, errs.EntryCorrupt},
		"E030": {errs.BreakerOpen},
		"E040": {errs.NoBackend},
		"E041": {errs.BadEnvironment},
		"E050": {errs.LockNotAcquired, errs.LockBusy},
		"E060": {errs.BackendAuth},
		"E061": {errs.BackendLimited},
		"E062": {errs.BackendFault},
		"E063": {errs.BackendRefused},
		"E064": {errs.BackendTimeout},
		"E065": {errs.BackendDown},
	}
	got := map[string][]errs.Kind{}
	for _, k := range errs.Kinds() {
		if k.Class() == errs.Transport {
			if k.CachekitCode() != "E010" {
				t.Errorf("%s: got code %q; want E010", k.String(), k.CachekitCode())
			}
			continue
		}
		if code := k.CachekitCode(); code != "" {
			got[code] = append(got[code], k)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d codes; want %d", len(got), len(want))
	}
	for code, kinds := range want {
		if !slices.Equal(got[code], kinds) {
			t.Errorf("%s: got %v; want %v", code, got[code], kinds)
		}
	}
}
