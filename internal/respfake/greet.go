package respfake

import "strings"

// isGreeting reports whether clients send the command on their own account to
// set up a connection and to keep it alive.
func isGreeting(cmd []string) bool {
	switch cmd[0] {
	case "HELLO", "AUTH", "SELECT", "CLIENT", "READONLY", "PING":
		return true
	case "CLUSTER": // rueidis asks whether it talks to a cluster
		return len(cmd) == 2 && (strings.EqualFold(cmd[1], "SLOTS") || strings.EqualFold(cmd[1], "SHARDS"))
	}
	return false
}

// Greet answers the commands that a client sends to set up a connection, as a
// standalone server of today would, and reports whether cmd is one: HELLO,
// AUTH, SELECT, CLIENT, READONLY, PING and CLUSTER SLOTS or SHARDS.
func Greet(c *Conn, cmd []string) bool {
	if !isGreeting(cmd) {
		return false
	}
	switch cmd[0] {
	case "HELLO":
		proto := 2
		if len(cmd) > 1 && cmd[1] == "3" {
			proto = 3
		}
		fields := []string{
			Bulk("server"), Bulk("redis"), Bulk("version"), Bulk("8.0.0"), Bulk("proto"), Int(proto),
			Bulk("id"), Int(c.ID), Bulk("mode"), Bulk("standalone"), Bulk("role"), Bulk("master"),
			Bulk("modules"), Array(),
		}
		if proto == 3 {
			c.Write(Map(fields...))
		} else {
			c.Write(Array(fields...))
		}
	case "PING":
		if len(cmd) > 1 {
			c.Write(Bulk(cmd[1]))
		} else {
			c.Write(Simple("PONG"))
		}
	case "CLIENT":
		if len(cmd) == 2 && strings.EqualFold(cmd[1], "ID") {
			c.Write(Int(c.ID))
		} else {
			c.Write(OK)
		}
	case "CLUSTER":
		c.Write(Error("ERR This instance has cluster support disabled"))
	default:
		c.Write(OK)
	}
	return true
}
