package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/redoubt-go/redoubt/internal/benchkit"
)

// policyWork is what the policy costs per Do: a node in memory is asked
// directly, and through the client. Only package client itself can put a
// client over such a node, so its own benchmark is run and read here.
const policyWork = "policy-overhead"

// policySubjects name the benchmark's cases, in the order of the table.
var policySubjects = []struct{ bench, subject string }{
	{"bare/serial", "node"},
	{"redoubt/serial", "redoubt"},
	{"bare/64", "node-64"},
	{"redoubt/64", "redoubt-64"},
}

func policyOverhead(ctx context.Context, cfg benchkit.Config) ([]benchkit.Result, error) {
	dir, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/redoubt-go/redoubt").Output()
	if err != nil {
		return nil, fmt.Errorf("%s: go list: %w", policyWork, err)
	}
	//nolint:gosec // two numbers are what varies
	test := exec.CommandContext(ctx, "go", "test", "./client", "-run", "^$", "-bench", "^BenchmarkPolicyOverhead$",
		"-count", strconv.Itoa(cfg.Rounds), "-benchtime", cfg.Round.String())
	test.Dir = strings.TrimSpace(string(dir))
	out, err := test.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: go test: %w", policyWork, err)
	}
	return readPolicy(out)
}

// readPolicy reads the output of the benchmark.
func readPolicy(out []byte) ([]benchkit.Result, error) {
	times := map[string][]float64{}
	allocs := map[string]float64{}
	ops := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		name, ok := strings.CutPrefix(lines.Text(), "BenchmarkPolicyOverhead/")
		if !ok || len(fields) < 8 {
			continue
		}
		name, _, _ = strings.Cut(name, "-")
		ns, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", policyWork, err)
		}
		times[name] = append(times[name], ns)
		if ops[name], err = strconv.Atoi(fields[1]); err != nil {
			return nil, fmt.Errorf("%s: %w", policyWork, err)
		}
		if allocs[name], err = strconv.ParseFloat(fields[6], 64); err != nil {
			return nil, fmt.Errorf("%s: %w", policyWork, err)
		}
	}
	results := make([]benchkit.Result, 0, len(policySubjects))
	reference := times[policySubjects[0].bench]
	for _, s := range policySubjects {
		own := times[s.bench]
		if len(own) == 0 || len(own) != len(reference) {
			return nil, errors.New(policyWork + ": the benchmark did not measure " + s.bench)
		}
		r := benchkit.Compare(own, reference)
		r.Work, r.Subject, r.RatioTo, r.Allocs = policyWork, s.subject, policySubjects[0].subject, allocs[s.bench]
		r.Ops = ops[s.bench]
		results = append(results, r)
	}
	return results, nil
}
