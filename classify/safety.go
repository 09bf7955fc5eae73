package classify

// Safety prices the replay of a command whose first execution is in doubt. The
// order is the ladder: a policy allows everything up to a rung. The zero value
// is unrated and never passes.
type Safety uint8

const (
	Unrated      Safety = iota // not rated: never replayed
	Connection                 // concerns the connection only: PING, CLIENT ID
	ReadOnly                   // reads: GET, SCAN
	Checked                    // a second execution changes nothing: DEL, SADD, SET NX
	LastWins                   // a late replay may undo a newer write: SET, EXPIRE, HSET
	Accumulating               // counts twice: INCR, LPUSH, LPOP, XADD
	Admin                      // administers the server: CONFIG SET, CLUSTER FAILOVER
	Never                      // EXEC, scripts unless declared, unknown commands
)

var safetyNames = [...]string{
	"unrated", "connection", "read-only", "checked", "last-wins", "accumulating", "admin", "never",
}

// String is the name of the rung: "last-wins".
func (s Safety) String() string { return safetyNames[min(s, Never)] }
