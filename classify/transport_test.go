package classify_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// set is an operation whose own context is alive.
var set = &classify.Op{Name: "SET", Safety: classify.LastWins, Now: 100, Deadline: 200}

func dial(t *testing.T, d *net.Dialer, addr string) error {
	t.Helper()
	conn, err := d.DialContext(t.Context(), "tcp", addr)
	if err == nil {
		conn.Close()
		t.Fatalf("dial %s: got a connection; want an error", addr)
	}
	return err
}

func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return l.Addr().String()
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// untrusted is a TLS configuration of a server that nobody trusts.
func untrusted(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"node"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func dialTLS(t *testing.T, addr string) error {
	t.Helper()
	d := &tls.Dialer{Config: &tls.Config{ServerName: "node"}}
	conn, err := d.DialContext(t.Context(), "tcp", addr)
	if err == nil {
		conn.Close()
		t.Fatal("got a TLS connection; want an error")
	}
	return err
}

// TestRealFailures classifies errors that the network, TLS and the resolver
// really give.
func TestRealFailures(t *testing.T) {
	t.Parallel()
	secure := untrusted(t)
	nameless := &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no resolver")
	}}}
	past := &net.Dialer{Deadline: time.Unix(1, 0)}

	near, far := net.Pipe()
	far.Close()
	_, eof := near.Read(make([]byte, 1))
	near, far = net.Pipe()
	t.Cleanup(func() { far.Close() })
	near.SetDeadline(time.Unix(1, 0))
	_, pipeTimeout := near.Read(make([]byte, 1))
	near.Close()
	_, closed := near.Write([]byte("x"))

	conn, err := net.Dial("tcp", listen(t, func(c net.Conn) { io.Copy(io.Discard, c) }))
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Unix(1, 0))
	_, tcpTimeout := conn.Read(make([]byte, 1))
	conn.Close()
	_, tcpClosed := conn.Read(make([]byte, 1))

	for _, tt := range []struct {
		name   string
		err    error
		kind   errs.Kind
		effect errs.Effect
		do     classify.Do
	}{
		{"closed port", dial(t, &net.Dialer{}, closedPort(t)), errs.DialRefused, errs.NotExecuted, classify.RetryBackoff},
		{"dial timeout", dial(t, past, "127.0.0.1:1"), errs.DialTimeout, errs.NotExecuted, classify.RetryBackoff},
		{"no resolver", dial(t, nameless, "node.invalid:6379"), errs.DNS, errs.NotExecuted, classify.RetryBackoff},
		{"bad port", dial(t, &net.Dialer{}, "127.0.0.1:65536"), errs.DialFailed, errs.NotExecuted, classify.RetryBackoff},
		{"bad address", dial(t, &net.Dialer{}, "127.0.0.1"), errs.DialFailed, errs.NotExecuted, classify.RetryBackoff},
		{"TLS to a plain port", dialTLS(t, listen(t, func(c net.Conn) { io.WriteString(c, "-ERR Protocol error\r\n"); c.Close() })), errs.TLS, errs.NotExecuted, classify.RetryBackoff},
		{"unknown authority", dialTLS(t, listen(t, func(c net.Conn) { tls.Server(c, secure).Handshake(); c.Close() })), errs.TLS, errs.NotExecuted, classify.Return},
		{"EOF", eof, errs.ConnLost, errs.Unknown, classify.RetryBackoff},
		{"deadline of a pipe", pipeTimeout, errs.IOTimeout, errs.Unknown, classify.RetryBackoff},
		{"closed pipe", closed, errs.ConnLost, errs.Unknown, classify.RetryBackoff},
		{"deadline of TCP", tcpTimeout, errs.IOTimeout, errs.Unknown, classify.RetryBackoff},
		{"closed TCP", tcpClosed, errs.ConnLost, errs.Unknown, classify.RetryBackoff},
		{"reset", &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, errs.ConnLost, errs.Unknown, classify.RetryBackoff},
		{"broken pipe", &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}, errs.ConnLost, errs.Unknown, classify.RetryBackoff},
		{"unreachable", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}, errs.DialFailed, errs.NotExecuted, classify.RetryBackoff},
		{"alert after the handshake", &net.OpError{Op: "remote error", Err: tls.AlertError(42)}, errs.TLS, errs.Unknown, classify.RetryBackoff},
		{"ping timeout of rueidis", os.ErrDeadlineExceeded, errs.IOTimeout, errs.Unknown, classify.RetryBackoff},
		{"wrapped", fmt.Errorf("a: %w", fmt.Errorf("b: %w", io.EOF)), errs.ConnLost, errs.Unknown, classify.RetryBackoff},
		{"joined", errors.Join(errors.New("x"), io.EOF), errs.ConnLost, errs.Unknown, classify.RetryBackoff},
	} {
		v := classify.Of(tt.err, set)
		if v.Kind != tt.kind || v.Effect != tt.effect || v.Do != tt.do || v.Code != "" {
			t.Errorf("%s: %v: got %v, %v, %v, code %q; want %v, %v, %v, no code", tt.name, tt.err, v.Kind.String(), v.Effect, v.Do, v.Code, tt.kind.String(), tt.effect, tt.do)
		}
	}
}

// TestErrorsOfRueidis classifies what rueidis itself returns.
func TestErrorsOfRueidis(t *testing.T) {
	t.Parallel()
	mixed := fromRueidisReply(t, "*3\r\n:1\r\n:2\r\n:3\r\n")
	_, wrongType := mixed.AsInt64()
	number := fromRueidisReply(t, "$1\r\nv\r\n")
	_, notNumber := number.AsInt64()
	var into struct{}
	notJSON := number.DecodeJSON(&into)
	_, notEntry := mixed.AsXRangeEntry()
	_, notScore := mixed.AsZScore()
	for _, tt := range []struct {
		name   string
		err    error
		kind   errs.Kind
		effect errs.Effect
		do     classify.Do
	}{
		{"closing", rueidis.ErrClosing, errs.Closed, errs.Unknown, classify.Return},
		{"cache aborted", rueidis.ErrDoCacheAborted, errs.CacheAborted, errs.Unknown, classify.RetryNow},
		{"no slot", rueidis.ErrNoSlot, errs.NoSlot, errs.NotExecuted, classify.RetryBackoff},
		{"no cache", rueidis.ErrNoCache, errs.TrackingUnsupported, errs.NotExecuted, classify.Return},
		{"no address", rueidis.ErrNoAddr, errs.BadOption, errs.NotExecuted, classify.Return},
		{"replica only", rueidis.ErrReplicaOnlyConflict, errs.BadOption, errs.NotExecuted, classify.Return},
		{"mixed pubsub", rueidis.ErrRESP2PubSubMixed, errs.Misuse, errs.NotExecuted, classify.Return},
		{"recycled", rueidis.ErrDedicatedClientRecycled, errs.Misuse, errs.NotExecuted, classify.Return},
		{"refused CLIENT", fmt.Errorf("%s: %v\n%w", "NOPERM no", []string{"CLIENT", "TRACKING", "ON"}, rueidis.ErrNoCache), errs.NoPerm, errs.NotExecuted, classify.Return},
		{"busy CLIENT", fmt.Errorf("%s: %v\n%w", "BUSY Redis is busy running a script.", []string{"CLIENT", "SETNAME", "x"}, rueidis.ErrNoCache), errs.Busy, errs.NotExecuted, classify.RetryBackoff},
		{"unknown CLIENT TRACKING", fmt.Errorf("%s: %v\n%w", "unknown subcommand 'TRACKING'", []string{"CLIENT", "TRACKING", "ON"}, rueidis.ErrNoCache), errs.TrackingUnsupported, errs.NotExecuted, classify.Return},
		{"expired", errors.New("connection is expired"), errs.ConnExpired, errs.Unknown, classify.RetryNow},
		{"array as number", wrongType, errs.DecodeFailed, errs.Executed, classify.Return},
		{"text as number", notNumber, errs.DecodeFailed, errs.Executed, classify.Return},
		{"text as JSON", notJSON, errs.DecodeFailed, errs.Executed, classify.Return},
		{"array as entry", notEntry, errs.DecodeFailed, errs.Executed, classify.Return},
		{"array as score", notScore, errs.DecodeFailed, errs.Executed, classify.Return},
		{"number", &strconv.NumError{Func: "ParseInt", Num: "v", Err: strconv.ErrSyntax}, errs.DecodeFailed, errs.Executed, classify.Return},
		{"JSON", &json.SyntaxError{}, errs.DecodeFailed, errs.Executed, classify.Return},
		{"line too long", bufio.ErrBufferFull, errs.Protocol, errs.Unknown, classify.Return},
		{"HTTP", garbage(t, "HTTP/1.1 400 Bad Request\r\n"), errs.Protocol, errs.Unknown, classify.Return},
		{"no CRLF", garbage(t, "+\n"), errs.Protocol, errs.Unknown, classify.Return},
		{"letters in a length", garbage(t, ":1x2\r\n"), errs.Protocol, errs.Unknown, classify.Return},
		{"TLS without a type", errors.New("tls: bad record MAC"), errs.TLS, errs.Unknown, classify.RetryBackoff},
		{"anything else", errors.New("READONLY but not from a server"), errs.Unclassified, errs.Unknown, classify.Return},
	} {
		v := classify.Of(tt.err, set)
		if v.Kind != tt.kind || v.Effect != tt.effect || v.Do != tt.do {
			t.Errorf("%s: %v: got %v, %v, %v; want %v, %v, %v", tt.name, tt.err, v.Kind.String(), v.Effect, v.Do, tt.kind.String(), tt.effect, tt.do)
		}
	}
}

// fault is what the connections of package client return.
type fault struct {
	line string
	err  error
}

func (f *fault) Error() string      { return "connection: " + f.err.Error() }
func (f *fault) Unwrap() error      { return f.err }
func (f *fault) NodeAddr() string   { return "10.0.0.7:6379" }
func (f *fault) LastWrite() uint64  { return 3 }
func (f *fault) ServerLine() string { return f.line }

func TestConnFault(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line   string
		err    error
		kind   errs.Kind
		effect errs.Effect
		do     classify.Do
	}{
		{"", io.EOF, errs.ConnLost, errs.Unknown, classify.RetryBackoff},
		{"", errors.New("odd"), errs.ConnLost, errs.Unknown, classify.RetryBackoff},
		{"", os.ErrDeadlineExceeded, errs.IOTimeout, errs.Unknown, classify.RetryBackoff},
		{"WRONGTYPE an hour ago", io.EOF, errs.ConnLost, errs.Unknown, classify.RetryBackoff},
		{"ERR max number of clients reached", io.EOF, errs.MaxClients, errs.NotExecuted, classify.RetryBackoff},
		{"ERR max number of clients + cluster connections reached", io.EOF, errs.MaxClients, errs.NotExecuted, classify.RetryBackoff},
		{"DENIED Redis is running in protected mode", io.EOF, errs.Denied, errs.NotExecuted, classify.Return},
		{"ERR Protocol error: invalid bulk length", io.EOF, errs.Protocol, errs.Unknown, classify.Return},
	} {
		for _, err := range []error{&fault{tt.line, tt.err}, fmt.Errorf("x: %w", &fault{tt.line, tt.err})} {
			v := classify.Of(err, set)
			if v.Kind != tt.kind || v.Effect != tt.effect || v.Do != tt.do {
				t.Errorf("%q, %v: got %v, %v, %v; want %v, %v, %v", tt.line, tt.err, v.Kind.String(), v.Effect, v.Do, tt.kind.String(), tt.effect, tt.do)
			}
			if e := classify.Wrap(v, err, set); e.Addr != "10.0.0.7:6379" {
				t.Errorf("%q: got address %q; want that of the fault", tt.line, e.Addr)
			}
		}
	}
}

// TestOursKeepKindAndEffect holds that what the dial seam or a layer below has
// typed stands, and that only the policy is looked up.
func TestOursKeepKindAndEffect(t *testing.T) {
	t.Parallel()
	certificate := x509.UnknownAuthorityError{}
	for _, tt := range []struct {
		err  *errs.Error
		do   classify.Do
		addr string
	}{
		{&errs.Error{Kind: errs.DialRefused, Effect: errs.NotExecuted}, classify.RetryBackoff, ""},
		{&errs.Error{Kind: errs.ConnLost, Effect: errs.NotExecuted}, classify.RetryBackoff, ""},
		{&errs.Error{Kind: errs.ConnLost}, classify.RetryBackoff, ""},
		{&errs.Error{Kind: errs.TLS, Effect: errs.NotExecuted, Err: certificate}, classify.Return, ""},
		{&errs.Error{Kind: errs.TLS, Effect: errs.NotExecuted, Err: io.EOF}, classify.RetryBackoff, ""},
		{&errs.Error{Kind: errs.ReadOnly, Effect: errs.Partial}, classify.Return, ""},
		{&errs.Error{Kind: errs.Moved, Effect: errs.NotExecuted}, classify.Return, ""},
		{(&errs.Error{Kind: errs.Moved, Effect: errs.NotExecuted, Err: &errs.RedirectError{To: "a:1"}}).WithSlot(7), classify.Redirect, "a:1"},
		{(&errs.Error{Kind: errs.Ask, Effect: errs.NotExecuted, Err: &errs.RedirectError{To: "?:1"}}).WithSlot(7), classify.Return, ""},
		{&errs.Error{Kind: errs.ExecAbort, Effect: errs.NotExecuted, Err: &errs.Error{Kind: errs.Loading}}, classify.RetryBackoff, ""},
		{&errs.Error{Kind: errs.ExecAbort, Effect: errs.NotExecuted}, classify.Return, ""},
	} {
		for _, err := range []error{tt.err, fmt.Errorf("x: %w", tt.err)} {
			v := classify.Of(err, set)
			if v.Kind != tt.err.Kind || v.Effect != tt.err.Effect || v.Do != tt.do || v.Addr != tt.addr {
				t.Errorf("%v: got %v, %v, %v, %q; want %v, %v, %v, %q", err, v.Kind.String(), v.Effect, v.Do, v.Addr, tt.err.Kind.String(), tt.err.Effect, tt.do, tt.addr)
			}
		}
	}
}

func TestNilsAreHarmless(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, rueidis.Nil, fmt.Errorf("x: %w", rueidis.Nil), (*rueidis.RedisError)(nil)} {
		if v := classify.Of(err, nil); v.Kind != 0 || v.Effect != errs.Executed || v.Do != classify.Return || v.Lane != classify.LaneSuccess {
			t.Errorf("%#v: got %+v; want a success", err, v)
		}
	}
	for _, err := range []error{(*errs.Error)(nil), errors.New("")} {
		if v := classify.Of(err, nil); v.Effect != errs.Unknown || v.Do != classify.Return {
			t.Errorf("%T: got %+v; want unknown and return", err, v)
		}
	}
}
