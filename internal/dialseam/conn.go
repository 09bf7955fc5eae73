package dialseam

import (
	"bytes"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/redoubt-go/redoubt/errs"
)

// Conn is a connection that knows its node. Reads and writes fail with an
// error that carries the address, the write sequence and the first error line
// of the server; the cause stays reachable.
type Conn struct {
	net.Conn
	node   *Node
	due    time.Time              // when the context of the dial ends; zero: never
	sealed atomic.Bool            // it has failed or was closed: nothing is written any more
	writes atomic.Uint64          // on this connection; the first is rueidis' handshake
	last   atomic.Uint64          // node sequence of the last write
	read   bool                   // the first bytes were seen; touched by the reader only
	line   atomic.Pointer[string] // error line that the connection began with
}

// Write notes the sequence before the bytes leave. The order, count and then
// look at the seal, is the counterpart of fault's: seal and then look at the
// count. So a write that fault did not count is refused here.
func (c *Conn) Write(b []byte) (int, error) {
	c.last.Store(c.node.writes.Add(1))
	c.writes.Add(1)
	if c.sealed.Load() {
		return 0, c.fault(net.ErrClosed)
	}
	n, err := c.Conn.Write(b)
	if err != nil {
		err = c.fault(err)
	}
	return n, err
}

// Read keeps the error line that a server sends before it closes a connection
// it has no room or no permission for.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.read && n > 0 {
		c.read = true
		if b[0] == '-' {
			c.keepLine(b[:n])
		}
	}
	if err != nil {
		err = c.fault(err)
	}
	return n, err
}

// maxLine bounds the error line that is kept.
const maxLine = 1024

func (c *Conn) keepLine(b []byte) {
	line := b[1:min(len(b), maxLine)]
	if end := bytes.IndexByte(line, '\r'); end >= 0 {
		line = line[:end]
	}
	kept := string(line)
	c.line.Store(&kept)
}

// Close also takes the connection off its node. The seal makes what the node
// keeps of it final.
func (c *Conn) Close() error {
	c.sealed.Store(true)
	c.node.forget(c)
	return c.Conn.Close()
}

// carried reports whether commands may have been written. Until the first write
// has been answered there was nothing but rueidis' handshake on the wire: its
// commands go out in one write, and user commands are accepted only after its
// replies. It is final once the connection is sealed.
func (c *Conn) carried() bool { return c.writes.Load() > 1 }

// fault puts the facts of the connection on a failure. One that carried nothing
// executed no command, and the seal keeps a write from slipping out behind the
// verdict. Where commands were served, the line that the connection began with
// does not explain its end.
func (c *Conn) fault(err error) error {
	c.sealed.Store(true)
	f := &fault{addr: c.node.addr, last: c.last.Load(), err: err}
	if c.carried() {
		return f
	}
	if line := c.line.Load(); line != nil {
		f.line = *line
	}
	e := &errs.Error{Kind: errs.DialFailed, Effect: errs.NotExecuted, Addr: c.node.addr, Err: f}
	switch timedOut := errors.Is(err, os.ErrDeadlineExceeded); {
	case timedOut && c.overdue():
		e.Kind = errs.ForeignContext // or the caller's own: rueidis makes it a context error
	case timedOut:
		e.Kind, e.Err = errs.DialTimeout, unanswered{f}
	}
	return e
}

// overdue reports whether the context that the dial came with has reached its
// deadline.
func (c *Conn) overdue() bool { return !c.due.IsZero() && !time.Now().Before(c.due) }

// unanswered is the cause of a handshake that timed out in our time, not in the
// caller's. It hides the timeout from errors.Is: rueidis bounds the handshake
// by a context of its own, and would put a bare context.DeadlineExceeded in the
// place of what it takes for that, so that nobody could tell whose time was
// over.
type unanswered struct{ cause *fault }

func (u unanswered) Error() string { return u.cause.Error() }

// fault implements classify.ConnFault.
type fault struct {
	addr string
	line string
	last uint64
	err  error
}

func (f *fault) Error() string      { return f.err.Error() }
func (f *fault) Unwrap() error      { return f.err }
func (f *fault) NodeAddr() string   { return f.addr }
func (f *fault) LastWrite() uint64  { return f.last }
func (f *fault) ServerLine() string { return f.line }
