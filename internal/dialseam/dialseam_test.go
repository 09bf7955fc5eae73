package dialseam_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/dialseam"
)

// closedPort is an address on loopback that nobody listens at.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// listen serves every connection with f.
func listen(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go f(c)
		}
	}()
	return l.Addr().String()
}

func TestDialFailuresAreTyped(t *testing.T) {
	t.Parallel()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	dnsFails := func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}
	}
	mute := func(ctx context.Context, _ string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	plain := listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "-ERR what\r\n"); _ = c.Close() })
	for _, tt := range []struct {
		name   string
		dial   dialseam.DialFunc
		ctx    context.Context
		addr   string
		config *tls.Config
		want   errs.Kind
	}{
		{"nobody listens", nil, t.Context(), closedPort(t), nil, errs.DialRefused},
		{"no such name", dnsFails, t.Context(), "nowhere:1", nil, errs.DNS},
		{"the dial timeout", mute, t.Context(), "mute:1", nil, errs.DialTimeout},
		{"the context that came with it", mute, canceled, "mute:1", nil, errs.ForeignContext},
		{"TLS to a plain port", nil, t.Context(), plain, &tls.Config{ServerName: "redis.test"}, errs.TLS},
		{"an address that is none", nil, t.Context(), "no port", nil, errs.DialFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := dialseam.New(tt.dial, true).Dial(tt.ctx, tt.addr, &net.Dialer{Timeout: 50 * time.Millisecond}, tt.config)
			e, ok := errors.AsType[*errs.Error](err)
			if !ok {
				t.Fatalf("got %T; want *errs.Error", err)
			}
			if e.Kind != tt.want || e.Effect != errs.NotExecuted || e.Addr != tt.addr {
				t.Errorf("got %v, %v at %q; want %v, not-executed at %q", e.Kind, e.Effect, e.Addr, tt.want, tt.addr)
			}
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
				t.Error("the error says that the caller's own context ended")
			}
		})
	}
}

// lateTimer is a context whose deadline has passed and whose timer has not
// fired yet, as on a busy machine.
type lateTimer struct{ context.Context }

func (lateTimer) Deadline() (time.Time, bool) { return time.Now().Add(-time.Millisecond), true }

func TestDeadlineAheadOfItsTimerIsNoDialTimeout(t *testing.T) {
	t.Parallel()
	addr := listen(t, func(c net.Conn) { _ = c.Close() })
	c, err := dialseam.New(nil, true).Dial(lateTimer{t.Context()}, addr, &net.Dialer{}, nil)
	if c != nil || errs.KindOf(err) != errs.ForeignContext {
		t.Errorf("got %v, %v; want ForeignContext", c, err)
	}
}

func TestMissingUnixSocketIsRefused(t *testing.T) {
	t.Parallel()
	dial := func(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
		return d.DialContext(ctx, "unix", addr)
	}
	_, err := dialseam.New(dial, true).Dial(t.Context(), filepath.Join(t.TempDir(), "no.sock"), &net.Dialer{}, nil)
	if !errors.Is(err, errs.DialRefused) {
		t.Errorf("got %v; want DialRefused", err)
	}
}

// pair is a seam's connection and the peer's end of it.
func pair(t *testing.T) (*dialseam.Seam, net.Conn, net.Conn) {
	t.Helper()
	ours, peer := net.Pipe()
	s := dialseam.New(func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) { return ours, nil }, true)
	c, err := s.Dial(context.Background(), "node:1", &net.Dialer{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, c, peer
}

func write(t *testing.T, c, peer net.Conn) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); _, _ = io.ReadFull(peer, make([]byte, 4)) }()
	if _, err := c.Write([]byte("PING")); err != nil {
		t.Fatal(err)
	}
	<-done
}

func TestLossAfterCommandsSaysWhereAndWhen(t *testing.T) {
	t.Parallel()
	s, c, peer := pair(t)
	write(t, c, peer) // the handshake
	write(t, c, peer) // a command
	_ = peer.Close()
	_, err := c.Read(make([]byte, 8))
	fault, ok := errors.AsType[classify.ConnFault](err)
	if !ok {
		t.Fatalf("got %T; want a classify.ConnFault", err)
	}
	if fault.NodeAddr() != "node:1" || fault.LastWrite() != 2 || s.Node("node:1").Writes() != 2 {
		t.Errorf("got %q, write %d of %d; want node:1, 2 of 2", fault.NodeAddr(), fault.LastWrite(), s.Node("node:1").Writes())
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("got %v; want io.EOF behind it", err)
	}
	if _, typed := errors.AsType[*errs.Error](err); typed {
		t.Error("the effect is unknown: nothing may claim that it is not")
	}
}

func TestLossInTheHandshakeExecutedNothing(t *testing.T) {
	t.Parallel()
	_, c, peer := pair(t)
	write(t, c, peer)
	_ = peer.Close()
	_, err := c.Read(make([]byte, 8))
	if e, ok := errors.AsType[*errs.Error](err); !ok || e.Kind != errs.DialFailed || e.Effect != errs.NotExecuted || e.Addr != "node:1" {
		t.Errorf("got %#v; want DialFailed, not executed, at node:1", err)
	}
	// The verdict stands because nothing leaves behind it.
	if n, err := c.Write([]byte("INCR")); n != 0 || err == nil {
		t.Errorf("a write after the verdict: got %d, %v; want 0 and an error", n, err)
	} else if _, typed := errors.AsType[*errs.Error](err); typed {
		t.Error("the refused write may have been queued behind others: it proves nothing")
	}
}

// rueidis replaces an error in which it finds os.ErrDeadlineExceeded by
// context.DeadlineExceeded, which would count as somebody else's context.
func TestHandshakeTimeout(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		whose string
		due   time.Duration // of the context of the dial
		want  errs.Kind
	}{
		{"the handshake's own", time.Hour, errs.DialTimeout},
		{"the caller's", -time.Hour, errs.ForeignContext},
	} {
		ours, peer := net.Pipe()
		s := dialseam.New(func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) { return ours, nil }, true)
		ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(tt.due))
		c, err := s.Dial(ctx, "node:1", &net.Dialer{}, nil)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		write(t, c, peer)
		_ = c.SetDeadline(time.Now())
		_, err = c.Read(make([]byte, 8))
		e, ok := errors.AsType[*errs.Error](err)
		if !ok || e.Kind != tt.want || e.Effect != errs.NotExecuted || e.Addr != "node:1" {
			t.Errorf("time of %s: got %#v; want %v, not executed, at node:1", tt.whose, err, tt.want)
		}
		if seen := errors.Is(err, os.ErrDeadlineExceeded); seen != (tt.want == errs.ForeignContext) {
			t.Errorf("time of %s: os.ErrDeadlineExceeded is there: %v", tt.whose, seen)
		}
	}
}

// A server that refuses a connection says why before it hangs up. Once commands
// were served the line is no explanation any more: it was the answer to HELLO
// of a server that does not know it, whatever else it said.
func TestFirstErrorLineExplainsARefusedConnection(t *testing.T) {
	t.Parallel()
	const line = "ERR max number of clients reached"
	for writes, want := range map[int]string{1: line, 2: ""} {
		_, c, peer := pair(t)
		for range writes {
			write(t, c, peer)
		}
		go func() { _, _ = io.WriteString(peer, "-"+line+"\r\n"); _ = peer.Close() }()
		_, err := io.ReadAll(c)
		if fault, ok := errors.AsType[classify.ConnFault](err); !ok || fault.ServerLine() != want {
			t.Errorf("after %d writes: got %v; want a fault with the line %q", writes, err, want)
		}
	}
}

func TestLostIsTheLastWriteThatCarriedCommands(t *testing.T) {
	t.Parallel()
	s, c, peer := pair(t)
	n := s.Node("node:1")
	write(t, c, peer) // the handshake
	_ = c.Close()
	if n.Lost() != 0 {
		t.Errorf("a connection without commands: got %d; want 0", n.Lost())
	}
	s, c, peer = pair(t)
	n = s.Node("node:1")
	write(t, c, peer)
	write(t, c, peer) // a command
	if n.Lost() != 0 {
		t.Errorf("an open connection: got %d; want 0", n.Lost())
	}
	_ = c.Close()
	if n.Lost() != 2 || n.Writes() != 2 {
		t.Errorf("got %d of %d; want 2 of 2", n.Lost(), n.Writes())
	}
	if sent, err := c.Write([]byte("INCR")); sent != 0 || err == nil {
		t.Errorf("a write behind what was counted: got %d, %v; want 0 and an error", sent, err)
	}
}

func TestRetireClosesOnceInAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c, peer := pair(t)
		n := s.Node("node:1")
		if !n.Retire() {
			t.Fatal("the first retirement did nothing")
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("got %v; want a closed connection", err)
		}
		_ = peer.Close()
		if n.Retire() {
			t.Error("a second retirement within the gap")
		}
		time.Sleep(dialseam.RetireGap)
		if !n.Retire() {
			t.Error("no retirement after the gap")
		}
	})
}

func TestRetirementsThatDoNotHelpBecomeRare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := dialseam.New(nil, true).Node("node:1")
		count := func(d time.Duration) (retired int) {
			for start := time.Now(); time.Since(start) < d; time.Sleep(50 * time.Millisecond) {
				if n.Retire() {
					retired++
				}
			}
			return retired
		}
		if got := count(time.Minute); got < 12 || got > 15 { // after 0, 1, 3, 7 s, and then every 5
			t.Errorf("got %d retirements in a minute; want 12 to 15", got)
		}
		time.Sleep(3 * dialseam.MaxRetireGap)
		if got := count(1500 * time.Millisecond); got != 2 {
			t.Errorf("after a quiet time: got %d retirements; want 2, a second apart", got)
		}
	})
}

func TestClosedNodeTakesNoConnection(t *testing.T) {
	t.Parallel()
	s, c, peer := pair(t)
	s.Node("node:1").Close()
	if _, err := peer.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the open connection: got %v; want its end", err)
	}
	_ = c.Close()
	again, err := s.Dial(context.Background(), "node:1", &net.Dialer{}, nil)
	if e, ok := errors.AsType[*errs.Error](err); again != nil || !ok || e.Kind != errs.Closed || e.Effect != errs.NotExecuted {
		t.Errorf("a later dial: got %v, %#v; want Closed, not executed", again, err)
	}
}
