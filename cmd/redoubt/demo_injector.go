package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
)

// injector stands between a client and a server, on loopback. It passes
// commands on one at a time, unless its fault decides otherwise.
type injector struct {
	dial func(ctx context.Context) (net.Conn, error) // to the server

	mu       sync.Mutex
	listener net.Listener
	addr     string
	conns    map[net.Conn]struct{} // on both sides
	fault    fault
	seen     map[string]int // commands by name, since the fault was set
	running  sync.WaitGroup
}

// fault decides what becomes of a command, whose name is in capitals. Faults
// are called one at a time.
type fault func(name string) ruling

// ruling is a decision on a command. The zero value passes it on.
type ruling struct {
	line string // the error line to answer with, instead of the server
	cut  bool   // the server executes it, then the connection ends without its reply
	mute bool   // it is neither passed on nor answered
}

// on limits a ruling to commands of some names.
func on(r ruling, names ...string) fault {
	return func(name string) ruling {
		if slices.Contains(names, name) {
			return r
		}
		return ruling{}
	}
}

// first limits a fault to the first n commands that it concerns.
func first(n int, f fault) fault {
	return func(name string) ruling {
		r := f(name)
		if r == (ruling{}) || n == 0 {
			return ruling{}
		}
		n--
		return r
	}
}

// inject sets the fault, nil for none, and counts commands from zero.
func (in *injector) inject(f fault) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.fault, in.seen = f, make(map[string]int)
}

// count is how many commands of a name have come since the last inject.
func (in *injector) count(name string) int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.seen[name]
}

// target is where the injector listens, or did so last.
func (in *injector) target() string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.addr
}

// up listens, at the address of the last time if that is still free. It has no
// effect on an injector that listens.
func (in *injector) up(ctx context.Context) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.listener != nil {
		return nil
	}
	const anyPort = "127.0.0.1:0"
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", cmp.Or(in.addr, anyPort))
	if err != nil {
		l, err = config.Listen(ctx, "tcp", anyPort)
	}
	if err != nil {
		return err
	}
	in.listener, in.addr, in.conns = l, l.Addr().String(), make(map[net.Conn]struct{})
	in.running.Go(func() { in.accept(l) })
	return nil
}

// down stops listening and ends all connections; it returns when that is done.
func (in *injector) down() {
	in.mu.Lock()
	if in.listener != nil {
		_ = in.listener.Close()
		in.listener = nil
	}
	for c := range in.conns {
		_ = c.Close()
	}
	in.mu.Unlock()
	in.running.Wait()
}

// accept ends with its listener.
func (in *injector) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		in.running.Go(func() { in.serve(l, conn) })
	}
}

// serve ends with either connection, and with the listener that it came from.
func (in *injector) serve(from net.Listener, client net.Conn) {
	defer in.drop(client)
	if !in.keep(from, client) {
		return
	}
	server, err := in.dial(context.Background())
	if err != nil {
		return
	}
	defer in.drop(server)
	if !in.keep(from, server) {
		return
	}
	requests, replies := bufio.NewReader(client), bufio.NewReader(server)
	for err == nil {
		err = in.pass(client, server, requests, replies)
	}
}

// keep notes a connection, so that down can end it. It refuses if the injector
// went down meanwhile.
func (in *injector) keep(from net.Listener, conn net.Conn) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.listener != from {
		return false
	}
	in.conns[conn] = struct{}{}
	return true
}

func (in *injector) drop(conn net.Conn) {
	_ = conn.Close()
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.conns, conn)
}

var errCut = errors.New("the connection is cut")

// pass deals with one command.
func (in *injector) pass(client, server net.Conn, requests, replies *bufio.Reader) error {
	request, err := readValue(requests)
	if err != nil {
		return err
	}
	r := in.rule(commandName(request))
	switch {
	case r.mute:
		_, err = io.Copy(io.Discard, requests)
		return errors.Join(err, errCut)
	case r.line != "":
		_, err = io.WriteString(client, "-"+r.line+"\r\n")
		return err
	}
	if _, err = server.Write(request); err != nil {
		return err
	}
	reply, err := readValue(replies)
	switch {
	case err != nil:
		return err
	case r.cut:
		return errCut
	}
	_, err = client.Write(reply)
	return err
}

func (in *injector) rule(name string) ruling {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.seen[name]++
	if in.fault == nil {
		return ruling{}
	}
	return in.fault(name)
}
