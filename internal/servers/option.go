package servers

import (
	"net"
	"slices"
	"strings"
)

// Option changes how a server is started.
type Option func(*Server)

// Config adds a line to the configuration, as the server's documentation has
// it: Config("save", "60", "1"). It replaces what was set before, except for
// directives that may be repeated.
func Config(name string, values ...string) Option {
	return func(s *Server) { s.conf.set(name, values...) }
}

// Password demands a password of the default user (requirepass).
func Password(pw string) Option {
	return func(s *Server) {
		s.password = pw
		s.conf.set("requirepass", pw)
	}
}

// User adds an ACL user; the rules are those of ACL SETUSER:
// User("reader", "on", ">pw", "~*", "+@read").
func User(name string, rules ...string) Option {
	return func(s *Server) { s.conf.add("user", append([]string{name}, rules...)...) }
}

// TLS makes the server speak TLS, and only TLS, with a certificate for
// localhost and the loopback addresses; see Server.TLSConfig. A build without
// TLS skips the test, with its reason: choose builds by Need(t, CanTLS).
func TLS() Option {
	return func(s *Server) { s.tls = true }
}

// UnixSocket makes the server listen on a unix socket as well; URL then names
// the socket, and Addr still the port.
func UnixSocket() Option {
	return func(s *Server) {
		s.socket = s.dir + "/s"
		s.conf.set("unixsocket", s.socket)
	}
}

// ReplicaOf makes the server a replica. Start returns when the link to the
// primary is up.
func ReplicaOf(primary *Server) Option {
	return func(s *Server) {
		host, port, _ := net.SplitHostPort(primary.Addr())
		s.replica = true
		s.conf.set("replicaof", host, port)
		if primary.password != "" {
			s.conf.set("masterauth", primary.password)
		}
		if primary.tls {
			s.conf.set("tls-replication", "yes")
			s.needKeys = true
		}
	}
}

// Debug permits the DEBUG command, where the server would refuse it.
func Debug() Option {
	return func(s *Server) {
		if s.Has(CanDebugDirective) {
			s.conf.set("enable-debug-command", "yes")
		}
	}
}

// NoWait lets Start and Restart return as soon as the server answers at all,
// even if it is still loading its data or has no link to its primary.
func NoWait() Option {
	return func(s *Server) { s.noWait = true }
}

// conf is a configuration file: lines in order.
type conf struct{ lines [][]string }

// set gives a directive its one line.
func (c *conf) set(name string, values ...string) {
	c.lines = slices.DeleteFunc(c.lines, func(line []string) bool {
		return line[0] == name && !repeatable[name]
	})
	c.add(name, values...)
}

// add gives a directive one more line.
func (c *conf) add(name string, values ...string) {
	c.lines = append(c.lines, append([]string{name}, values...))
}

func (c *conf) has(name string) bool {
	return slices.ContainsFunc(c.lines, func(line []string) bool { return line[0] == name })
}

// repeatable directives each add something.
var repeatable = map[string]bool{
	"user": true, "loadmodule": true, "rename-command": true,
	"client-output-buffer-limit": true, "sentinel": true,
}

// String is the file, every value in quotes.
func (c *conf) String() string {
	var b strings.Builder
	for _, line := range c.lines {
		b.WriteString(line[0])
		for _, v := range line[1:] {
			b.WriteString(` "` + quoter.Replace(v) + `"`)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

var quoter = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`)
