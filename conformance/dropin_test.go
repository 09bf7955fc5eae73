package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/servers"
)

// TestClientIsDropIn plays every scene over bare rueidis and over both faces of
// our client, on every server, in both protocols and both pipelining modes.
// Everything that a face shows must equal what rueidis shows: Compat to the
// very error value, the typed face through errors.As and errors.Is.
func TestClientIsDropIn(t *testing.T) {
	t.Parallel()
	scenes := slices.Concat(valueScenes, batchScenes, sessionScenes, cacheScenes, endScenes)
	onEachServer(t, func(t *testing.T, bin servers.Binary) {
		for _, v := range variants {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				s := servers.Start(t, bin, servers.Debug(), servers.Config("hz", "500")) // so often a block may time out
				compared := 0
				for _, sc := range scenes {
					if sc.needs == "" || bin.Has(sc.needs) {
						compared += sc.compare(t, s, v)
					}
				}
				t.Logf("%d results of rueidis compared with both faces", compared)
			})
		}
	})
}

// variant is a way to connect.
type variant struct {
	name  string
	resp2 bool
	piped bool
}

var variants = []variant{
	{name: "RESP3 adaptive"},
	{name: "RESP3 pipelining", piped: true},
	{name: "RESP2 adaptive", resp2: true},
	{name: "RESP2 pipelining", resp2: true, piped: true},
}

func (v variant) option(s *servers.Server) rueidis.ClientOption {
	return rueidis.ClientOption{
		InitAddress: []string{s.Addr()}, ForceSingleClient: true, PipelineMultiplex: -1,
		AlwaysPipelining: v.piped, AlwaysRESP2: v.resp2, DisableCache: v.resp2,
		ReadBufferEachConn: 1 << 15, WriteBufferEachConn: 1 << 15,
	}
}

// subject is a client under comparison: what it is called, and how it is made.
type subject struct {
	name string
	open func(rueidis.ClientOption) (rueidis.Client, error)
}

var (
	bare = subject{"rueidis", rueidis.NewClient}
	ours = subject{"Client", func(opt rueidis.ClientOption) (rueidis.Client, error) { return client.New(opt) }}

	compat = subject{"Compat", func(opt rueidis.ClientOption) (rueidis.Client, error) {
		c, err := client.New(opt)
		if err != nil {
			return nil, err
		}
		return c.Compat(), nil
	}}
)

// scene is a row of the drop-in table: play uses a client and shows what comes
// back.
type scene struct {
	name  string
	needs servers.Capability
	play  func(*stage)
}

// stage is where a scene is played: a fresh client on a server without keys.
type stage struct {
	t   *testing.T
	s   *servers.Server
	v   variant
	who subject
	ctx context.Context // never ends: rueidis goes another way with one that may
	c   rueidis.Client

	mu    sync.Mutex
	shown []exhibit
}

// exhibit is one thing that a client showed: for an error the value itself,
// and what errors.As and errors.Is find in it.
type exhibit struct{ what, exact, found string }

// compare plays the scene with all subjects, compares, and counts.
func (sc scene) compare(t *testing.T, s *servers.Server, v variant) int {
	t.Helper()
	want := sc.perform(t, s, v, bare)
	for _, who := range []subject{ours, compat} {
		got := sc.perform(t, s, v, who)
		if len(got) != len(want) {
			t.Errorf("%v, %s: %s: %s shows %d things, rueidis %d:\n%v\n%v", s.Binary, v.name, sc.name, who.name, len(got), len(want), got, want)
			continue
		}
		for i := range want {
			same := got[i].found == want[i].found
			if who.name == compat.name {
				same = same && got[i].exact == want[i].exact
			}
			if got[i].what != want[i].what || !same {
				t.Errorf("%v, %s: %s: %s\n\t%-8s %s (%s)\n\t%-8s %s (%s)", s.Binary, v.name, sc.name, want[i].what,
					"rueidis", want[i].exact, want[i].found, who.name, got[i].exact, got[i].found)
			}
		}
	}
	return len(want)
}

func (sc scene) perform(t *testing.T, s *servers.Server, v variant, who subject) []exhibit {
	t.Helper()
	must(t, s, "FLUSHALL")
	st := &stage{t: t, s: s, v: v, who: who, ctx: context.Background()}
	st.c = st.open(func(*rueidis.ClientOption) {})
	defer st.c.Close()
	sc.play(st)
	return st.shown
}

// open makes another client of the same kind.
func (st *stage) open(change func(*rueidis.ClientOption)) rueidis.Client {
	st.t.Helper()
	opt := st.v.option(st.s)
	change(&opt)
	c, err := st.who.open(opt)
	if err != nil {
		st.t.Fatalf("%v, %s: %s: %v", st.s.Binary, st.v.name, st.who.name, err)
	}
	return c
}

// show adds anything that is comparable as text.
func (st *stage) show(what string, v any) {
	text := fmt.Sprintf("%v", v)
	st.add(exhibit{what, text, text})
}

// result adds a result: type, value, age, or error.
func (st *stage) result(what string, res rueidis.RedisResult) {
	st.t.Helper()
	if err := res.Error(); err != nil {
		st.err(what, err)
		return
	}
	msg, _ := res.ToMessage()
	text := short(msg.String()) + fmt.Sprintf(" hit:%v", res.IsCacheHit())
	st.add(exhibit{what, text, text})
}

func (st *stage) results(what string, all []rueidis.RedisResult) {
	st.t.Helper()
	for i, res := range all {
		st.result(fmt.Sprintf("%s[%d]", what, i), res)
	}
}

// err adds an error. One of the typed face must be typed.
func (st *stage) err(what string, err error) {
	st.t.Helper()
	if err == nil {
		st.show(what, "no error")
		return
	}
	st.add(exhibit{what, fmt.Sprintf("%T %v", err, err), found(err)})
	if st.who.name == ours.name {
		checkTyped(st.t, what, err)
	}
}

// cause adds an error whose value depends on what the client did before.
func (st *stage) cause(what string, err error) {
	st.t.Helper()
	st.err(what, err)
	last := &st.shown[len(st.shown)-1]
	last.exact = last.found
}

// checkTyped holds the promise of the typed face: an *errs.Error is the
// outermost value, but for nil replies, NOSCRIPT and what an accessor of
// rueidis says about a good reply.
func checkTyped(t *testing.T, what string, err error) {
	t.Helper()
	reply, isReply := err.(*rueidis.RedisError)
	if isReply && (reply.IsNil() || reply.IsNoScript()) {
		return
	}
	if e, ok := err.(*errs.Error); !ok || !e.Kind.Valid() {
		t.Errorf("%s: got %T %v; want an *errs.Error of a kind", what, err, err)
	}
}

// found is what a caller finds in an error without knowing whose it is.
func found(err error) string {
	var reply *rueidis.RedisError
	switch {
	case errors.As(err, &reply):
		return "reply " + reply.Error()
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline"
	}
	for _, known := range []error{rueidis.ErrClosing, rueidis.ErrDedicatedClientRecycled, rueidis.ErrDoCacheAborted} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "other"
}

func (st *stage) add(e exhibit) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.shown = append(st.shown, e)
}

// do sends words and shows the result.
func (st *stage) do(args ...string) {
	st.t.Helper()
	st.result(short(strings.Join(args, " ")), st.c.Do(st.ctx, st.c.B().Arbitrary(args...).Build()))
}

// play sends each line as a command.
func lines(commands ...string) func(*stage) {
	return func(st *stage) {
		for _, command := range commands {
			st.do(words(command)...)
		}
	}
}

// short keeps exhibits readable: of a long text its length and digest.
func short(text string) string {
	if len(text) <= 600 {
		return text
	}
	return fmt.Sprintf("%s... %d bytes, %x", text[:40], len(text), crc32.ChecksumIEEE([]byte(text)))
}

// other is a plain connection for the other side of a scene.
func (st *stage) other(args ...string) any {
	st.t.Helper()
	return must(st.t, st.s, args...)
}
