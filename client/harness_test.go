package client_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/goleak"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// No client of any test may leave a goroutine.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// addr is what the clients dial; the server in memory answers at any address.
const addr = "redis.test:6379"

// What a plan can do in place of a reply.
const (
	drop = "drop" // close the connection without a word
	hang = "hang" // never answer
)

// plan scripts a server: for each command name the replies in their order, of
// which the last one stays. A name that is missing is answered OK.
type plan map[string][]string

func (p plan) script() respfake.Handler {
	var mu sync.Mutex
	asked := map[string]int{}
	return func(c *respfake.Conn, cmd []string) {
		mu.Lock()
		n := asked[cmd[0]]
		asked[cmd[0]]++
		mu.Unlock()
		replies := p[cmd[0]]
		switch {
		case len(replies) == 0:
			c.Write(respfake.OK)
		case replies[min(n, len(replies)-1)] == drop:
			c.Close()
		case replies[min(n, len(replies)-1)] == hang:
		default:
			c.Write(replies[min(n, len(replies)-1)])
		}
	}
}

// setup is what a test changes on its client: a client.Option, or a function
// of the options of rueidis.
type setup any

// dial makes a client of the server.
func dial(t *testing.T, fake *respfake.Server, changes ...setup) *client.Client {
	t.Helper()
	opt := rueidis.ClientOption{InitAddress: []string{addr}, DialCtxFn: fake.Dial}
	var opts []client.Option
	for _, change := range changes {
		switch change := change.(type) {
		case client.Option:
			opts = append(opts, change)
		case func(*rueidis.ClientOption):
			change(&opt)
		default:
			t.Fatalf("a change of type %T", change)
		}
	}
	c, err := client.New(opt, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// bubble runs a test on the fake clock with a client of a scripted server, in
// rueidis' adaptive and in its pipelining mode. Each has a script of its own.
func bubble(t *testing.T, script func() respfake.Handler, run func(t *testing.T, c *client.Client, fake *respfake.Server), changes ...setup) {
	t.Helper()
	modes(t, func(t *testing.T, mode setup) {
		fake := respfake.New(script())
		defer fake.Close()
		run(t, dial(t, fake, append(slices.Clip(changes), mode)...), fake)
	})
}

// modes runs a test on the fake clock in each mode of rueidis.
func modes(t *testing.T, run func(t *testing.T, mode setup)) {
	t.Helper()
	for name, pipelining := range map[string]bool{"adaptive": false, "pipelining": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				run(t, func(opt *rueidis.ClientOption) { opt.AlwaysPipelining = pipelining })
			})
		})
	}
}

// do sends a command made of words, as a write.
func do(ctx context.Context, c rueidis.Client, words ...string) error {
	return c.Do(ctx, c.B().Arbitrary(words...).Build()).Error()
}

func get(ctx context.Context, c rueidis.Client, key string) error {
	return c.Do(ctx, c.B().Get().Key(key).Build()).Error()
}

func incr(ctx context.Context, c rueidis.Client) error {
	return c.Do(ctx, c.B().Incr().Key("n").Build()).Error()
}

// mine is the *errs.Error of a failure, which must be outermost.
func mine(t *testing.T, err error) *errs.Error {
	t.Helper()
	e, ok := err.(*errs.Error)
	if !ok {
		t.Fatalf("got %T %v; want an *errs.Error", err, err)
	}
	return e
}

// wantErr checks kind, effect and attempts of a failure, and that it names the
// node.
func wantErr(t *testing.T, err error, kind errs.Kind, effect errs.Effect, attempts int) *errs.Error {
	t.Helper()
	e := mine(t, err)
	if e.Kind != kind || e.Effect != effect || e.Attempts != attempts || e.Addr != addr {
		t.Fatalf("got %v, %v, %d attempts at %q (%v); want %v, %v, %d at %q",
			e.Kind.Label(), e.Effect, e.Attempts, e.Addr, err, kind.Label(), effect, attempts, addr)
	}
	if !errors.Is(err, kind) || !errors.Is(err, kind.Class()) {
		t.Fatalf("errors.Is finds neither kind nor class in %v", err)
	}
	return e
}

// wantWhy checks which bound ended the attempts.
func wantWhy(t *testing.T, err error, want errs.Why) {
	t.Helper()
	ex, ok := errors.AsType[*errs.ExhaustedError](err)
	if !ok || ex.Why != want {
		t.Fatalf("got %#v of %v; want %q", ex, err, want)
	}
}

// wantCount checks how often the server was asked a command.
func wantCount(t *testing.T, fake *respfake.Server, name string, want int) {
	t.Helper()
	if got := fake.Count(name); got != want {
		t.Fatalf("%s arrived %d times; want %d", name, got, want)
	}
}

// within runs fn and checks how long it took on the fake clock.
func within(t *testing.T, least, most time.Duration, fn func()) {
	t.Helper()
	start := time.Now()
	fn()
	if took := time.Since(start); took < least || took > most {
		t.Fatalf("took %v; want %v to %v", took, least, most)
	}
}

// lose makes the client lose its connection and notice it: the server's plan
// must drop LOSE.
func lose(t *testing.T, c *client.Client) {
	t.Helper()
	if err := do(context.Background(), c, "LOSE"); !errors.Is(err, errs.ConnLost) {
		t.Fatalf("LOSE: got %v; want ConnLost", err)
	}
	synctest.Wait()
}
