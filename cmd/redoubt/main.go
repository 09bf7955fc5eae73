// Command redoubt shows what the library makes of failures, examines servers,
// explains errors of Redis and Valkey the way the library classifies them, and
// measures what the library costs.
//
// Every command takes --help. Exit code 2 means that the input was unusable,
// with one line on standard error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// command is one row of the list of commands. run gets the arguments behind
// the name and returns the exit code.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int
}

var commands = []command{
	{"bench", "measure the client beside rueidis, in one run", bench},
	{"demo", "walk through real failures, live", demo},
	{"doctor", "look at a server and say what is wrong with it", doctor},
	{"explain", "say what an error reply, a kind or a code means and what to do", explain},
}

const (
	exitUsage       = 2   // the input cannot be used
	exitInterrupted = 130 // as shells report it
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run finds the command and hands over to it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprintln(stderr, "redoubt: want a command, see redoubt --help")
		return exitUsage
	}
	name, args := args[0], args[1:]
	switch name {
	case "help":
		if len(args) == 0 {
			fmt.Fprint(stdout, overview())
			return 0
		}
		name, args = args[0], []string{"--help"}
	case "-h", "-help", "--help":
		fmt.Fprint(stdout, overview())
		return 0
	}
	for _, c := range commands {
		if c.name == name {
			return c.run(ctx, args, stdin, stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "redoubt: unknown command %.40q, see redoubt --help\n", name)
	return exitUsage
}

func overview() string {
	var b strings.Builder
	b.WriteString("Usage: redoubt COMMAND [arguments]\n\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-10s %s\n", c.name, c.summary)
	}
	b.WriteString("\nredoubt COMMAND --help says more.\n")
	return b.String()
}

// parseArgs reads flags wherever they stand among the arguments and returns
// the others; behind "--" nothing is a flag.
func parseArgs(flags *flag.FlagSet, args []string) (others []string, err error) {
	flags.SetOutput(io.Discard) // usageError reports, in one line
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		rest := flags.Args()
		if len(rest) == 0 {
			return others, nil
		}
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" {
			return append(others, rest...), nil
		}
		others, args = append(others, rest[0]), rest[1:]
	}
}

// usageError ends a command whose arguments are no good: a request for help is
// answered, anything else gets one line. It returns the exit code.
func usageError(err error, name, help string, stdout, stderr io.Writer) int {
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, help)
		return 0
	}
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	fmt.Fprintf(stderr, "redoubt %s: %s, see redoubt %s --help\n", name, text, name)
	return exitUsage
}
