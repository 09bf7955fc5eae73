package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/redoubt-go/redoubt/internal/servers"
)

func TestBenchMeasuresEverySubject(t *testing.T) { // not parallel: it measures
	servers.Need(t)
	code, stdout, stderr := redoubt(t, "", "bench", "--json", "--rounds", "1", "--round", "1ms")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, stderr %q; want 0 and silence", code, stderr)
	}
	keys := []string{"work", "subject", "ns_per_op", "allocs_per_op", "ratio_to", "ratio"}
	measured := map[string][]string{}
	for line := range strings.Lines(stdout) {
		if got := jsonKeys(t, line); !slices.Equal(got, keys) {
			t.Errorf("got a row with the keys %v; want %v", got, keys)
		}
		var row struct {
			Work, Subject string
			Ratio         float64
			Ns            float64 `json:"ns_per_op"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		if row.Ns <= 0 || row.Ratio <= 0 {
			t.Errorf("%s: want figures above 0", strings.TrimSpace(line))
		}
		measured[row.Work] = append(measured[row.Work], row.Subject)
	}
	clients := []string{"redoubt", "rueidis", "rueidis-control", "rueidis-defaults"}
	for _, work := range []string{"get-serial", "get-128", "set-128", "get-128-deadline", "domulti-100"} {
		if got := measured[work]; !slices.Equal(got, clients) {
			t.Errorf("%s: got the subjects %v; want %v", work, got, clients)
		}
	}
	if len(measured) != 6 || len(measured["classify"]) == 0 {
		t.Errorf("got the works %v; want classify and five on a server", measured)
	}
}

func TestBenchOfClassificationNeedsNoServer(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := redoubt(t, "", "bench", "--work", "^classify$", "--rounds", "1", "--round", "1ms")
	if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "go") || !strings.Contains(stdout, "classify: 1 rounds of ") {
		t.Errorf("exit code %d, stdout %q, stderr %q; want 0 and a table", code, stdout, stderr)
	}
}

func TestBenchRefusesBadArguments(t *testing.T) {
	t.Parallel()
	checkArguments(t, "bench", []string{"surplus"}, []string{"--nonsense"}, []string{"--work", "("},
		[]string{"--work", "no such work"}, []string{"--rounds", "0"}, []string{"--rounds", "x"}, []string{"--round", "-1s"})
}
