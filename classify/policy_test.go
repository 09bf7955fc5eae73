package classify_test

import (
	"os"
	"strings"
	"testing"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// TestDocMatchesPolicy reads the table in doc.go and compares every row.
func TestDocMatchesPolicy(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(source), "\n")
	rows := 0
	var starts []int // columns of the table
	for _, line := range lines {
		row, ok := strings.CutPrefix(line, "//\t")
		if !ok {
			continue
		}
		if strings.HasPrefix(row, "kind ") {
			for _, head := range []string{"kind", "effect", "do ", "fix", "lane"} {
				starts = append(starts, strings.Index(row, head))
			}
			continue
		}
		if starts == nil {
			continue
		}
		var cells [5]string
		for i, start := range starts {
			end := len(row)
			if i+1 < len(starts) {
				end = starts[i+1]
			}
			cells[i] = strings.TrimSpace(row[start:end])
		}
		for name := range strings.FieldsSeq(cells[0]) {
			k, ok := errs.KindNamed(name)
			if !ok {
				t.Errorf("doc.go: %s is not a kind", name)
				continue
			}
			rows++
			v := classify.OfKind(k)
			fix := strings.Join(v.Fix.Names(), " ")
			if fix == "" {
				fix = "-"
			}
			if got := [4]string{v.Effect.String(), v.Do.String(), fix, v.Lane.String()}; got != [4]string(cells[1:]) {
				t.Errorf("%s: got %v; doc.go says %v", name, got, cells[1:])
			}
		}
	}
	if rows < 50 {
		t.Errorf("got %d kinds in the table of doc.go; want at least 50", rows)
	}
}

// TestPolicyIsConsistent holds what must be true of every row.
func TestPolicyIsConsistent(t *testing.T) {
	t.Parallel()
	for _, k := range errs.Kinds() {
		v := classify.OfKind(k)
		if v.Kind != k {
			t.Errorf("%s: got kind %s", k.String(), v.Kind.String())
		}
		if v.Do != classify.Return && (v.Effect == errs.Executed || v.Effect == errs.Partial) {
			t.Errorf("%s: got %v after %v; want return", k.String(), v.Do, v.Effect)
		}
		if (v.Do == classify.Redirect || v.Do == classify.Ask) && k.Class() != errs.Redirect {
			t.Errorf("%s: got %v outside of class Redirect", k.String(), v.Do)
		}
		if k.Class() == errs.Durability && v.Effect != errs.Executed {
			t.Errorf("%s: got %v; want executed", k.String(), v.Effect)
		}
		if k.Class() == errs.Command && v.Lane != classify.LaneSuccess {
			t.Errorf("%s: got lane %v; want success, the node is healthy", k.String(), v.Lane)
		}
	}
	if v := classify.OfKind(0); v.Kind != errs.Unclassified || v.Do != classify.Return || v.Effect != errs.Unknown {
		t.Errorf("kind 0: got %+v; want Unclassified, return, unknown", v)
	}
}

func TestReplayRule(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		do     classify.Do
		effect errs.Effect
		safety classify.Safety
		limit  classify.Safety
		want   bool
	}{
		{classify.Return, errs.NotExecuted, classify.ReadOnly, classify.ReadOnly, false},
		{classify.RetryBackoff, errs.NotExecuted, classify.Never, classify.ReadOnly, true},
		{classify.RetryBackoff, errs.NotExecuted, classify.Unrated, classify.Unrated, true},
		{classify.RetryBackoff, errs.Unknown, classify.ReadOnly, classify.ReadOnly, true},
		{classify.RetryBackoff, errs.Unknown, classify.LastWins, classify.ReadOnly, false},
		{classify.RetryBackoff, errs.Unknown, classify.LastWins, classify.LastWins, true},
		{classify.RetryBackoff, errs.Unknown, classify.Unrated, classify.Never, false},
		{classify.RetryBackoff, errs.Unknown, classify.Never, classify.Never, false},
		{classify.RetryBackoff, errs.Executed, classify.ReadOnly, classify.Never, false},
		{classify.RetryBackoff, errs.Partial, classify.ReadOnly, classify.Never, false},
		{classify.Redirect, errs.NotExecuted, classify.Accumulating, classify.ReadOnly, true},
	} {
		v := classify.Verdict{Do: tt.do, Effect: tt.effect}
		if got := v.MayResend(tt.safety, tt.limit); got != tt.want {
			t.Errorf("%v, %v, %v within %v: got %v; want %v", tt.do, tt.effect, tt.safety, tt.limit, got, tt.want)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	if got := classify.Do(99).String() + " " + classify.Lane(99).String() + " " + classify.Ask.String() + " " + classify.LaneFailRead.String(); got != "ask fail-both ask fail-read" {
		t.Errorf("got %q; want the names, and the last for numbers beyond", got)
	}
	if names := classify.Fix(0).Names(); names == nil || len(names) != 0 {
		t.Errorf("got %#v; want an empty list", names)
	}
	if got := strings.Join((classify.RefreshTopology | classify.Rediscover).Names(), " "); got != "refresh-topology rediscover" {
		t.Errorf("got %q; want refresh-topology rediscover", got)
	}
}
