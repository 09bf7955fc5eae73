package servers

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

// ready bounds the time that a server may take to start; the slowest case is
// a busy machine, not a busy server.
const ready = 20 * time.Second

// Start starts a server for the duration of the test and returns when it
// answers. What it logged is shown if it does not start, and if the test
// fails.
func Start(t T, bin Binary, opts ...Option) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "redoubt-")
	if err != nil {
		t.Fatalf("a directory for %v: %v", bin, err)
	}
	s := &Server{Binary: bin, t: t, dir: dir, network: "tcp"}
	t.Cleanup(s.cleanup)

	s.conf.set("bind", "127.0.0.1")
	s.conf.set("dir", dir)
	s.conf.set("save", "")
	s.conf.set("repl-diskless-sync-delay", "0")
	for _, opt := range opts {
		opt(s)
	}
	if s.tls || s.needKeys {
		s.useTLS()
	}
	if err := s.listen(); err != nil {
		t.Fatalf("%v: %v\n%s", bin, err, s.tail(30))
	}
	return s
}

// listen launches the server on a free port; another process may take the
// port between the choice and the launch, so it is tried a few times.
func (s *Server) listen() (err error) {
	for range 5 {
		port := freePort()
		s.addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		name := "port"
		if s.tls {
			s.conf.set("port", "0")
			name = "tls-port"
		}
		s.conf.set(name, strconv.Itoa(port))
		if err := s.configure(); err != nil {
			return err
		}
		if err = s.launch(); err == nil || !strings.Contains(s.Log(), "in use") {
			break
		}
	}
	return err
}

// freePort picks a port below the range that outgoing connections use, such
// that the port of the cluster bus, 10000 higher, is free as well.
func freePort() int {
	for range 100 {
		port := 10000 + rand.IntN(12000)
		if free(port) && free(port+10000) {
			return port
		}
	}
	return 0 // the server will say what is wrong with it
}

func free(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// configure writes the configuration. After the first start the file is the
// server's own, which CONFIG REWRITE and a sentinel change.
func (s *Server) configure() error {
	return os.WriteFile(s.confFile(), []byte(s.conf.String()), 0o600)
}

func (s *Server) confFile() string { return filepath.Join(s.dir, "server.conf") }

// launch starts the process and waits until it answers.
func (s *Server) launch() error {
	out, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	p, err := spawn(s.Path, append([]string{s.confFile()}, s.args...), s.dir, out)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.proc = p
	s.mu.Unlock()
	return s.await(p)
}

// await polls until the server answers as it should, or has ended: a foreign
// process has no other way to tell.
func (s *Server) await(p *process) error {
	deadline := time.After(ready)
	var last error
	for {
		if last = s.answers(); last == nil {
			return nil
		}
		select {
		case <-p.done:
			return errors.New("the server ended at once")
		case <-deadline:
			return fmt.Errorf("not ready after %v: %w", ready, last)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// answers is nil when the server is as far as Start promises.
func (s *Server) answers() error {
	c, err := s.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Do("PING")
	var reply ReplyError
	if err != nil && !errors.As(err, &reply) {
		return err
	}
	switch {
	case s.noWait:
		return nil
	case reply.has("LOADING"):
		return err
	case !s.replica:
		return nil // NOAUTH is an answer, too
	}
	info, err := c.Do("INFO", "replication")
	if err != nil {
		return err
	}
	if text, _ := info.(string); !strings.Contains(text, "master_link_status:up") {
		return errors.New("no link to the primary")
	}
	return nil
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
