package errs

import (
	"strconv"
	"strings"
)

// Kind says what failed. It is a small integer and an error, as syscall.Errno
// is, so a kind is a target for errors.Is that nobody can reassign:
//
//	if errors.Is(err, errs.ReadOnly) { ... }
//
// The zero value is not a kind. The row of each kind in the table gives its
// class, meaning, usual cause and what to do; docs/errors.md is made from it.
type Kind uint8

// The kinds, class by class.
const (
	_ Kind = iota

	// Class Redirect: the key lives on another node.

	Moved        // MOVED: the slot belongs to another node
	Ask          // ASK: this one command must go to the importing node
	RedirectTo   // REDIRECT (Valkey): the primary is at another address
	BadRedirect  // MOVED, ASK or REDIRECT whose target cannot be used
	RedirectLoop // more redirects than the hop budget allows

	// Class ClusterState: the cluster cannot serve these keys now, or not in
	// this form.

	ClusterDown        // CLUSTERDOWN
	TryAgain           // TRYAGAIN: a multi-key command met a slot in migration
	NoSlot             // no node is known for the slot
	UnknownTarget      // a redirect names a node outside the known topology
	TopologyFailed     // no seed gave a usable topology
	CrossSlot          // CROSSSLOT, or found before sending
	ClusterTransaction // a transaction spans slots
	ClusterDisabled    // the server does not run in cluster mode
	ClusterRefused     // the command or option is not allowed in cluster mode
	ClusterAdmin       // a CLUSTER sub-command was refused
	NonLocalKey        // a script reached for a key of another node
	FanoutFailed       // a command over several nodes failed on some of them

	// Class ServerState: the server is not able to do it now.

	Loading         // LOADING: the dataset is being read into memory
	ReadOnly        // READONLY: the node is a replica
	NotPrimary      // an ERR text that means: this node is not the primary any more
	MasterDown      // MASTERDOWN: a replica without its primary serves no stale data
	Busy            // BUSY: a script or module command runs too long
	OOM             // OOM: maxmemory is reached
	Misconf         // MISCONF: persistence fails, so writes are refused
	NoReplicas      // NOREPLICAS: too few good replicas for a write
	MaxClients      // the server has no room for another connection
	Unblocked       // UNBLOCKED by a change of role under a blocked command
	UnblockedByHand // UNBLOCKED by CLIENT UNBLOCK
	InProgress      // a save, rewrite, failover or migration is already going on
	NotReady        // NOTREADY, NOMASTERLINK: a part of the server is not there yet
	PersistFailed   // a save, rewrite or file operation failed
	ServerFault     // the server met an internal error
	ProxyFailed     // a proxy or service in between has no upstream or failed

	// Class Auth: who are you.

	NoAuth      // NOAUTH: authentication is required
	WrongPass   // WRONGPASS, or an older text for the same
	AuthRefused // AUTH was refused for another reason
	AuthUnset   // AUTH was sent, but the server has no password
	NoProto     // NOPROTO, or HELLO is unknown
	CredsFailed // the user's credentials function failed

	// Class Permission: you may not.

	NoPerm        // NOPERM, or an ACL failure inside a script
	Denied        // DENIED: protected mode
	CommandLocked // the server forbids the command by configuration

	// Class Script.

	NoScript         // NOSCRIPT: the script is not cached on this node
	ScriptFailed     // the script raised an error
	ScriptCompile    // the script does not compile
	ScriptReadOnly   // a write in a script or call declared read-only
	ScriptKilled     // killed by SCRIPT KILL or FUNCTION KILL
	NotBusy          // NOTBUSY: nothing to kill
	Unkillable       // UNKILLABLE: the script has written already
	FunctionNotFound // FCALL of an unknown function
	FunctionRefused  // FUNCTION LOAD, RESTORE or DELETE was refused
	LibraryMissing   // a library is not loaded and there is no code to load
	ScriptMisuse     // EVAL was called wrongly

	// Class Tx.

	ExecAbort     // EXECABORT: nothing of the transaction was executed
	WatchConflict // EXEC answered nil: a watched key changed
	TxMisuse      // MULTI, EXEC, DISCARD or WATCH in the wrong place

	// Class Command: the call or the data is wrong.

	WrongType         // WRONGTYPE: the key holds another type
	Syntax            // syntax error or unknown option
	WrongArity        // wrong number of arguments
	UnknownCommand    // the server does not know the command
	UnknownSubcommand // the server does not know the sub-command
	BadArgument       // an argument is out of range or has the wrong form
	BadValue          // the stored value does not allow the operation
	NoSuchKey         // the key, field, index or member does not exist
	BusyKey           // BUSYKEY, or the target exists already
	TooLarge          // the result or argument would be too large
	BadPayload        // RESTORE or a module got data it cannot read
	ConfigRefused     // CONFIG SET and the like were refused
	AdminRefused      // an administrative command was refused
	ReplicationFault  // a replication command was refused
	MigrateFailed     // MIGRATE failed on the way or at the target
	NotSupported      // the server is too old, or the feature is switched off
	ModuleMissing     // a module is not loaded
	ModuleFailed      // a module refused the call
	CommandRefused    // an ERR text that fits no other kind
	UnknownReply      // an error code that nobody knows

	// Class Stream.

	BusyGroup          // BUSYGROUP: the consumer group exists
	NoGroup            // NOGROUP: the consumer group does not exist
	StreamKeyGone      // UNBLOCKED: the stream key no longer exists
	StreamID           // an entry id is invalid or not greater than the last
	StreamConsumerInit // a consumer could not be set up

	// Class Durability: the write was applied, but not as safely as wanted.

	ReplicationShort // WAIT: fewer replicas acknowledged than wanted
	PersistenceShort // WAITAOF: fewer fsyncs than wanted

	// Class Transport.

	DialRefused    // nobody listens at the address
	DialFailed     // the connection could not be made for another reason
	DNS            // the name could not be resolved
	TLS            // the TLS handshake failed
	Handshake      // the server refused HELLO, SELECT, CLIENT ...
	ConnLost       // the connection broke under the command
	StaleConn      // an idle connection turned out dead before the write
	ConnRetired    // the connection was retired on purpose before the write
	ConnExpired    // the connection reached its lifetime
	Protocol       // the peer does not speak RESP, or replies do not match
	ForeignContext // somebody else's context ended a shared dial or flight
	Unclassified   // an error of unknown origin

	// Class Timeout.

	DialTimeout // no connection within the dial timeout
	IOTimeout   // no answer within the connection's timeout
	PoolWait    // no free connection in time
	Deadline    // the caller's own deadline passed

	// Class Resilience: we did not even try.

	BreakerOpen  // the circuit breaker of the node is open
	BulkheadFull // too many dedicated, blocking and stream users

	// Class Lifecycle.

	Closed   // the client is closed
	Canceled // the caller's own context was canceled

	// Class Sentinel.

	PrimaryNotFound    // no sentinel knows a primary of that name
	ReplicaNotFound    // no replica is usable
	StalePrimary       // a node announced as primary says that it is not
	SentinelDown       // no sentinel answers
	NoGoodReplica      // NOGOODSLAVE: sentinel finds no replica to promote
	NoQuorum           // NOQUORUM: too few sentinels for a failover
	FailoverInProgress // INPROG: a failover is already going on
	SentinelRefused    // a SENTINEL sub-command was refused

	// Class PubSub.

	SubscriberMode   // the connection is subscribed: only subscribe commands
	NoSubscription   // NOSUB: nothing to unsubscribe
	SubscriptionLost // a subscription ended without being asked to
	TrackingLost     // invalidations may have been missed

	// Class Lock.

	LockNotAcquired // somebody else holds the lock
	LockLost        // a held lock was lost
	LockNotHeld     // release or extension of a lock that is not ours
	LockBusy        // waiting for the lock took too long

	// Class Cache.

	SerializeFailed     // a value could not be encoded
	SerializerMismatch  // an entry was written by another serializer
	EntryCorrupt        // an entry failed its checksum or its format
	DecryptFailed       // an entry failed authentication
	UnknownKey          // an entry was sealed with a key outside the keyring
	TenantMismatch      // an entry belongs to another tenant
	NonceExhausted      // a key has sealed as much as it may
	InteropRejected     // a value is outside the interop model
	EntryTooLarge       // an entry is over the limit
	KeyRejected         // a cache key is not allowed
	NegativeHit         // the absence of the value is cached
	LoaderFailed        // the loader returned an error
	LoaderPanicked      // the loader panicked or ended its goroutine
	LoaderTimeout       // the loader took too long
	LoaderRejected      // too many loads are running
	Reentrant           // a loader asked for the key that it loads
	InvalidationPending // an invalidation waits in the journal
	InvalidationLost    // an invalidation could not be kept
	CacheAborted        // a client-side cache flight was abandoned
	BackendAuth         // a cache backend refused the credentials
	BackendLimited      // a cache backend limits the rate
	BackendFault        // a cache backend failed
	BackendRefused      // a cache backend refused the request
	BackendTimeout      // a cache backend did not answer in time
	BackendDown         // a cache backend cannot be reached

	// Class Config: found at construction.

	BadOption           // an option is invalid or contradicts another
	BadURL              // a connection URL is invalid
	BadEnvironment      // an environment variable is invalid or misspelt
	NoBackend           // no backend is configured
	MasterKeyMissing    // encryption is on and there is no key
	MasterKeyInvalid    // the key is not hex or is too short
	TopologyUnsupported // the topology is not supported by this client
	TrackingUnsupported // the server has no client-side caching

	// Class Usage.

	Misuse // the caller used the API in a way that cannot work

	// Class Decode.

	DecodeFailed // the reply is fine, but not of the wanted type

	kinds // the number of kinds, with the zero that is none
)

// String is the name of the constant: "ReadOnly". An invalid kind prints as
// "Kind(n)".
func (k Kind) String() string {
	if !k.Valid() {
		return "Kind(" + strconv.Itoa(int(k)) + ")"
	}
	return table[k].Name
}

// Label is the stable snake_case name for metrics and logs: "read_only".
func (k Kind) Label() string {
	if !k.Valid() {
		return "none"
	}
	return labels[k]
}

// Error is the phrase of the kind; it makes a Kind a target for errors.Is, and
// is what package fmt prints of it.
func (k Kind) Error() string {
	if !k.Valid() {
		return k.String()
	}
	return table[k].Phrase
}

// Class is the branch of the taxonomy that the kind belongs to; 0 for an
// invalid kind.
func (k Kind) Class() Class {
	if !k.Valid() {
		return 0
	}
	return table[k].Class
}

// Is makes errors.Is(kind, class) true for the kind's own class.
func (k Kind) Is(target error) bool {
	c, ok := target.(Class)
	return ok && k.Valid() && c == table[k].Class
}

// Valid reports whether k is a kind of this version of the package; 0 is not.
func (k Kind) Valid() bool { return k > 0 && k < kinds }

// Kinds returns every kind in the order of the taxonomy.
func Kinds() []Kind {
	all := make([]Kind, 0, kinds-1)
	for k := Kind(1); k < kinds; k++ {
		all = append(all, k)
	}
	return all
}

// KindNamed finds a kind by the name of its constant, as String prints it.
func KindNamed(name string) (Kind, bool) {
	for k := Kind(1); k < kinds; k++ {
		if table[k].Name == name {
			return k, true
		}
	}
	return 0, false
}

// labels holds the snake_case form of every name, made once.
var labels = func() (l [kinds]string) {
	for k := Kind(1); k < kinds; k++ {
		l[k] = snake(table[k].Name)
	}
	return l
}()

// snake turns "DialRefused" into "dial_refused" and "OOM" into "oom".
func snake(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if upper(c) {
			if i > 0 && (!upper(name[i-1]) || i+1 < len(name) && !upper(name[i+1])) {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }
