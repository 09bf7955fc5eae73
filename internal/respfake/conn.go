package respfake

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Conn is the server's end of one connection. Its methods may be used by
// several goroutines, so that a test can push beside the script.
type Conn struct {
	ID   int    // number of the connection, from 1
	Addr string // the address that was dialled

	// State is the script's own, for what the connection has been told so far.
	// Only the script may use it.
	State any

	nc   net.Conn
	done chan struct{} // closed with the connection
	once sync.Once

	mu      sync.Mutex
	queue   []item
	queued  chan struct{} // holds a token while the queue has something
	closing bool          // Close was called: no further command is read
	replied bool          // something but a push was written since the last command
	owing   bool          // the script has left a command unanswered
	held    [][]string    // greetings that wait for the owed reply
}

// item is what the writer does next: send bytes, or end.
type item struct {
	bytes string
	end   func(*Conn)
}

func newConn(nc net.Conn, id int, addr string) *Conn {
	return &Conn{ID: id, Addr: addr, nc: nc, done: make(chan struct{}), queued: make(chan struct{}, 1)}
}

// Write sends bytes as they are: replies, pushes, garbage or half a reply. It
// does not wait for the client to read: a client that writes its whole
// pipeline before it reads would wait for a server that waits for it.
func (c *Conn) Write(bytes string) {
	c.enqueue(item{bytes: bytes})
	if strings.HasPrefix(bytes, ">") {
		return
	}
	c.mu.Lock()
	held := c.held
	c.held, c.owing, c.replied = nil, false, true
	c.mu.Unlock()
	for _, cmd := range held {
		Greet(c, cmd)
	}
}

// ask calls the script and notes whether it owes the reply. A subscription is
// answered by pushes, which nobody waits for in turn.
func (c *Conn) ask(script Handler, cmd []string) {
	c.mu.Lock()
	c.replied = false
	c.mu.Unlock()
	script(c, cmd)
	c.mu.Lock()
	c.owing = c.owing || !c.replied && !strings.HasSuffix(cmd[0], "SUBSCRIBE")
	c.mu.Unlock()
}

// greet answers a greeting in its turn: replies come in the order of the
// commands, so a PING behind a command that hangs has to hang as well, or its
// PONG would be taken for the missing reply.
func (c *Conn) greet(cmd []string) {
	c.mu.Lock()
	if c.owing {
		c.held = append(c.held, cmd)
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	Greet(c, cmd)
}

// Close closes the connection once everything written before has gone out. A
// command that is already on its way is not read any more.
func (c *Conn) Close() {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	c.enqueue(item{end: (*Conn).abort})
}

// CloseWrite half-closes the connection: the client reads to the end of what
// was written before and then sees EOF, while its own writes still arrive.
func (c *Conn) CloseWrite() { c.enqueue(item{end: (*Conn).closeWrite}) }

// Reset breaks the connection at once, over TCP with a reset in place of an
// orderly end. What was written and has not gone out is lost.
func (c *Conn) Reset() {
	if tcp, ok := c.nc.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.abort()
}

// Sleep delays the script, and so all later replies of this connection. It
// returns early, with false, when the connection ends.
func (c *Conn) Sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.done:
		return false
	}
}

// Stall stops reading until the connection ends: what the client sends fills
// its buffers, as with a server that hangs.
func (c *Conn) Stall() { <-c.done }

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

func (c *Conn) abort() {
	c.once.Do(func() {
		close(c.done)
		c.nc.Close()
	})
}

func (c *Conn) closeWrite() {
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
}

func (c *Conn) enqueue(it item) {
	c.mu.Lock()
	c.queue = append(c.queue, it)
	c.mu.Unlock()
	select {
	case c.queued <- struct{}{}:
	default:
	}
}

// writer sends what is queued until the connection ends. That a write fails is
// the client's doing; the reader sees the end of the connection, if it is one.
func (c *Conn) writer() {
	for {
		select {
		case <-c.queued:
		case <-c.done:
			return
		}
		c.mu.Lock()
		batch := c.queue
		c.queue = nil
		c.mu.Unlock()
		for _, it := range batch {
			if it.end != nil {
				it.end(c)
			} else {
				io.WriteString(c.nc, it.bytes)
			}
		}
	}
}

// reader hands the client's commands over until the connection ends.
func (c *Conn) reader(handle func(*Conn, []string)) {
	defer c.abort()
	r := bufio.NewReader(c.nc)
	for {
		cmd, err := readCommand(r)
		if err != nil {
			return
		}
		handle(c, cmd)
		if c.isClosing() {
			<-c.done
			return
		}
	}
}

func (c *Conn) isClosing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing
}

// readCommand reads an array of bulk strings, the only form in which clients
// speak, and writes its name in capitals.
func readCommand(r *bufio.Reader) ([]string, error) {
	n, err := header(r, '*')
	if err != nil {
		return nil, err
	}
	cmd := make([]string, 0, min(n, 1024))
	for range n {
		size, err := header(r, '$')
		if err != nil {
			return nil, err
		}
		b := make([]byte, size+2)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, err
		}
		cmd = append(cmd, string(b[:size]))
	}
	cmd[0] = strings.ToUpper(cmd[0])
	return cmd, nil
}

// maxLen bounds what a client may announce, as a server does.
const maxLen = 512 << 20

func header(r *bufio.Reader, typ byte) (int, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimRight(line[1:], "\r\n"))
	if err != nil || line[0] != typ || n < 0 || n > maxLen || typ == '*' && n == 0 {
		return 0, errors.New("not a command: " + strconv.Quote(line))
	}
	return n, nil
}
