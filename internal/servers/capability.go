package servers

import (
	"os"
	"strconv"
	"sync"
)

// Capability is something that a build of a server may lack. Its text says
// what, for the reason of a skip.
type Capability string

// The capabilities that Has knows.
const (
	CanTLS            Capability = "TLS"                  // see the option TLS
	CanCommandDocs    Capability = "COMMAND DOCS"         // since Redis 7.0
	CanWaitAOF        Capability = "WAITAOF"              // since Redis 7.2
	CanDebugDirective Capability = "enable-debug-command" // since Redis 7.0; before, DEBUG is simply on
	CanSentinel       Capability = "sentinel mode"        // --sentinel
	CanFunctions      Capability = "functions"            // since Redis 7.0
	CanShardedPubSub  Capability = "sharded pub/sub"      // since Redis 7.0
)

// Has reports whether this build has the capability. The program itself is
// asked, once per process and path: by starting it and by its COMMAND.
func (b Binary) Has(c Capability) bool {
	ask, _ := abilities.LoadOrStore(b.Path, sync.OnceValue(b.probe))
	return ask.(func() map[Capability]bool)()[c]
}

// abilities maps the path of a program to the func that probes it once.
var abilities sync.Map

// probe starts the program a few times, with nothing but a socket.
func (b Binary) probe() map[Capability]bool {
	has := map[Capability]bool{
		// A build without TLS may know the directives and refuse only to listen.
		CanTLS: b.comesUp(func(s *Server) error {
			s.conf.set("tls-port", strconv.Itoa(freePort()))
			return s.certify()
		}, nil),
		CanDebugDirective: b.comesUp(func(s *Server) error {
			s.conf.set("enable-debug-command", "yes")
			return nil
		}, nil),
		CanSentinel: b.comesUp(func(s *Server) error {
			s.args = []string{"--sentinel"}
			return nil
		}, nil),
	}
	b.comesUp(nil, func(c *Conn) {
		has[CanCommandDocs] = knows(c, "DOCS", "get")
		has[CanWaitAOF] = knows(c, "INFO", "waitaof")
		has[CanFunctions] = knows(c, "INFO", "function")
		has[CanShardedPubSub] = knows(c, "INFO", "ssubscribe")
	})
	return has
}

// comesUp reports whether the program starts and answers when prepared so, and
// lets ask question it then.
func (b Binary) comesUp(prepare func(*Server) error, ask func(*Conn)) bool {
	dir, err := os.MkdirTemp("", "redoubt-")
	if err != nil {
		return false
	}
	defer os.RemoveAll(dir)
	s := &Server{Binary: b, dir: dir, network: "unix", addr: dir + "/s"}
	s.conf.set("port", "0")
	s.conf.set("unixsocket", s.addr)
	s.conf.set("dir", dir)
	if prepare != nil && prepare(s) != nil {
		return false
	}
	defer s.end()
	if s.configure() != nil || s.launch() != nil {
		return false
	}
	if ask == nil {
		return true
	}
	c, err := s.dial()
	if err != nil {
		return false
	}
	defer c.Close()
	ask(c)
	return true
}

// knows reports whether COMMAND sub answers with something about command.
func knows(c *Conn, sub, command string) bool {
	reply, err := c.Do("COMMAND", sub, command)
	list, _ := reply.([]any)
	return err == nil && len(list) > 0 && list[0] != nil
}
