package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redoubt-go/redoubt/internal/benchkit"
	"github.com/redoubt-go/redoubt/internal/servers"
)

func TestEveryWorkMeasuresEverySubject(t *testing.T) {
	servers.Need(t)
	file := filepath.Join(t.TempDir(), "figures.json")
	var stdout, stderr strings.Builder
	code := run(t.Context(), []string{"-rounds", "1", "-round", "1ms", "-json", file}, &stdout, &stderr)
	if code != exitOK || stderr.Len() > 0 {
		t.Fatalf("got exit code %d, %q; want %d and silence", code, &stderr, exitOK)
	}

	measured := map[string][]string{}
	for _, row := range readRows(t, file) {
		measured[row.Work] = append(measured[row.Work], row.Subject)
		if row.NsPerOp <= 0 || row.Ratio <= 0 {
			t.Errorf("%s of %s: got %v ns and ratio %v; want more than nothing", row.Work, row.Subject, row.NsPerOp, row.Ratio)
		}
	}
	const clients = "redoubt rueidis rueidis-control rueidis-defaults go-redis"
	for work, want := range map[string]string{
		"get-serial":       clients,
		"get-128":          clients,
		"set-128":          clients,
		"get-128-deadline": clients,
		"domulti-100":      clients,
		"classify":         "redoubt redoubt-err-text redoubt-typed",
		"policy-overhead":  "node redoubt node-64 redoubt-64",
	} {
		if got := strings.Join(measured[work], " "); got != want {
			t.Errorf("%s: got subjects %q; want %q", work, got, want)
		}
		if !strings.Contains(stdout.String(), work+": 1 rounds of ") {
			t.Errorf("%s: no table in\n%s", work, &stdout)
		}
	}
}

func TestPartOfTheWorksIsMeasured(t *testing.T) {
	for name, value := range map[string]string{"PATH": "", "REDOUBT_SERVERS": "", "REDOUBT_SERVER_CACHE": t.TempDir()} {
		t.Setenv(name, value) // there is no server, and classification asks none
	}
	file := filepath.Join(t.TempDir(), "figures.json")
	var stdout, stderr strings.Builder
	args := []string{"-work", "^class", "-rounds", "1", "-round", "1ms", "-json", file}
	if code := run(t.Context(), args, &stdout, &stderr); code != exitOK {
		t.Fatalf("got exit code %d, %q; want %d", code, &stderr, exitOK)
	}
	for _, row := range readRows(t, file) {
		if row.Work != "classify" {
			t.Errorf("%s was measured", row.Work)
		}
	}
}

func TestBadInputGetsOneLine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-nonsense"},
		{"-rounds", "none"},
		{"-rounds", "0"},
		{"-round", "-1s"},
		{"-work", "("},
		{"-work", "no such work"},
		{"surplus"},
	} {
		var stdout, stderr strings.Builder
		code := run(t.Context(), args, &stdout, &stderr)
		if code != exitBadInput || strings.Count(stderr.String(), "\n") != 1 || stdout.Len() > 0 {
			t.Errorf("%q: got exit code %d, %q, %q; want %d and one line on stderr",
				args, code, &stdout, &stderr, exitBadInput)
		}
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	t.Parallel()
	var stdout, stderr strings.Builder
	if code := run(t.Context(), []string{"--help"}, &stdout, &stderr); code != exitOK || stderr.Len() > 0 {
		t.Errorf("got exit code %d, %q; want %d and silence", code, &stderr, exitOK)
	}
	for _, name := range []string{"-work", "-json", "-rounds", "-round"} {
		if !strings.Contains(stdout.String(), "  "+name+" ") {
			t.Errorf("no %s in\n%s", name, &stdout)
		}
	}
}

func readRows(t *testing.T, file string) []benchkit.Row {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []benchkit.Row
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var row benchkit.Row
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		rows = append(rows, row)
	}
	return rows
}
