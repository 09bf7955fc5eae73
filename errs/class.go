package errs

import "strconv"

// Class is a branch of the taxonomy: a group of kinds that callers treat
// alike. It is an error, so errors.Is(err, errs.Transport) asks for the whole
// branch. The zero value is not a class.
type Class uint8

const (
	_            Class = iota
	Redirect           // the key lives on another node
	ClusterState       // the cluster cannot serve these keys now, or not in this form
	ServerState        // the server cannot do it now
	Auth               // who are you
	Permission         // you may not
	Script             // a script or function failed, is missing or runs on
	Tx                 // MULTI, EXEC and WATCH
	Command            // the call or the stored data is wrong
	Stream             // streams and consumer groups
	Durability         // applied, but less safely than wanted
	Transport          // dialling and the connection
	Timeout            // time ran out; Timeout() is true
	Resilience         // refused by a policy of the client, nothing was sent
	Lifecycle          // the client is closed or the caller went away
	Sentinel           // discovery of the primary
	PubSub             // subscriptions and invalidations
	Lock               // distributed locks
	Cache              // the cache layer
	Config             // found at construction
	Usage              // the API was used in a way that cannot work
	Decode             // the reply is not of the wanted type

	classes // the number of classes, with the zero that is none
)

var classNames = [classes]string{
	Redirect: "Redirect", ClusterState: "ClusterState", ServerState: "ServerState",
	Auth: "Auth", Permission: "Permission", Script: "Script", Tx: "Tx",
	Command: "Command", Stream: "Stream", Durability: "Durability",
	Transport: "Transport", Timeout: "Timeout", Resilience: "Resilience",
	Lifecycle: "Lifecycle", Sentinel: "Sentinel", PubSub: "PubSub", Lock: "Lock",
	Cache: "Cache", Config: "Config", Usage: "Usage", Decode: "Decode",
}

// String is the name of the constant: "ServerState". An invalid class prints
// as "Class(n)".
func (c Class) String() string {
	if c == 0 || c >= classes {
		return "Class(" + strconv.Itoa(int(c)) + ")"
	}
	return classNames[c]
}

// Error makes a Class a target for errors.Is.
func (c Class) Error() string { return "class " + c.String() }

// Classes returns every class in the order of the taxonomy.
func Classes() []Class {
	all := make([]Class, 0, classes-1)
	for c := Class(1); c < classes; c++ {
		all = append(all, c)
	}
	return all
}
