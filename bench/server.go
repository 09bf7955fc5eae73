package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/redoubt-go/redoubt/internal/servers"
)

// server is what the benchmark knows of the server it measures against.
type server struct {
	name string
	addr string
}

// startServer starts the first server that is found, as it comes. The returned
// function ends it.
func startServer() (server, func(), error) {
	found := servers.Find()
	if len(found) == 0 {
		return server{}, nil, errors.New("no server found: install redis-server, or name one in REDOUBT_SERVERS")
	}
	h := &host{}
	started, err := h.start(found[0])
	if err != nil {
		h.close()
		return server{}, nil, err
	}
	return server{name: found[0].String(), addr: started.Addr()}, h.close, nil
}

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
