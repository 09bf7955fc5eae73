package respfake

import (
	"strconv"
	"strings"
)

// Replies without arguments, as they go over the wire.
const (
	OK   = "+OK\r\n"
	Null = "_\r\n"   // RESP3
	Nil  = "$-1\r\n" // RESP2
	None = "*-1\r\n" // RESP2, as of an EXEC that was aborted
	True = "#t\r\n"  // RESP3
)

// Simple is a status: "+text".
func Simple(text string) string { return "+" + text + "\r\n" }

// Error is an error line: "-line". The line begins with the code.
func Error(line string) string { return "-" + line + "\r\n" }

// Bulk is a string.
func Bulk(text string) string { return "$" + strconv.Itoa(len(text)) + "\r\n" + text + "\r\n" }

// Int is an integer.
func Int(n int) string { return ":" + strconv.Itoa(n) + "\r\n" }

// Array is a list of replies.
func Array(elems ...string) string { return aggregate('*', len(elems), elems) }

// Map is a list of keys and values, alternately.
func Map(pairs ...string) string { return aggregate('%', len(pairs)/2, pairs) }

// Push is a message that answers no command.
func Push(elems ...string) string { return aggregate('>', len(elems), elems) }

func aggregate(typ byte, n int, elems []string) string {
	return string(typ) + strconv.Itoa(n) + "\r\n" + strings.Join(elems, "")
}
