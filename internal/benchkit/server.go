package benchkit

import (
	"errors"
	"fmt"
	"slices"

	"github.com/redoubt-go/redoubt/internal/servers"
)

// Server is a private server that clients are measured against. Close ends it.
type Server struct {
	Name string // flavour and version
	Addr string
	host host
}

// StartServer starts the first server program that is found, with its own
// defaults.
func StartServer() (*Server, error) {
	found := servers.Find()
	if len(found) == 0 {
		return nil, errors.New("no server found: install redis-server, or name one in REDOUBT_SERVERS")
	}
	s := &Server{Name: found[0].String()}
	started, err := s.host.start(found[0])
	if err != nil {
		s.Close()
		return nil, err
	}
	s.Addr = started.Addr()
	return s, nil
}

// Close ends the server and removes its files. It may be called more than
// once.
func (s *Server) Close() { s.host.close() }

// host stands in for the test that package servers expects.
type host struct{ cleanups []func() }

// fatal carries what a test would have failed with up to start.
type fatal string

func (h *host) start(bin servers.Binary) (s *servers.Server, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case fatal:
			err = errors.New(string(p))
		default:
			panic(p)
		}
	}()
	return servers.Start(h, bin), nil
}

// close cleans up in the reverse order, as a test does.
func (h *host) close() {
	for _, cleanup := range slices.Backward(h.cleanups) {
		cleanup()
	}
	h.cleanups = nil
}

func (h *host) Helper()                           {}
func (h *host) Cleanup(f func())                  { h.cleanups = append(h.cleanups, f) }
func (h *host) Logf(string, ...any)               {}
func (h *host) Fatalf(format string, args ...any) { panic(fatal(fmt.Sprintf(format, args...))) }
func (h *host) Skipf(format string, args ...any)  { h.Fatalf(format, args...) }
