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
	"strings"
	"syscall"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/errs"
)

// transport is the verdict on everything that is not plainly a reply or one of
// ours: dialling, the connection, contexts, rueidis' own errors, and wrappers
// around any of them. alone says that the caller gave no operation.
func transport(err error, op *Op, alone bool) Verdict {
	var f findings
	f.look(err, 0)
	v := f.verdict(err, op, alone)
	switch {
	case op.Unsent && v.Effect == errs.Unknown:
		v.Effect = errs.NotExecuted
	case op.Dialing && v.Effect != errs.NotExecuted && v.Kind != 0:
		v = beforeCommands(v)
	}
	return v
}

// findings is what one walk over an error's tree has met. The walk replaces a
// dozen calls of errors.As, which reflect and allocate.
type findings struct {
	ours  *errs.Error
	reply *rueidis.RedisError
	line  string // a Line, or a reply that rueidis has printed into an error
	isRaw bool   // line is a Line
	fault ConnFault

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
		if !f.isRaw {
			f.line, f.isRaw = string(e), true
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

// verdict weighs the findings. A reply says more than the connection it came
// through, and an error that is typed already more than its causes.
func (f *findings) verdict(err error, op *Op, alone bool) Verdict {
	if f.fault != nil {
		if v, ok := lastWords(f.fault.ServerLine()); ok {
			return v
		}
	}
	switch {
	case f.ours != nil:
		return typed(f.ours, op)
	case f.reply != nil:
		return redisError(f.reply, op)
	case f.isRaw:
		return reply(f.line, false, op)
	case f.kind == errs.TrackingUnsupported:
		return trackingRefused(err, op)
	case f.canceled || f.deadline && !f.dns:
		return f.context(op, alone)
	case f.cert:
		v := verdict(errs.TLS)
		v.Do, v.Fix = Return, 0 // another attempt meets the same certificate
		return v
	case f.dns:
		return verdict(errs.DNS)
	case f.tls || f.alert && op.Dialing:
		return verdict(errs.TLS)
	case f.alert:
		return withEffect(errs.TLS, errs.Unknown)
	case f.dial && f.timeout && op.ended():
		v := ended(op, errs.Deadline)
		v.Effect = errs.NotExecuted
		return v
	case f.dial && f.timeout:
		return verdict(errs.DialTimeout)
	case f.dial && f.refused:
		return verdict(errs.DialRefused)
	case f.dial:
		return verdict(errs.DialFailed)
	case f.timeout && op.ended():
		return ended(op, errs.Deadline)
	case f.timeout:
		return verdict(errs.IOTimeout)
	case f.kind != 0:
		return verdict(f.kind)
	case f.lost || f.fault != nil:
		return verdict(errs.ConnLost)
	}
	if rueidis.IsParseErr(err) {
		return verdict(errs.DecodeFailed)
	}
	return verdict(kindOfClientText(err))
}

// ended reports whether the caller's own context is over: by its own word, or
// by the clock, which may be ahead of the context's timer.
func (op *Op) ended() bool {
	return op.CtxErr != nil || op.Deadline != 0 && op.Now >= op.Deadline
}

// ended is the verdict on an operation whose own context is over. otherwise
// is the kind where the context does not say which.
func ended(op *Op, otherwise errs.Kind) Verdict {
	switch op.CtxErr {
	case context.Canceled:
		return verdict(errs.Canceled)
	case context.DeadlineExceeded:
		return verdict(errs.Deadline)
	}
	return verdict(otherwise)
}

// context tells the caller's own context from somebody else's that ended a
// shared dial or flight. The latter means that the command was not sent: while
// the own context lives, rueidis returns a context error only from before the
// write.
func (f *findings) context(op *Op, alone bool) Verdict {
	switch {
	case op.ended():
		return ended(op, errs.Deadline)
	case op.Dialing && f.deadline:
		return verdict(errs.DialTimeout) // rueidis' bound on the set-up
	case !alone:
		return verdict(errs.ForeignContext)
	case f.canceled:
		return verdict(errs.Canceled)
	}
	return verdict(errs.Deadline)
}

// beforeCommands is the verdict on a connection that failed while it was set
// up: no command had been sent on it.
func beforeCommands(v Verdict) Verdict {
	switch v.Kind {
	case errs.ConnLost:
		return verdict(errs.DialFailed)
	case errs.IOTimeout:
		return verdict(errs.DialTimeout)
	}
	v.Effect = errs.NotExecuted
	return v
}

// trackingRefused looks behind ErrNoCache: rueidis prints the server's refusal
// of any CLIENT command of the set-up in front of it.
func trackingRefused(err error, op *Op) Verdict {
	text := err.Error()
	if i := strings.Index(text, ": [CLIENT "); i > 0 {
		r := read(text[:i], true)
		if setupKeeps(r.kind) {
			v := r.verdict()
			v.Effect = errs.NotExecuted
			return v
		}
	}
	return verdict(errs.TrackingUnsupported)
}

// typed is the verdict on an error that is ours already, from the dial seam or
// from a layer below: its kind and effect stand, the policy is the kind's.
func typed(e *errs.Error, op *Op) Verdict {
	if !e.Kind.Valid() {
		return verdict(errs.Unclassified)
	}
	v := verdict(e.Kind)
	v.Effect, v.Code = e.Effect, e.Code
	if slot, ok := e.Slot(); ok {
		v.Slot = slot + 1
	}
	switch {
	case e.Kind == errs.ForeignContext && op.ended():
		v = ended(op, errs.Deadline) // the one who dials cannot tell whose context it was
		v.Effect = e.Effect
	case e.Kind == errs.ExecAbort:
		if in, ok := e.Err.(*errs.Error); ok && in != nil && in.Kind != errs.ExecAbort {
			p := typed(in, op)
			v.Do, v.Fix, v.Lane, v.Addr = p.Do, p.Fix, p.Lane, p.Addr
		}
	case v.Do == Redirect || v.Do == Ask:
		v.Addr = targetOf(e.Err)
	case e.Kind == errs.DialFailed:
		if fault, ok := e.Err.(ConnFault); ok {
			if w, ok := lastWords(fault.ServerLine()); ok { // the server has said why it hung up
				w.Effect = e.Effect
				return w
			}
		}
	case e.Kind == errs.TLS:
		var f findings
		if f.look(e.Err, 0); f.cert {
			v.Do, v.Fix = Return, 0
		}
	}
	if (v.Do == Redirect || v.Do == Ask) && (v.Addr == "" || v.Slot == 0 && e.Kind != errs.RedirectTo) {
		v.Do = Return // an address that nobody kept cannot be followed
	}
	if v.Effect == errs.Partial || v.Effect == errs.Executed {
		v.Do = Return
	}
	return v
}

// targetOf finds where a redirection that is typed already pointed to.
func targetOf(err error) string {
	for range maxDepth {
		if e, ok := err.(*errs.RedirectError); ok && e != nil {
			if addr, known, ok := target(e.To); ok && known {
				return addr
			}
			return ""
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return ""
		}
		err = u.Unwrap()
	}
	return ""
}
