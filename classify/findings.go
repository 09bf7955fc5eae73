package classify

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/errs"
)

// findings is what one walk over an error's tree has met. The walk replaces a
// dozen calls of errors.As, which reflect and allocate.
type findings struct {
	ours    *errs.Error
	reply   *rueidis.RedisError
	line    string // of a Line
	hasLine bool
	fault   ConnFault

	canceled bool // context.Canceled itself
	deadline bool // context.DeadlineExceeded itself
	timeout  bool // a net.Error that timed out, os.ErrDeadlineExceeded
	dial     bool // a net.OpError of dialling
	refused  bool
	lost     bool // EOF, reset, closed: the connection ended
	dns      bool
	tls      bool // the TLS handshake failed
	alert    bool // TLS failed at some time
	cert     bool // the peer's certificate was not accepted
	kind     errs.Kind
}

// maxDepth bounds the walk over trees that have no end.
const maxDepth = 32

func (f *findings) look(err error, depth int) {
	for ; err != nil && depth < maxDepth; depth++ {
		if f.note(err) {
			return
		}
		switch u := err.(type) {
		case interface{ Unwrap() error }:
			err = u.Unwrap()
		case interface{ Unwrap() []error }:
			for _, branch := range u.Unwrap() {
				f.look(branch, depth+1)
			}
			return
		default:
			return
		}
	}
}

// note records what err itself is, and reports whether its causes add nothing.
func (f *findings) note(err error) (done bool) {
	if fault, ok := err.(ConnFault); ok && f.fault == nil {
		f.fault = fault
	}
	switch e := err.(type) {
	case *errs.Error:
		if f.ours == nil && e != nil {
			f.ours = e
		}
		return true
	case *rueidis.RedisError:
		if f.reply == nil && e != nil {
			f.reply = e
		}
		return true
	case Line:
		if !f.hasLine {
			f.line, f.hasLine = string(e), true
		}
		return true
	case *net.OpError:
		if e == nil {
			return true
		}
		switch e.Op {
		case "dial":
			f.dial = true
			f.canceled = f.canceled || errors.Is(e.Err, context.Canceled) // net has a type of its own for it
		case "remote error", "local error": // of crypto/tls
			f.alert = true
		default:
			f.lost = true
		}
		f.timeout = f.timeout || e.Timeout()
	case *net.DNSError:
		f.dns = true
	case syscall.Errno:
		f.refused = f.refused || e == syscall.ECONNREFUSED
		f.timeout = f.timeout || e.Timeout() && e != syscall.EAGAIN
		f.lost = true
		return true
	case tls.RecordHeaderError:
		f.tls = f.tls || e.Conn != nil // the first record: the peer does not speak TLS
		f.alert = true
	case tls.AlertError:
		f.alert = true
	case *tls.ECHRejectionError:
		f.tls = true
	case *tls.CertificateVerificationError, x509.UnknownAuthorityError, x509.HostnameError,
		x509.CertificateInvalidError, x509.SystemRootsError, x509.UnhandledCriticalExtension:
		f.tls, f.cert = true, true
	case *net.AddrError, *net.ParseError, net.InvalidAddrError, net.UnknownNetworkError:
		f.dial = true
	case *strconv.NumError, *json.SyntaxError, *json.UnmarshalTypeError, *json.InvalidUnmarshalError, *json.UnsupportedTypeError:
		f.found(errs.DecodeFailed)
	case net.Error:
		f.timeout = f.timeout || e.Timeout() && err != context.DeadlineExceeded
	}
	f.noteSentinel(err)
	return false
}

func (f *findings) found(k errs.Kind) {
	if f.kind == 0 {
		f.kind = k
	}
}

// noteSentinel knows the errors that are values.
func (f *findings) noteSentinel(err error) {
	switch err {
	case context.Canceled:
		f.canceled = true
	case context.DeadlineExceeded:
		f.deadline = true
	case os.ErrDeadlineExceeded:
		f.timeout = true
	case io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, io.ErrNoProgress, io.ErrShortWrite, net.ErrClosed, os.ErrClosed, net.ErrWriteToConnected:
		f.lost = true
	case bufio.ErrBufferFull, bufio.ErrNegativeCount:
		f.found(errs.Protocol)
	case rueidis.ErrClosing:
		f.found(errs.Closed)
	case rueidis.ErrDoCacheAborted:
		f.found(errs.CacheAborted)
	case rueidis.ErrNoSlot:
		f.found(errs.NoSlot)
	case rueidis.ErrNoCache:
		f.found(errs.TrackingUnsupported)
	case rueidis.ErrNoAddr:
		f.found(errs.BadOption)
	case rueidis.ErrCacheUnmarshal:
		f.found(errs.DecodeFailed)
	case rueidis.ErrMSetNXNotSet, rueidis.ErrMSetEXNotSet:
		f.found(errs.BusyKey)
	case rueidis.ErrRESP2PubSubMixed, rueidis.ErrBlockingPubSubMixed, rueidis.ErrDedicatedClientRecycled:
		f.found(errs.Misuse)
	case rueidis.ErrReplicaOnlyNotSupported, rueidis.ErrReplicaOnlyConflict, rueidis.ErrReplicaOnlyConflictWithReplicaSelector,
		rueidis.ErrReplicaOnlyConflictWithReadNodeSelector, rueidis.ErrReplicaSelectorConflictWithReadNodeSelector,
		rueidis.ErrSendToReplicasNotSet, rueidis.ErrNoSendToReplicas, rueidis.ErrWrongPipelineMultiplex,
		rueidis.ErrInvalidShardsRefreshInterval, rueidis.ErrInvalidTopologyRefreshInterval:
		f.found(errs.BadOption)
	}
}
