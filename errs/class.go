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

var classTexts = [classes]struct{ name, meaning string }{
	Redirect:     {"Redirect", "the key lives on another node"},
	ClusterState: {"ClusterState", "the cluster cannot serve these keys now, or not in this form"},
	ServerState:  {"ServerState", "the server cannot do it now"},
	Auth:         {"Auth", "who are you"},
	Permission:   {"Permission", "you may not"},
	Script:       {"Script", "a script or function failed, is missing or runs on"},
	Tx:           {"Tx", "transactions: MULTI, EXEC and WATCH"},
	Command:      {"Command", "the call or the stored data is wrong"},
	Stream:       {"Stream", "streams and consumer groups"},
	Durability:   {"Durability", "the write was applied, but less safely than wanted"},
	Transport:    {"Transport", "dialling and the connection"},
	Timeout:      {"Timeout", "time ran out"},
	Resilience:   {"Resilience", "refused by a policy of the client; nothing was sent"},
	Lifecycle:    {"Lifecycle", "the client is closed, or the caller went away"},
	Sentinel:     {"Sentinel", "discovery of the primary"},
	PubSub:       {"PubSub", "subscriptions and invalidations"},
	Lock:         {"Lock", "distributed locks"},
	Cache:        {"Cache", "the cache layer"},
	Config:       {"Config", "the configuration, found at construction"},
	Usage:        {"Usage", "the API was used in a way that cannot work"},
	Decode:       {"Decode", "the reply is not of the wanted type"},
}

// String is the name of the constant: "ServerState". An invalid class prints
// as "Class(n)".
func (c Class) String() string {
	if !c.Valid() {
		return "Class(" + strconv.Itoa(int(c)) + ")"
	}
	return classTexts[c].name
}

// Valid reports whether c is a class of this version of the package; 0 is not.
func (c Class) Valid() bool { return c > 0 && c < classes }

// Meaning says in a few words what the kinds of the class have in common; ""
// for an invalid class.
func (c Class) Meaning() string {
	if !c.Valid() {
		return ""
	}
	return classTexts[c].meaning
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
