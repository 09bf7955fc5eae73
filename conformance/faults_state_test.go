package conformance_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/servers"
)

// once is a policy that shows the first failure.
var once = []client.Option{client.Retry(client.RetryPolicy{MaxAttempts: 1}), client.Breaker(client.BreakerPolicy{Disabled: true})}

// attempts counts attempts that failed with a kind.
type attempts struct {
	kind errs.Kind
	n    atomic.Int64
}

func (*attempts) Start(ctx context.Context, _ client.Op) context.Context { return ctx }
func (*attempts) Done(context.Context, client.Outcome)                   {}
func (a *attempts) Event(_ context.Context, ev client.Event) {
	if ev.Type == client.EventAttempt && ev.Kind == a.kind {
		a.n.Add(1)
	}
}

// TestLoadingIsWaitedOut: a server that restarts with a large dataset answers
// LOADING. Reads and writes wait for it; who does not retry gets Loading.
func TestLoadingIsWaitedOut(t *testing.T) {
	t.Parallel()
	onEachServer(t, func(t *testing.T, bin servers.Binary) {
		if !bin.AtLeast(7, 0) {
			t.Skip("looks at its clients only every 2 MB while it loads")
		}
		s := servers.Start(t, bin, servers.Debug(), servers.NoWait(),
			servers.Config("key-load-delay", "5000"), servers.Config("loading-process-events-interval-bytes", "1024"))
		must(t, s, "DEBUG", "POPULATE", "20000") // a minute and a half, if it were not cut short
		must(t, s, "SET", counter, "0")
		must(t, s, "SAVE")
		seen := &attempts{kind: errs.Loading}
		patient := connect(t, s, variants[0], nil, client.WithObserver(seen), client.Retry(client.RetryPolicy{MaxElapsed: time.Minute, MaxAttempts: 1000}))
		hasty := connect(t, s, variants[0], nil, once...)
		s.Restart()

		wantKind(t, "read that is lost with its connection", get(hasty, "k"), errs.ConnLost, errs.Loading)
		e := wantKind(t, "read", get(hasty, "k"), errs.Loading)
		if e.Code != "LOADING" || e.Effect != errs.NotExecuted {
			t.Errorf("got code %q, effect %v; want LOADING, not executed", e.Code, e.Effect)
		}
		wantKind(t, "write", set(hasty, "k", "v"), errs.Loading)

		var y tally
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := get(patient, "k"); err != nil { // also renews the connection
				t.Errorf("read: got %v; want the server waited out", err)
			}
			y.note(patient.Do(context.Background(), patient.B().Incr().Key(counter).Build()).Error())
		}()
		until(t, "an attempt that meets LOADING", func() bool { return seen.n.Load() > 0 })
		must(t, s, "CONFIG", "SET", "key-load-delay", "0")
		<-done
		if y.acked != 1 {
			t.Errorf("write: got %v; want it acknowledged", y.kinds)
		}
		y.settle(t, s)
	})
}

// TestMaxClientsIsTyped: the server refuses the connection, not the command,
// with a line before it closes.
func TestMaxClientsIsTyped(t *testing.T) {
	t.Parallel()
	onEachVariant(t, func(t *testing.T, bin servers.Binary, v variant) {
		s := servers.Start(t, bin)
		steer := s.Conn()
		c := connect(t, s, v, nil, once...)
		patient := connect(t, s, v, nil, client.Retry(client.RetryPolicy{MaxElapsed: 20 * time.Second, MaxAttempts: 1000}))
		for _, args := range [][]string{{"CONFIG", "SET", "maxclients", "1"}, {"CLIENT", "KILL", "TYPE", "normal"}} {
			if _, err := steer.Do(args...); err != nil {
				t.Fatal(err)
			}
		}
		wantKind(t, "read on the connection that was killed", get(c, "k"), errs.ConnLost, errs.DialFailed, errs.MaxClients)
		for range 20 {
			e := wantKind(t, "write", set(c, "k", "v"), errs.MaxClients)
			if e.Effect != errs.NotExecuted {
				t.Errorf("effect = %v; want not executed", e.Effect)
			}
		}
		for range 20 {
			if _, err := client.New(v.option(s)); !errors.Is(err, errs.MaxClients) || errs.AddrOf(err) != s.Addr() {
				t.Errorf("New: got %v; want MaxClients at the server's address", err)
			}
		}
		healed := make(chan error, 1)
		go func() { healed <- get(patient, "k") }()
		if _, err := steer.Do("CONFIG", "SET", "maxclients", "100"); err != nil {
			t.Fatal(err)
		}
		if err := <-healed; err != nil {
			t.Errorf("read once there is room: %v", err)
		}
	})
}

// TestFullServerStopsWritesOnly: with OOM the write lane of the breaker opens,
// and reads go on.
func TestFullServerStopsWritesOnly(t *testing.T) {
	t.Parallel()
	onEachVariant(t, func(t *testing.T, bin servers.Binary, v variant) {
		s := servers.Start(t, bin)
		c := connect(t, s, v, nil)
		var y tally
		incr := func() error {
			err := c.Do(context.Background(), c.B().Incr().Key(counter).Build()).Error()
			y.note(err)
			return err
		}
		stopsWritesOnly(t, c, stop{
			write: incr, kind: errs.OOM,
			begin: func() { must(t, s, "CONFIG", "SET", "maxmemory", "1") },
			end:   func() { must(t, s, "CONFIG", "SET", "maxmemory", "0") },
		})
		y.settle(t, s)
	})
}

// TestReplicaStopsWritesOnly: the server is made a replica, so writes are
// refused and reads are not.
func TestReplicaStopsWritesOnly(t *testing.T) {
	t.Parallel()
	onEachVariant(t, func(t *testing.T, bin servers.Binary, v variant) {
		s := servers.Start(t, bin)
		c := connect(t, s, v, nil, client.Retry(client.RetryPolicy{MaxElapsed: 20 * time.Millisecond}))
		var y tally
		incr := func() error {
			err := c.Do(context.Background(), c.B().Incr().Key(counter).Build()).Error()
			y.note(err)
			return err
		}
		stopsWritesOnly(t, c, stop{
			write: incr, kind: errs.ReadOnly,
			begin: func() { must(t, s, "REPLICAOF", "127.0.0.1", "1") }, // nobody is there, so it keeps its data
			end:   func() { must(t, s, "REPLICAOF", "NO", "ONE") },
		})
		y.settle(t, s)
	})
}

// stop is a state of a server that refuses writes.
type stop struct {
	write      func() error
	kind       errs.Kind
	begin, end func()
}

// stopsWritesOnly goes into the state, sees the write lane open while every
// read succeeds, and out of it again.
func stopsWritesOnly(t *testing.T, c *client.Client, s stop) {
	t.Helper()
	if err := s.write(); err != nil {
		t.Fatal(err)
	}
	s.begin()
	reads := 0
	until(t, "an open write lane", func() bool {
		reads++
		if err := get(c, "k"); err != nil {
			t.Errorf("read %d: %v", reads, err)
		}
		err := s.write()
		e := wantKind(t, "write", err, s.kind, errs.BreakerOpen)
		if e.Effect != errs.NotExecuted {
			t.Errorf("write: effect %v; want not executed", e.Effect)
		}
		open, ok := errors.AsType[*errs.OpenError](err)
		if ok && open.Lane != "write" {
			t.Errorf("the %s lane is open; want write", open.Lane)
		}
		if ok && !errors.Is(open.Err, s.kind) {
			t.Errorf("opened by %v; want %v", open.Err, s.kind)
		}
		return ok
	})
	if err := get(c, "k"); err != nil {
		t.Errorf("read while the write lane is open: %v", err)
	}
	s.end()
	until(t, "writes again", func() bool { return s.write() == nil })
	t.Logf("%d reads succeeded meanwhile", reads)
}

// TestRotatedPasswordIsTyped: after a rotation connections that are made anew
// are refused, without hammering; a credentials function heals it.
func TestRotatedPasswordIsTyped(t *testing.T) {
	t.Parallel()
	onEachVariant(t, func(t *testing.T, bin servers.Binary, v variant) {
		s := servers.Start(t, bin, servers.User("app", "on", ">old", "~*", "+@all"))
		var current atomic.Value
		current.Store("old")
		fixed := connect(t, s, v, func(opt *rueidis.ClientOption) { opt.Username, opt.Password = "app", "old" }, client.Breaker(client.BreakerPolicy{Disabled: true}))
		asking := connect(t, s, v, func(opt *rueidis.ClientOption) {
			opt.AuthCredentialsFn = func(rueidis.AuthCredentialsContext) (rueidis.AuthCredentials, error) {
				return rueidis.AuthCredentials{Username: "app", Password: current.Load().(string)}, nil
			}
		})
		for _, c := range []*client.Client{fixed, asking} {
			if err := set(c, "k", "v"); err != nil {
				t.Fatal(err)
			}
		}
		must(t, s, "ACL", "SETUSER", "app", "<old", ">new")
		current.Store("new")
		must(t, s, "CLIENT", "KILL", "USER", "app")

		if err := get(asking, "k"); err != nil {
			t.Errorf("read with fresh credentials: %v", err)
		}
		if err := set(asking, "k", "v"); err != nil {
			t.Errorf("write with fresh credentials: %v", err)
		}
		for _, call := range []func() error{func() error { return get(fixed, "k") }, func() error { return set(fixed, "k", "v") }} {
			e := wantKind(t, "old password", call(), errs.WrongPass)
			if e.Attempts > 3 {
				t.Errorf("%d attempts; want at most 3", e.Attempts)
			}
		}
		opt := v.option(s)
		opt.Username, opt.Password = "app", "old"
		if _, err := client.New(opt); !errors.Is(err, errs.WrongPass) || !errors.Is(err, errs.Auth) || errs.AddrOf(err) != s.Addr() {
			t.Errorf("New: got %v; want WrongPass, of class Auth, at the server's address", err)
		}
	})
}
