package errs

// Row is what the table knows of a kind. The rows are the source of
// docs/errors.md and of what "redoubt explain" prints; every field but Code is
// filled for every kind.
type Row struct {
	Kind    Kind
	Class   Class
	Name    string // of the constant: "ReadOnly"
	Phrase  string // in error texts: "the node is a read-only replica"
	Code    string // E-code of the cachekit family: "E011"; "" if it has none
	Meaning string // what the kind says, in a sentence or two
	Example string // an error line as sent, from its "-" on, or else a situation
	Cause   string // the usual cause
	Action  string // what to do
}

// Row returns the row of the kind; the zero Row for an invalid kind.
func (k Kind) Row() Row {
	if !k.Valid() {
		return Row{}
	}
	return table[k]
}

// CachekitCode is the E-code of the cachekit family for the kind ("E011"), or
// "". Several kinds share a code where cachekit tells less apart.
func (k Kind) CachekitCode() string {
	if !k.Valid() {
		return ""
	}
	return table[k].Code
}

// sections holds the rows as they are written, class by class.
var sections = [classes][]Row{
	Redirect:     redirectRows,
	ClusterState: clusterStateRows,
	ServerState:  serverStateRows,
	Auth:         authRows,
	Permission:   permissionRows,
	Script:       scriptRows,
	Tx:           txRows,
	Command:      commandRows,
	Stream:       streamRows,
	Durability:   durabilityRows,
	Transport:    transportRows,
	Timeout:      timeoutRows,
	Resilience:   resilienceRows,
	Lifecycle:    lifecycleRows,
	Sentinel:     sentinelRows,
	PubSub:       pubSubRows,
	Lock:         lockRows,
	Cache:        cacheRows,
	Config:       configRows,
	Usage:        usageRows,
	Decode:       decodeRows,
}

// table is sections by kind, made once. The class of a row is its section's.
var table = func() (t [kinds]Row) {
	for class, rows := range sections {
		for _, row := range rows {
			row.Class = Class(class)
			t[row.Kind] = row
		}
	}
	return t
}()
