package dialseam

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/redoubt-go/redoubt/errs"
)

// DefaultTimeout bounds a dial with its TLS handshake when net.Dialer has no
// Timeout of its own. It is the default of rueidis.
const DefaultTimeout = 5 * time.Second

// DialFunc is the type of rueidis.ClientOption.DialCtxFn.
type DialFunc func(ctx context.Context, addr string, dialer *net.Dialer, config *tls.Config) (net.Conn, error)

// Seam dials, and keeps the nodes that were dialled. It is safe for concurrent
// use.
type Seam struct {
	dial    DialFunc
	noDelay bool

	mu    sync.Mutex
	nodes map[string]*Node
}

// New returns a seam over the user's dial function; nil stands for TCP, with
// TLS when a configuration is given. noDelay false switches Nagle's algorithm
// on, as rueidis' DisableTCPNoDelay asks for.
func New(dial DialFunc, noDelay bool) *Seam {
	if dial == nil {
		dial = dialTCP
	}
	return &Seam{dial: dial, noDelay: noDelay, nodes: make(map[string]*Node)}
}

// Dial makes one connection to addr. It has the signature of rueidis' DialCtxFn.
// A failure is an *errs.Error with the address and effect NotExecuted, and of
// kind DialRefused, DialTimeout, DNS, TLS or DialFailed; when ctx, which may be
// somebody else's, ended the dial, it is ForeignContext, and Closed when the
// node was closed.
func (s *Seam) Dial(ctx context.Context, addr string, dialer *net.Dialer, config *tls.Config) (net.Conn, error) {
	timeout := dialer.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	raw, err := s.dial(bounded, addr, dialer, config)
	if err != nil {
		return nil, dialError(ctx, addr, err)
	}
	if !s.noDelay {
		enableNagle(raw)
	}
	due, _ := ctx.Deadline()
	conn := s.Node(addr).adopt(raw, due)
	if conn == nil {
		_ = raw.Close()
		return nil, &errs.Error{Kind: errs.Closed, Effect: errs.NotExecuted, Addr: addr, Err: net.ErrClosed}
	}
	return conn, nil
}

// Node returns the node of an address, made on first use.
func (s *Seam) Node(addr string) *Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.nodes[addr]
	if n == nil {
		n = &Node{addr: addr, conns: make(map[*Conn]struct{})}
		s.nodes[addr] = n
	}
	return n
}

// dialTCP dials as rueidis does, except that the TLS handshake is a step of its
// own, so that its failures can be told from those of TCP.
func dialTCP(ctx context.Context, addr string, dialer *net.Dialer, config *tls.Config) (net.Conn, error) {
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil || config == nil {
		return conn, err
	}
	if config.ServerName == "" && !config.InsecureSkipVerify {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			host = addr
		}
		config = config.Clone()
		config.ServerName = host
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, &handshakeError{err}
	}
	return secured, nil
}

// handshakeError marks a failure of the TLS handshake, whatever its cause: a
// peer that speaks no TLS often just closes.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "tls handshake: " + e.err.Error() }

func (e *handshakeError) Unwrap() error { return e.err }

// dialError types a failed dial. ctx is the context that rueidis gave, without
// the seam's own timeout.
func dialError(ctx context.Context, addr string, err error) *errs.Error {
	return &errs.Error{
		Kind: dialKind(ctx, err), Effect: errs.NotExecuted, Addr: addr, Err: errs.Shield(err),
	}
}

func dialKind(ctx context.Context, err error) errs.Kind {
	var typed *errs.Error
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &typed):
		return typed.Kind
	case over(ctx):
		return errs.ForeignContext
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
		return errs.DialRefused
	case errors.Is(err, context.DeadlineExceeded):
		return errs.DialTimeout
	case isDNS(err):
		return errs.DNS
	case errors.As(err, &timeout) && timeout.Timeout():
		return errs.DialTimeout
	case isTLS(err):
		return errs.TLS
	}
	return errs.DialFailed
}

// over reports whether ctx has ended, by its own word or by the clock: the net
// package looks at the clock, which may be ahead of the context's timer.
func over(ctx context.Context) bool {
	due, bound := ctx.Deadline()
	return ctx.Err() != nil || bound && !time.Now().Before(due)
}

func isDNS(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns)
}

func isTLS(err error) bool {
	var (
		handshake *handshakeError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		verify    *tls.CertificateVerificationError
		host      x509.HostnameError
		authority x509.UnknownAuthorityError
	)
	return errors.As(err, &handshake) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &verify) || errors.As(err, &host) || errors.As(err, &authority)
}

// enableNagle does what rueidis would, which does not see through our Conn.
func enableNagle(conn net.Conn) {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetNoDelay(false)
	}
}
