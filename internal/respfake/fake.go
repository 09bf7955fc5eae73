// Package respfake is a server of the Redis protocol that does what a test
// tells it, command by command:
//
//	fake := respfake.New(func(c *respfake.Conn, cmd []string) {
//		switch cmd[0] {
//		case "GET":
//			c.Write(respfake.Bulk("v"))
//		case "SET":
//			c.Close() // the write is lost in mid-air
//		default:
//			c.Write(respfake.OK)
//		}
//	})
//	defer fake.Close()
//	client, err := rueidis.NewClient(rueidis.ClientOption{
//		InitAddress: []string{"fake:6379"},
//		DialCtxFn:   fake.Dial,
//		...
//	})
//
// Dial connects in memory, so a client and its server run on the fake clock of
// a testing/synctest bubble; Listen makes the same server reachable by TCP.
// The greeting of a client (HELLO, CLIENT, AUTH, PING ...) is answered without
// the script unless the server is made with NewRaw.
package respfake

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"sync"
)

// Handler is the script. It is called once per command, in the order of the
// connection, by a goroutine of that connection: handlers of two connections
// run at the same time. What it does not write is not answered: returning
// without a word leaves the client waiting, and the connection's greetings
// too, until something is written. The name of the command, cmd[0], is in
// capitals.
type Handler func(c *Conn, cmd []string)

// Server is a scripted server. Its methods may be used by several goroutines.
type Server struct {
	script Handler
	raw    bool

	mu        sync.Mutex
	log       []Command
	conns     []*Conn // that are open
	dials     int     // connections so far
	listeners []net.Listener
	refusal   error
	closed    bool
	running   sync.WaitGroup
}

// Command is a command that the server received.
type Command struct {
	Conn     int      // number of the connection, from 1
	Args     []string // the name in capitals, then the arguments
	Greeting bool     // answered without the script
}

// String is the command in one line: "GET k".
func (c Command) String() string { return strings.Join(c.Args, " ") }

// New makes a server that answers greetings itself (see Greet) and leaves all
// other commands to the script.
func New(script Handler) *Server { return &Server{script: script} }

// NewRaw makes a server that leaves every command to the script, which may
// call Greet for those that it does not care about.
func NewRaw(script Handler) *Server { return &Server{script: script, raw: true} }

// Dial connects to the server in memory, whatever the address; it fits
// rueidis.ClientOption.DialCtxFn. It fails with the context's error, with the
// error given to Refuse, or, on a closed server, with net.ErrClosed.
func (s *Server) Dial(ctx context.Context, addr string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	near, far := pipe(addr)
	if err := s.serve(far, addr); err != nil {
		return nil, err
	}
	return near, nil
}

// Listen makes the server reachable at a free port of the loopback interface
// and returns host:port. It may be called more than once.
func (s *Server) Listen() (addr string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		l.Close()
		return "", net.ErrClosed
	}
	s.listeners = append(s.listeners, l)
	addr = l.Addr().String()
	s.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if s.serve(c, addr) != nil {
				c.Close() // refused: accepted and hung up, as a busy proxy does
			}
		}
	})
	return addr, nil
}

// Refuse makes the server turn away every new connection: Dial fails with err,
// a connection by TCP is closed at once. nil ends it.
func (s *Server) Refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = err
}

// Drop closes every connection that is open, as a crash would. The server
// accepts new ones.
func (s *Server) Drop() {
	for _, c := range s.open() {
		c.abort()
	}
}

// Conns returns the connections that are open, oldest first, so that a test
// can push to one of them.
func (s *Server) Conns() []*Conn { return s.open() }

// Dials is the number of connections made so far.
func (s *Server) Dials() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dials
}

// Log is every command received, greetings included, in the order of arrival.
func (s *Server) Log() []Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Commands is Log without the greetings: what the script was asked.
func (s *Server) Commands() []Command {
	return slices.DeleteFunc(s.Log(), func(c Command) bool { return c.Greeting })
}

// Count is how often the script was asked a command of that name, in capitals.
func (s *Server) Count(name string) (n int) {
	for _, c := range s.Commands() {
		if c.Args[0] == name {
			n++
		}
	}
	return n
}

// Close closes listeners and connections and returns when no script runs any
// more. A script that sleeps must do so by Conn.Sleep or Conn.Stall.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for _, l := range s.listeners {
		l.Close()
	}
	s.mu.Unlock()
	s.Drop()
	s.running.Wait()
}

func (s *Server) open() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.conns)
}

// serve starts the goroutines of a connection.
func (s *Server) serve(nc net.Conn, addr string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	if s.refusal != nil {
		return s.refusal
	}
	s.dials++
	c := newConn(nc, s.dials, addr)
	s.conns = append(s.conns, c)
	s.running.Go(c.writer)
	s.running.Go(func() {
		defer s.forget(c)
		c.reader(s.handle)
	})
	return nil
}

func (s *Server) forget(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = slices.DeleteFunc(s.conns, func(other *Conn) bool { return other == c })
}

// handle logs a command and has it answered.
func (s *Server) handle(c *Conn, cmd []string) {
	greeting := !s.raw && isGreeting(cmd)
	s.mu.Lock()
	s.log = append(s.log, Command{Conn: c.ID, Args: slices.Clone(cmd), Greeting: greeting})
	s.mu.Unlock()
	if greeting {
		c.greet(cmd)
		return
	}
	c.ask(s.script, cmd)
}
