package servers

import (
	"bytes"
	"crypto/tls"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Server is a running server. Its methods may be used by several goroutines,
// but those that can fail the test (all of those without an error) only from
// the test's own.
type Server struct {
	Binary

	t       T
	dir     string
	args    []string
	conf    conf
	network string // of addr: "tcp", or "unix" while probing
	addr    string

	password string
	socket   string
	tls      bool
	needKeys bool // certificates are wanted, though the server speaks no TLS
	replica  bool
	noWait   bool

	mu   sync.Mutex
	proc *process // nil before the first launch
}

// Addr is host:port.
func (s *Server) Addr() string { return s.addr }

// Socket is the path of the unix socket, "" without the option UnixSocket.
func (s *Server) Socket() string { return s.socket }

// Dir is the server's working directory.
func (s *Server) Dir() string { return s.dir }

// URL is what a client needs to connect as the default user, but for the
// certificates of TLSConfig.
func (s *Server) URL() string {
	u := url.URL{Scheme: "redis", Host: s.addr}
	switch {
	case s.socket != "":
		u = url.URL{Scheme: "unix", Path: s.socket}
	case s.tls:
		u.Scheme = "rediss"
	}
	if s.password != "" {
		u.User = url.UserPassword("", s.password)
	}
	return u.String()
}

// TLSConfig is a client's configuration for this server: it trusts the
// server's CA and has a client certificate. It is nil for a server without
// TLS, and a fresh copy each time.
func (s *Server) TLSConfig() *tls.Config {
	if !s.tls {
		return nil
	}
	return keys().client.Clone()
}

// Do sends one command on a connection of its own, as the default user, and
// returns the reply; see Conn.Do.
func (s *Server) Do(args ...string) (any, error) {
	c, err := s.dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Do(args...)
}

// Conn opens a connection as the default user. It ends with the test.
func (s *Server) Conn() *Conn {
	s.t.Helper()
	c, err := s.dial()
	if err != nil {
		s.t.Fatalf("connect to %v: %v", s.Binary, err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c
}

func (s *Server) dial() (*Conn, error) {
	c, err := Dial(s.network, s.addr, s.TLSConfig())
	if err != nil || s.password == "" {
		return c, err
	}
	if _, err := c.Do("AUTH", s.password); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Pid is the process id, 0 if the server does not run.
func (s *Server) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil || s.proc.ended() {
		return 0
	}
	return s.proc.pid
}

// Kill ends the server with SIGKILL, as a crash would, and returns when it is
// gone.
func (s *Server) Kill() { s.end() }

// Shutdown asks the server to end (SIGTERM) and returns when it is gone.
func (s *Server) Shutdown() {
	s.t.Helper()
	s.signal("shut down", (*process).terminate)
	select {
	case <-s.current().done:
	case <-time.After(ready):
		s.t.Fatalf("%v does not shut down", s.Binary)
	}
}

// Pause stops the process in its tracks (SIGSTOP): connections stay open and
// nothing is answered.
func (s *Server) Pause() {
	s.t.Helper()
	s.signal("pause", (*process).pause)
}

// Continue undoes Pause.
func (s *Server) Continue() {
	s.t.Helper()
	s.signal("continue", (*process).resume)
}

// Restart kills the server if it runs, and starts it again on the same port,
// with the same configuration and directory. It returns when the server
// answers.
func (s *Server) Restart() {
	s.t.Helper()
	s.end()
	if err := s.launch(); err != nil {
		s.t.Fatalf("restart of %v: %v\n%s", s.Binary, err, s.tail(30))
	}
}

func (s *Server) signal(what string, send func(*process) error) {
	s.t.Helper()
	if p := s.current(); p == nil || p.ended() {
		s.t.Fatalf("%s: %v does not run", what, s.Binary)
	} else if err := send(p); err != nil {
		s.t.Fatalf("%s %v: %v", what, s.Binary, err)
	}
}

func (s *Server) current() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc
}

func (s *Server) end() {
	if p := s.current(); p != nil {
		p.kill()
		<-p.done
	}
}

// Log is all that the server has logged, over restarts.
func (s *Server) Log() string {
	text, _ := os.ReadFile(s.logFile())
	return string(text)
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "server.log") }

// tail is the end of the log.
func (s *Server) tail(lines int) string {
	text, _ := os.ReadFile(s.logFile())
	all := bytes.SplitAfter(text, []byte("\n"))
	return string(bytes.Join(all[max(0, len(all)-lines):], nil))
}

// cleanup leaves nothing behind; of a failed test it shows what the server had
// to say.
func (s *Server) cleanup() {
	s.end()
	if t, ok := s.t.(interface{ Failed() bool }); ok && t.Failed() {
		s.t.Logf("log of %v at %s:\n%s", s.Binary, s.addr, s.tail(20))
	}
	os.RemoveAll(s.dir)
}
