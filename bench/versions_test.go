package main

import (
	"encoding/json"
	"os/exec"
	"testing"
)

// Minimal version selection may pick a newer version here because a peer asks
// for it, and the figures would not be those of what we ship.
func TestVersionsAreThoseOfTheLibrary(t *testing.T) {
	t.Parallel()
	bench := map[string]string{}
	for _, r := range requirements(t, "go.mod") {
		bench[r.Path] = r.Version
	}
	if bench["github.com/redis/rueidis"] == "" {
		t.Error("go.mod does not list rueidis")
	}
	for _, r := range requirements(t, "../go.mod") {
		if got, shared := bench[r.Path]; shared && !r.Indirect && got != r.Version {
			t.Errorf("%s: got %s; want %s as in the library", r.Path, got, r.Version)
		}
	}
}

type requirement struct {
	Path     string `json:"Path"`
	Version  string `json:"Version"`
	Indirect bool   `json:"Indirect"`
}

func requirements(t *testing.T, file string) []requirement {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json", file).Output()
	if err != nil {
		t.Fatalf("reading %s: %v", file, err)
	}
	var mod struct {
		Require []requirement `json:"Require"`
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	return mod.Require
}
