package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

const doctorHelp = `Usage: redoubt doctor [--json] URL

Looks at one server and says what it is, how far away, and which of its
settings and states are dangerous, each with what to do. The server may stand
alone, be a replica, a node of a cluster or a sentinel, of any version; what it
refuses to tell is reported as unknown. Nothing is changed on it.

  URL     redis://user:password@host:port/db, rediss:// for TLS, or
          unix:///path; with the parameters of rueidis.ParseURL, such as
          skip_verify=true and dial_timeout=1s. It is printed without user,
          password and parameters.
  --json  print one object, {"url","topology","server","version","role",
          "latency_ms","findings":[{"id","severity","found","advice"}]}

Exit code 0: nothing serious. 1: findings of severity error. 2: it could not
look.
`

// doctorTime bounds the whole look at a server.
const doctorTime = 15 * time.Second

// doctor is the command.
func doctor(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "")
	urls, err := parseArgs(flags, args)
	if err == nil && len(urls) != 1 {
		err = fmt.Errorf("want one URL, got %d arguments", len(urls))
	}
	if err != nil {
		return usageError(err, "doctor", doctorHelp, stdout, stderr)
	}
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	f, err := examine(ctx, urls[0])
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return exitInterrupted
	case err != nil:
		fmt.Fprintln(stderr, "redoubt doctor:", cannotUse(err, urls[0]))
		return exitUsage
	}
	r := diagnose(f)
	if *asJSON {
		err = encoder(stdout).Encode(r)
	} else {
		_, err = io.WriteString(stdout, reportPage(r, styleFor(stdout)))
	}
	if err != nil {
		fmt.Fprintln(stderr, "redoubt doctor:", err)
		return 1
	}
	if slices.ContainsFunc(r.Findings, func(x finding) bool { return x.Severity == severityError }) {
		return 1
	}
	return 0
}

// report is the shape of the JSON output.
type report struct {
	URL       string    `json:"url"`
	Topology  string    `json:"topology"` // standalone, cluster, sentinel or unknown
	Server    string    `json:"server"`   // redis, valkey ... or unknown
	Version   string    `json:"version"`
	Role      string    `json:"role"` // primary, replica, sentinel or unknown
	LatencyMS float64   `json:"latency_ms"`
	Findings  []finding `json:"findings"`

	protocol string // for people: programs read the findings
}

// finding is one thing that was noticed. Its id is stable.
type finding struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Found    string `json:"found"`
	Advice   string `json:"advice"`
}

const (
	severityError   = "error"   // it fails or loses data, now or at the next incident
	severityWarning = "warning" // it will hurt under circumstances that do happen
	severityInfo    = "info"    // good to know
)

func problem(id, found, advice string) finding { return finding{id, severityError, found, advice} }
func warning(id, found, advice string) finding { return finding{id, severityWarning, found, advice} }
func hint(id, found, advice string) finding    { return finding{id, severityInfo, found, advice} }

// checks look at the facts, each at one matter.
var checks = []func(*facts) []finding{
	checkServing, checkRefusals, checkProtocol, checkExposure, checkPermissions, checkVersion, checkLatency,
	checkReplica, checkReplicas, checkCluster, checkSentinel,
	checkMemory, checkPersistence, checkSaving, checkClients, checkTimeouts, checkOutputBuffers, checkScripts, checkTools,
}

// diagnose makes the report of the facts, the worst findings first.
func diagnose(f *facts) report {
	r := report{
		URL: f.url, Topology: f.topology(), Role: f.role(),
		LatencyMS: math.Round(milliseconds(f.latency)*1000) / 1000,
		Findings:  []finding{}, protocol: f.protocol(),
	}
	r.Server, r.Version = f.server()
	for _, check := range checks {
		r.Findings = append(r.Findings, check(f)...)
	}
	rank := []string{severityError, severityWarning, severityInfo}
	slices.SortStableFunc(r.Findings, func(a, b finding) int {
		return slices.Index(rank, a.Severity) - slices.Index(rank, b.Severity)
	})
	return r
}
