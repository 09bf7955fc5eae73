package servers

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

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
