package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/internal/benchkit"
)

const benchHelp = `Usage: redoubt bench [--json] [--work REGEXP] [--rounds N] [--round TIME]

Measures the client beside rueidis on a private server that it starts and ends.
The subjects take turns in one process, and medians are shown. rueidis-control
is rueidis with the same options a second time: what separates those two is
noise. "make bench" in the repository measures other clients as well.

  --json    print one object per row,
            {"work","subject","ns_per_op","allocs_per_op","ratio_to","ratio"};
            ratio is the throughput over that of ratio_to: more is better
  --work    measure the works whose name matches: get-serial, get-128, set-128,
            get-128-deadline, domulti-100, classify
  --rounds  measure each subject so often (31)
  --round   time that a round of one subject takes (50ms)
`

// bench is the command. It returns 0 if everything was measured, 1 if a subject
// failed and 2 if there is no server to measure against.
func bench(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	plan, err := benchPlanOf(args)
	if err != nil {
		return usageError(err, "bench", benchHelp, stdout, stderr)
	}
	var addr, title string
	if plan.needsServer() {
		server, err := benchkit.StartServer()
		if err != nil {
			fmt.Fprintln(stderr, "redoubt bench:", err)
			return exitUsage
		}
		defer server.Close()
		addr, title = server.Addr, server.Name+", "
	}
	report := func(results []benchkit.Result) error { return benchkit.WriteTable(stdout, results) }
	if plan.asJSON {
		report = func(results []benchkit.Result) error { return benchkit.WriteJSON(stdout, results) }
	} else {
		fmt.Fprintf(stdout, "%s%s %s/%s, GOMAXPROCS %d\n\n",
			title, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))
	}
	err = benchkit.Run(ctx, plan.works(addr), plan.measure, report)
	switch {
	case ctx.Err() != nil:
		return exitInterrupted
	case err != nil:
		fmt.Fprintln(stderr, "redoubt bench:", err)
		return 1
	}
	return 0
}

// benchPlan is what the arguments ask for.
type benchPlan struct {
	asJSON  bool
	work    *regexp.Regexp
	measure benchkit.Config
}

func benchPlanOf(args []string) (benchPlan, error) {
	var plan benchPlan
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.BoolVar(&plan.asJSON, "json", false, "")
	work := flags.String("work", ".", "")
	flags.IntVar(&plan.measure.Rounds, "rounds", benchkit.Rounds, "")
	flags.DurationVar(&plan.measure.Round, "round", 50*time.Millisecond, "")
	others, err := parseArgs(flags, args)
	switch {
	case err != nil:
		return plan, err
	case len(others) > 0:
		return plan, fmt.Errorf("want no arguments, got %d", len(others))
	case plan.measure.Rounds < 1 || plan.measure.Round <= 0:
		return plan, errors.New("--rounds and --round must be positive")
	}
	if plan.work, err = regexp.Compile(*work); err != nil {
		return plan, fmt.Errorf("--work: %w", err)
	}
	if len(plan.works("")) == 0 {
		return plan, fmt.Errorf("--work: no work matches %.40q", *work)
	}
	return plan, nil
}

// works are those that were asked for, on the server at addr.
func (p benchPlan) works(addr string) []benchkit.Work {
	connect := func() ([]benchkit.NamedPeer, error) {
		return benchkit.Connect(rueidis.ClientOption{InitAddress: []string{addr}})
	}
	all := append(benchkit.Commands(connect), benchkit.Classification())
	return slices.DeleteFunc(all, func(w benchkit.Work) bool { return !p.work.MatchString(w.Name) })
}

// needsServer is false if nothing but classification is measured.
func (p benchPlan) needsServer() bool {
	alone := benchkit.Classification().Name
	return slices.ContainsFunc(p.works(""), func(w benchkit.Work) bool { return w.Name != alone })
}
