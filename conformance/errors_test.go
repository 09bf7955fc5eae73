package conformance_test

import (
	"context"
	"errors"
	"flag"
	"maps"
	"net"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/servers"
)

// wantTexts is how many different error texts the servers have to give, digits
// and digests apart.
const wantTexts = 150

// TestServerErrorsAreClassified provokes errors on every server found, in every
// state of testdata/errors.tsv, over RESP2 as they stand on the wire and over
// RESP3 as rueidis hands them over, and compares the kinds.
func TestServerErrorsAreClassified(t *testing.T) {
	t.Parallel()
	rows, err := readProvocations("testdata/errors.tsv")
	if err != nil {
		t.Fatal(err)
	}
	byState := map[string][]provocation{}
	for _, row := range rows {
		if states[row.state] == nil {
			t.Fatalf("%v: no such state", row)
		}
		byState[row.state] = append(byState[row.state], row)
	}
	var seen harvest
	t.Cleanup(func() { seen.report(t) }) // when the parallel tests below are done
	onEachServer(t, func(t *testing.T, bin servers.Binary) {
		for _, state := range slices.Sorted(maps.Keys(byState)) {
			t.Run(state, func(t *testing.T) {
				t.Parallel()
				s := states[state](t, bin)
				if s == nil {
					t.Skipf("%v has no such state", bin)
				}
				provoke(t, s, byState[state], &seen)
			})
		}
		for name, meet := range encounters {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				meet(t, bin, &seen)
			})
		}
	})
}

// provoke sends every row both ways.
func provoke(t *testing.T, s *servers.Server, rows []provocation, seen *harvest) {
	client := dial(t, s)
	for _, row := range rows {
		wire := overTheWire(t, s, row)
		seen.check(t, s.Binary, row, "wire", wire)
		if row.subscribes() || client == nil {
			continue
		}
		own := client
		if row.stateful() {
			own = dial(t, s)
		}
		seen.check(t, s.Binary, row, "rueidis", overRueidis(t, s, own, row))
		if own != client {
			own.Close()
		}
	}
}

// dial makes a rueidis client of one connection; nil if the server lets nobody
// in.
func dial(t *testing.T, s *servers.Server) rueidis.Client {
	t.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{s.Addr()}, ForceSingleClient: true, DisableRetry: true, DisableCache: true, PipelineMultiplex: -1,
	})
	if err != nil {
		if _, ok := rueidis.IsRedisErr(err); !ok {
			t.Fatalf("rueidis to %v: %v", s.Binary, err)
		}
		return nil
	}
	t.Cleanup(client.Close)
	return client
}

// overTheWire plays a row on a RESP2 connection and returns the last reply's
// error as a classify.Line.
func overTheWire(t *testing.T, s *servers.Server, row provocation) error {
	t.Helper()
	c, err := servers.Dial("tcp", s.Addr(), nil)
	if err != nil {
		t.Fatalf("%v: %v", row, err)
	}
	defer c.Close()
	var last error
	for _, step := range reset(s, row) {
		if step.elsewhere {
			s.Do(step.words...)
			continue
		}
		v, err := c.Do(step.words...)
		var reply servers.ReplyError
		switch {
		case errors.As(err, &reply):
			last = classify.Line(reply)
		case err != nil:
			t.Errorf("%v: %v", row, err)
			return err
		default:
			last = inside(v)
		}
	}
	return last
}

// inside finds the first error in a reply: EXEC answers with a list.
func inside(v any) error {
	switch v := v.(type) {
	case servers.ReplyError:
		return classify.Line(v)
	case []any:
		for _, elem := range v {
			if err := inside(elem); err != nil {
				return err
			}
		}
	}
	return nil
}

// overRueidis plays a row through rueidis, which speaks RESP3.
func overRueidis(t *testing.T, s *servers.Server, client rueidis.Client, row provocation) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var last error
	for _, step := range reset(s, row) {
		if step.elsewhere {
			s.Do(step.words...)
			continue
		}
		result := client.Do(ctx, client.B().Arbitrary(step.words...).Build())
		last = result.Error()
		if message, err := result.ToMessage(); err == nil {
			last = insideMessage(message)
		}
		if rueidis.IsRedisNil(last) {
			last = nil
		}
	}
	return last
}

// wireError is an error reply as classification takes it, any other error as it
// is.
func wireError(err error) error {
	if reply, ok := errors.AsType[servers.ReplyError](err); ok {
		return classify.Line(reply)
	}
	return err
}

func insideMessage(m rueidis.RedisMessage) error {
	if err := m.Error(); err != nil && !rueidis.IsRedisNil(err) {
		return err
	}
	if !m.IsArray() {
		return nil
	}
	elems, _ := m.ToArray()
	for _, elem := range elems {
		if err := insideMessage(elem); err != nil {
			return err
		}
	}
	return nil
}

// reset puts before the row what a plain server needs to forget.
func reset(s *servers.Server, row provocation) []step {
	if row.state != "plain" {
		return row.steps
	}
	var before []step
	for _, command := range []string{
		"CONFIG SET maxmemory 0", "CONFIG SET maxmemory-policy noeviction", "CONFIG SET min-replicas-to-write 0", "FLUSHALL", "FUNCTION FLUSH",
	} {
		before = append(before, step{words: words(command), elsewhere: true})
	}
	return append(before, row.steps...)
}

// harvest collects the texts and holds each against its row.
type harvest struct {
	mu    sync.Mutex
	texts map[string]errs.Kind
	kinds map[errs.Kind]int
	count int
}

// check classifies one answer and compares it with the row.
func (h *harvest) check(t *testing.T, bin servers.Binary, row provocation, way string, err error) {
	t.Helper()
	kind := h.add(err, row.last())
	if !slices.Contains(row.kinds, kind) {
		t.Errorf("%v\n\tover %s %v answers %v\n\tgot kind %v; want one of %v", row, way, bin, err, kind, row.kinds)
	}
	if kind == errs.UnknownReply && !row.userText() {
		t.Errorf("%v: %v is an UnknownReply, and no script wrote it", row, err)
	}
}

// add classifies an answer and keeps its text; 0 if it is none.
func (h *harvest) add(err error, command []string) errs.Kind {
	if err == nil {
		return 0
	}
	op := classify.Op{Name: strings.ToUpper(command[0]), Safety: classify.SafetyOf(command)}
	kind := classify.Of(err, &op).Kind
	line, ok := errors.AsType[classify.Line](err)
	if !ok {
		return kind
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.texts == nil {
		h.texts, h.kinds = map[string]errs.Kind{}, map[errs.Kind]int{}
	}
	h.count++
	text := digits.ReplaceAllString(string(line), "N")
	if _, known := h.texts[text]; !known {
		h.texts[text] = kind
		h.kinds[kind]++
	}
	return kind
}

var digits = regexp.MustCompile(`[0-9a-f]{40}|\d+`)

// report logs the figures and demands enough of them.
func (h *harvest) report(t *testing.T) {
	t.Helper()
	if t.Skipped() || strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return // no server, or only a part was asked for
	}
	t.Logf("%d errors on the wire, %d different texts, %d kinds", h.count, len(h.texts), len(h.kinds))
	for _, kind := range slices.SortedFunc(maps.Keys(h.kinds), func(a, b errs.Kind) int { return int(a) - int(b) }) {
		t.Logf("%5d %v", h.kinds[kind], kind)
	}
	if len(h.texts) < wantTexts {
		t.Errorf("got %d different texts; want at least %d", len(h.texts), wantTexts)
	}
	if os.Getenv("REDOUBT_REQUIRE_SERVERS") != "1" {
		return // a server that is missing may be the one that raises a kind
	}
	for _, kind := range raised[provoked] {
		if h.kinds[kind] == 0 {
			t.Errorf("%s was not met; kinds_test.go says that it is raised here", kind.String())
		}
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

// encounters are errors that take two connections, or none, to provoke.
var encounters = map[string]func(t *testing.T, bin servers.Binary, seen *harvest){
	"unblocked by hand": func(t *testing.T, bin servers.Binary, seen *harvest) {
		s := servers.Start(t, bin)
		c, id := blocked(t, s, "BLPOP", "nokey", "0")
		must(t, s, "CLIENT", "UNBLOCK", id, "ERROR")
		seen.expect(t, c, "BLPOP", errs.UnblockedByHand)
	},
	"unblocked by a change of role": func(t *testing.T, bin servers.Binary, seen *harvest) {
		s := servers.Start(t, bin)
		c, _ := blocked(t, s, "BLPOP", "nokey", "0")
		must(t, s, "REPLICAOF", "127.0.0.1", "1")
		seen.expect(t, c, "BLPOP", errs.Unblocked)
	},
	"stream deleted under its reader": func(t *testing.T, bin servers.Binary, seen *harvest) {
		s := servers.Start(t, bin)
		must(t, s, "XGROUP", "CREATE", "st", "g", "$", "MKSTREAM")
		c, _ := blocked(t, s, "XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "st", ">")
		must(t, s, "DEL", "st")
		if !bin.AtLeast(7, 0) {
			must(t, s, "XADD", "st", "*", "f", "v") // 6.2 looks again only then
		}
		seen.expect(t, c, "XREADGROUP", errs.StreamKeyGone, errs.NoGroup)
	},
	"script killed": func(t *testing.T, bin servers.Binary, seen *harvest) {
		s := servers.Start(t, bin, servers.Config("lua-time-limit", "1"))
		c := s.Conn()
		c.Send("EVAL", "while true do end", "0")
		until(t, "SCRIPT KILL", func() bool { _, err := s.Do("SCRIPT", "KILL"); return err == nil })
		seen.expect(t, c, "EVAL", errs.ScriptKilled)
	},
	"connection over maxclients": func(t *testing.T, bin servers.Binary, seen *harvest) {
		s := servers.Start(t, bin, servers.Config("maxclients", "1"))
		until(t, "the one connection", func() bool { // that of Start may still be there
			_, err := s.Conn().Do("PING")
			return err == nil
		})
		seen.expect(t, s.Conn(), "PING", errs.MaxClients)
	},
	"save in progress": func(t *testing.T, bin servers.Binary, seen *harvest) {
		s := servers.Start(t, bin, servers.Debug(), servers.Config("rdb-key-save-delay", "100000"))
		must(t, s, "DEBUG", "POPULATE", "1000")
		must(t, s, "BGSAVE")
		for _, command := range []string{"BGSAVE", "SAVE"} {
			c := s.Conn()
			c.Send(command)
			seen.expect(t, c, command, errs.InProgress)
		}
	},
	"protected mode": func(t *testing.T, bin servers.Binary, seen *harvest) {
		if runtime.GOOS != "linux" {
			t.Skip("needs 127.0.0.2, which only Linux has")
		}
		s := servers.Start(t, bin, servers.Config("bind", "127.0.0.1", "127.0.0.2"))
		_, port, _ := net.SplitHostPort(s.Addr())
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
		nc, err := dialer.Dial("tcp", net.JoinHostPort("127.0.0.2", port))
		if err != nil {
			t.Fatal(err)
		}
		c := servers.NewConn(nc)
		c.Send("PING")
		v, err := c.Receive()
		c.Close()
		if v == "PONG" {
			t.Skipf("%v takes 127.0.0.2 for its own, or a bound address for consent", bin)
		}
		if got := seen.add(wireError(err), []string{"PING"}); got != errs.Denied {
			t.Errorf("got kind %v (%v); want %v", got, err, errs.Denied)
		}
	},
	"bytes that are not RESP": func(t *testing.T, bin servers.Binary, seen *harvest) {
		s := servers.Start(t, bin)
		for _, raw := range []string{
			"*99999999999\r\n", "*1\r\n$-5\r\n", "*1\r\n$x\r\n", "*1\r\n:1\r\n", "GET \"unbalanced\r\n", "*1\r\n$99999999999\r\n",
		} {
			c := s.Conn()
			c.Raw(raw)
			seen.expect(t, c, "", errs.Protocol)
		}
	},
}

// blocked sends a command that blocks and returns when it does.
func blocked(t *testing.T, s *servers.Server, args ...string) (c *servers.Conn, id string) {
	t.Helper()
	c = s.Conn()
	n, err := c.Do("CLIENT", "ID")
	if err != nil {
		t.Fatal(err)
	}
	c.Send(args...)
	until(t, "a blocked client", func() bool { return info(s, "clients", "blocked_clients:1") })
	return c, strconv.FormatInt(n.(int64), 10)
}

// expect reads an error and compares its kind.
func (h *harvest) expect(t *testing.T, c *servers.Conn, command string, kinds ...errs.Kind) {
	t.Helper()
	defer c.Close()
	v, err := c.Receive()
	reply, ok := errors.AsType[servers.ReplyError](err)
	if !ok {
		t.Errorf("%s: got %v, %v; want an error reply of kind %v", command, v, err, kinds)
		return
	}
	if got := h.add(classify.Line(reply), []string{command}); !slices.Contains(kinds, got) {
		t.Errorf("%s: %q: got kind %v; want one of %v", command, reply, got, kinds)
	}
}
