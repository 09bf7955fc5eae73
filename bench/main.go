// Bench compares redoubt with rueidis and go-redis, on a private server of its
// own, and prints a table a work. It is a module of its own, so that users of
// the library never see the peers' requirements.
//
//	make bench BENCH_WORK='get-.*' BENCH_JSON=figures.json
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/internal/benchkit"
)

// Exit codes: bad input is told from a measurement that failed.
const (
	exitOK       = 0
	exitFailed   = 1
	exitBadInput = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// config is what the command line says.
type config struct {
	work    *regexp.Regexp
	json    string
	measure benchkit.Config
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return exitBadInput
	}
	if err := compare(ctx, cfg, stdout); err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return exitFailed
	}
	return exitOK
}

func parse(args []string, help io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // a mistake gets one line, not the usage
	work := flags.String("work", ".", "measure the works whose name matches this `regexp`")
	flags.StringVar(&cfg.json, "json", "", "write the medians to this `file`, a JSON object a line")
	flags.IntVar(&cfg.measure.Rounds, "rounds", benchkit.Rounds, "measure each subject `n` times")
	flags.DurationVar(&cfg.measure.Round, "round", 50*time.Millisecond, "`time` that a round of one subject takes")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(help, "Compares redoubt with rueidis and go-redis on a private server.")
		flags.SetOutput(help)
		flags.PrintDefaults()
		return cfg, err
	}
	if err != nil {
		return cfg, err
	}
	if flags.NArg() > 0 {
		return cfg, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if cfg.measure.Rounds < 1 || cfg.measure.Round <= 0 {
		return cfg, errors.New("-rounds and -round must be positive")
	}
	if cfg.work, err = regexp.Compile(*work); err != nil {
		return cfg, fmt.Errorf("-work: %w", err)
	}
	if len(cfg.works("")) == 0 && !cfg.work.MatchString(policyWork) {
		return cfg, fmt.Errorf("-work: no work matches %q", *work)
	}
	return cfg, nil
}

// works are those that were asked for, on the server at addr.
func (cfg config) works(addr string) []benchkit.Work {
	connect := func() ([]benchkit.NamedPeer, error) { return connect(addr) }
	all := append(benchkit.Commands(connect), benchkit.Classification())
	return slices.DeleteFunc(all, func(w benchkit.Work) bool { return !cfg.work.MatchString(w.Name) })
}

// needsServer is false if nothing is asked over a connection.
func (cfg config) needsServer() bool {
	alone := benchkit.Classification().Name
	return slices.ContainsFunc(cfg.works(""), func(w benchkit.Work) bool { return w.Name != alone })
}

// compare measures the works that were asked for and reports each when it is
// done.
func compare(ctx context.Context, cfg config, stdout io.Writer) (err error) {
	var addr, title string
	if cfg.needsServer() {
		server, err := benchkit.StartServer()
		if err != nil {
			return err
		}
		defer server.Close()
		addr, title = server.Addr, server.Name+", "
	}
	rows := io.Discard
	if cfg.json != "" {
		file, err := os.Create(cfg.json)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		rows = file
	}
	fmt.Fprintf(stdout, "%s%s %s/%s, GOMAXPROCS %d\n\n",
		title, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))
	report := func(results []benchkit.Result) error {
		return errors.Join(benchkit.WriteTable(stdout, results), benchkit.WriteJSON(rows, results))
	}
	if err := benchkit.Run(ctx, cfg.works(addr), cfg.measure, report); err != nil {
		return err
	}
	if !cfg.work.MatchString(policyWork) {
		return nil
	}
	results, err := policyOverhead(ctx, cfg.measure)
	if err != nil {
		return err
	}
	return report(results)
}

// connect makes the clients to compare.
func connect(addr string) ([]benchkit.NamedPeer, error) {
	peers, err := benchkit.Connect(rueidis.ClientOption{InitAddress: []string{addr}})
	if err != nil {
		return nil, err
	}
	return append(peers, benchkit.NamedPeer{Name: "go-redis", Peer: goRedis(addr)}), nil
}
