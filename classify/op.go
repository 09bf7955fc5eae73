package classify

// Op is what classification needs to know of the operation that failed. The
// zero value is an unknown operation, taken as a write that must not be
// replayed.
type Op struct {
	Name   string // name of the command in capitals: "SET", "CLIENT KILL"; "" if unknown
	Safety Safety // what a replay would do; Unrated never passes
	Slot   int    // slot+1 of the command's keys; 0: no key, or not known

	Sent uint64 // write sequence of the node before the call

	// The rest is filled when an error has come back, never on success.

	Now      int64 // monotonic clock in nanoseconds
	Deadline int64 // the caller's deadline on the same clock; 0: none
	CtxErr   error // the caller's ctx.Err()
	Unsent   bool  // known to have failed before anything was handed to a connection
	Dialing  bool  // the failure came from setting up a client, not from a command
}

// ConnFault is an error of a connection that knows where it came from and what
// was written before. The connections that package client hands to rueidis
// return it; it is found with errors.As.
type ConnFault interface {
	error
	NodeAddr() string   // address of the node
	LastWrite() uint64  // sequence of the last write that reached the connection
	ServerLine() string // last error line that the server sent, raw; "" if none
}

// Line is an error line as a server sent it, without the type byte and the
// line end. Of accepts it in place of the errors of rueidis, which have lost a
// leading "ERR ".
type Line string

// Error returns the line.
func (l Line) Error() string { return string(l) }
