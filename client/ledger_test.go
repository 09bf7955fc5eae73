package client_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// fate is what becomes of a command; the zero fate is that it runs and its
// reply arrives.
type fate struct {
	line string // refused with this error line
	lost bool   // the connection is lost instead of the reply
	runs bool   // a lost command was executed
}

// ledger is a server with transactions that keeps the books: what was executed,
// in which order.
type ledger struct {
	fate func(cmd []string, nth int) fate // nth arrival of the same command, from 0

	mu   sync.Mutex
	seen map[string]int
	ran  []string
}

// tx is the open transaction of a connection.
type tx struct {
	queue [][]string
	dirty bool
}

func newLedger(f func(cmd []string, nth int) fate) *ledger {
	return &ledger{fate: f, seen: map[string]int{}}
}

// refuse gives the first arrival of a command, by its words, a fate.
func refuse(fates map[string]fate) func([]string, int) fate {
	return func(cmd []string, nth int) fate {
		if nth > 0 {
			return fate{}
		}
		return fates[strings.Join(cmd, " ")]
	}
}

func (l *ledger) serve(c *respfake.Conn, cmd []string) {
	l.mu.Lock()
	id := strings.Join(cmd, " ")
	f := l.fate(cmd, l.seen[id])
	l.seen[id]++
	l.mu.Unlock()
	open, _ := c.State.(*tx)
	switch {
	case f.line != "" && cmd[0] == "EXEC":
		c.State = nil
		c.Write(respfake.Error("EXECABORT Transaction discarded because of: " + f.line))
	case f.line != "":
		if open != nil {
			open.dirty = true
		}
		c.Write(respfake.Error(f.line))
	case f.lost:
		if f.runs && open == nil {
			l.run(cmd)
		}
		if f.runs && open != nil && cmd[0] == "EXEC" {
			l.exec(open)
		}
		c.Close()
	default:
		c.Write(l.reply(c, open, cmd))
	}
}

func (l *ledger) reply(c *respfake.Conn, open *tx, cmd []string) string {
	switch {
	case cmd[0] == "MULTI" && open != nil:
		return respfake.Error("ERR MULTI calls can not be nested")
	case cmd[0] == "MULTI":
		c.State = new(tx)
		return respfake.OK
	case (cmd[0] == "EXEC" || cmd[0] == "DISCARD") && open == nil:
		return respfake.Error("ERR " + cmd[0] + " without MULTI")
	case cmd[0] == "DISCARD":
		c.State = nil
		return respfake.OK
	case cmd[0] == "EXEC" && open.dirty:
		c.State = nil
		return respfake.Error("EXECABORT Transaction discarded because of previous errors.")
	case cmd[0] == "EXEC":
		c.State = nil
		return respfake.Array(l.exec(open)...)
	case open != nil:
		open.queue = append(open.queue, cmd)
		return respfake.Simple("QUEUED")
	}
	return l.run(cmd)
}

func (l *ledger) exec(open *tx) (replies []string) {
	for _, cmd := range open.queue {
		replies = append(replies, l.run(cmd))
	}
	return replies
}

// run executes: every reply is the last word of its command.
func (l *ledger) run(cmd []string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ran = append(l.ran, strings.Join(cmd, " "))
	return respfake.Bulk(cmd[len(cmd)-1])
}

// executed is what ran, in order.
func (l *ledger) executed() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.ran)
}

func (l *ledger) wantExecuted(t *testing.T, want ...string) {
	t.Helper()
	if got := l.executed(); !slices.Equal(got, want) {
		t.Errorf("executed %q; want %q", got, want)
	}
}

// commands makes one command of each line; those that begin with GET or MGET
// are reads.
func commands(b rueidis.Builder, lines ...string) []rueidis.Completed {
	multi := make([]rueidis.Completed, len(lines))
	for i, line := range lines {
		words := strings.Fields(line)
		a := b.Arbitrary(words[0])
		if len(words) > 1 {
			a = a.Keys(words[1]).Args(words[2:]...)
		}
		if words[0] == "GET" || words[0] == "MGET" {
			multi[i] = a.ReadOnly()
		} else {
			multi[i] = a.Build()
		}
	}
	return multi
}

// outcomes renders results: the reply, or kind and effect of the failure.
func outcomes(t *testing.T, results []rueidis.RedisResult) []string {
	t.Helper()
	all := make([]string, len(results))
	for i, res := range results {
		switch err := res.Error(); {
		case err == rueidis.Nil:
			all[i] = "nil"
		case err != nil:
			e := mine(t, err)
			all[i] = e.Kind.Label() + " " + e.Effect.String()
		default:
			if s, err := res.ToString(); err == nil {
				all[i] = s
			} else {
				list, _ := res.AsStrSlice()
				all[i] = "[" + strings.Join(list, " ") + "]"
			}
		}
	}
	return all
}

func wantOutcomes(t *testing.T, results []rueidis.RedisResult, want ...string) {
	t.Helper()
	if got := outcomes(t, results); !slices.Equal(got, want) {
		t.Errorf("results\n got %q\nwant %q", got, want)
	}
}

// arrived is what the server was asked, one line for each command.
func arrived(fake *respfake.Server) []string {
	var lines []string
	for _, cmd := range fake.Commands() {
		lines = append(lines, cmd.String())
	}
	return lines
}

func wantArrived(t *testing.T, fake *respfake.Server, want ...string) {
	t.Helper()
	if got := arrived(fake); !slices.Equal(got, want) {
		t.Errorf("the server was asked %q; want %q", got, want)
	}
}

// wantOrderWhy checks that a failure names the order of the batch as the reason
// why the command was not sent again.
func wantOrderWhy(t *testing.T, err error) {
	t.Helper()
	wantWhy(t, err, errs.WhyOrder)
}
