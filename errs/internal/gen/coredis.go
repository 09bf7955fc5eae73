package main

import "github.com/redoubt-go/redoubt/errs"

// exception is an exception of coredis and what corresponds to it here.
type exception struct {
	name    string
	raised  string       // when coredis raises it
	kinds   []errs.Kind  // what the same failure is here
	classes []errs.Class // what a base class corresponds to
}

// coredisExceptions are the exceptions of coredis 4.14 to 5.7, whose names are
// still those that code in the field catches.
var coredisExceptions = []exception{
	{
		name: "AuthenticationFailureError", raised: "wrong user name or password",
		kinds: []errs.Kind{errs.WrongPass, errs.AuthRefused},
	},
	{
		name: "AuthenticationRequiredError", raised: "a password is needed",
		kinds: []errs.Kind{errs.NoAuth},
	},
	{
		name: "AuthorizationError", raised: "the ACL forbids the command, key or channel",
		kinds: []errs.Kind{errs.NoPerm},
	},
	{
		name: "AskError", raised: "a slot is being migrated",
		kinds: []errs.Kind{errs.Ask, errs.BadRedirect},
	},
	{
		name: "ClusterCrossSlotError", raised: "keys of several slots in one command",
		kinds: []errs.Kind{errs.CrossSlot},
	},
	{
		name: "ClusterDownError", raised: "the cluster does not serve the slot",
		kinds: []errs.Kind{errs.ClusterDown},
	},
	{
		name: "ClusterError", raised: "the attempts were used up by redirects and TRYAGAIN",
		kinds: []errs.Kind{errs.RedirectLoop, errs.TryAgain},
	},
	{
		name: "ClusterResponseError", raised: "nodes of a fan-out answered differently",
		kinds: []errs.Kind{errs.FanoutFailed},
	},
	{
		name: "ClusterRoutingError", raised: "no node could be chosen for the command",
		kinds: []errs.Kind{errs.NoSlot, errs.UnknownTarget, errs.Misuse},
	},
	{
		name: "ClusterTransactionError", raised: "a transaction over several slots",
		kinds: []errs.Kind{errs.ClusterTransaction},
	},
	{
		name: "MovedError", raised: "the slot belongs to another node",
		kinds: []errs.Kind{errs.Moved, errs.BadRedirect},
	},
	{
		name: "RedisClusterException", raised: "no seed is reachable, slots are not covered; base of the cluster errors",
		kinds:   []errs.Kind{errs.TopologyFailed, errs.NoSlot},
		classes: []errs.Class{errs.Redirect, errs.ClusterState},
	},
	{
		name: "TryAgainError", raised: "a multi-key command during a slot migration",
		kinds: []errs.Kind{errs.TryAgain},
	},
	{
		name: "PrimaryNotFoundError", raised: "no sentinel named a primary",
		kinds: []errs.Kind{errs.PrimaryNotFound, errs.SentinelDown},
	},
	{
		name: "ReplicaNotFoundError", raised: "no live replica",
		kinds: []errs.Kind{errs.ReplicaNotFound},
	},
	{
		name: "NoScriptError", raised: "EVALSHA of an unknown digest",
		kinds: []errs.Kind{errs.NoScript},
	},
	{
		name: "FunctionError", raised: "a library is absent and there is no code to load",
		kinds: []errs.Kind{errs.LibraryMissing, errs.FunctionNotFound},
	},
	{
		name: "NotBusyError", raised: "nothing to kill",
		kinds: []errs.Kind{errs.NotBusy},
	},
	{
		name: "StreamConsumerInitializationError", raised: "a group is missing and may not be created",
		kinds: []errs.Kind{errs.StreamConsumerInit},
	},
	{
		name: "StreamDuplicateConsumerGroupError", raised: "the consumer group exists",
		kinds: []errs.Kind{errs.BusyGroup},
	},
	{
		name: "BusyLoadingError", raised: "the dataset is being loaded",
		kinds: []errs.Kind{errs.Loading},
	},
	{
		name: "CommandSyntaxError", raised: "options that do not go together, before sending",
		kinds: []errs.Kind{errs.Syntax, errs.WrongArity, errs.Misuse},
	},
	{
		name: "CommandNotSupportedError", raised: "the server is too old for the command",
		kinds: []errs.Kind{errs.NotSupported, errs.UnknownCommand},
	},
	{
		name: "ModuleCommandNotSupportedError", raised: "a module is missing or too old",
		kinds: []errs.Kind{errs.ModuleMissing},
	},
	{
		name: "ConnectionError", raised: "no connection, or a lost one",
		kinds:   []errs.Kind{errs.DialRefused, errs.DialFailed, errs.DialTimeout, errs.DNS, errs.TLS, errs.Handshake, errs.ConnLost, errs.StaleConn, errs.MaxClients},
		classes: []errs.Class{errs.Transport},
	},
	{
		name: "DataError", raised: "an argument that cannot be sent, or a reply without expiry",
		kinds: []errs.Kind{errs.BadArgument, errs.BadValue, errs.Misuse},
	},
	{
		name: "ExecAbortError", raised: "EXEC discarded the transaction",
		kinds: []errs.Kind{errs.ExecAbort},
	},
	{
		name: "InvalidResponse", raised: "the reply is not RESP",
		kinds: []errs.Kind{errs.Protocol},
	},
	{
		name: "LockError", raised: "every fault of a lock; base of the lock errors",
		kinds:   []errs.Kind{errs.LockNotAcquired, errs.LockBusy, errs.LockNotHeld, errs.LockLost, errs.BadOption},
		classes: []errs.Class{errs.Lock},
	},
	{
		name: "NoKeyError", raised: "the key does not exist",
		kinds: []errs.Kind{errs.NoSuchKey},
	},
	{
		name: "PersistenceError", raised: "WAITAOF fell short, after the write",
		kinds: []errs.Kind{errs.PersistenceShort},
	},
	{
		name: "PubSubError", raised: "an unknown push message, or no node for a shard channel",
		kinds: []errs.Kind{errs.Protocol, errs.SubscriptionLost, errs.NoSlot},
	},
	{
		name: "ReadOnlyError", raised: "a write on a replica",
		kinds: []errs.Kind{errs.ReadOnly, errs.NotPrimary},
	},
	{
		name: "RedisError", raised: "base of all: here *errs.Error",
		kinds:   []errs.Kind{errs.CommandRefused, errs.UnknownReply},
		classes: errs.Classes(),
	},
	{
		name: "ReplicationError", raised: "WAIT fell short, after the write",
		kinds: []errs.Kind{errs.ReplicationShort},
	},
	{
		name: "ResponseError", raised: "any error reply without a class of its own",
		kinds: []errs.Kind{
			errs.CommandRefused, errs.UnknownReply, errs.OOM, errs.Misconf, errs.NoReplicas, errs.MasterDown, errs.Busy,
			errs.Unkillable, errs.BusyKey, errs.ScriptFailed, errs.WrongArity, errs.BadArgument,
		},
		classes: []errs.Class{errs.ServerState, errs.Script, errs.Command, errs.Stream},
	},
	{
		name: "TimeoutError", raised: "no reply or no free connection in time",
		kinds:   []errs.Kind{errs.IOTimeout, errs.PoolWait, errs.Deadline},
		classes: []errs.Class{errs.Timeout},
	},
	{
		name: "UnblockedError", raised: "a blocking command was ended",
		kinds: []errs.Kind{errs.Unblocked, errs.UnblockedByHand, errs.StreamKeyGone},
	},
	{
		name: "WatchError", raised: "a watched key changed, or the connection was lost while watching",
		kinds: []errs.Kind{errs.WatchConflict, errs.TxMisuse, errs.ConnLost},
	},
}

// coredisNewer are the exceptions that later versions of coredis added.
var coredisNewer = []exception{
	{
		name: "ProtocolError", raised: "the protocol version is not supported",
		kinds: []errs.Kind{errs.NoProto},
	},
	{
		name: "WrongTypeError", raised: "the key holds another type",
		kinds: []errs.Kind{errs.WrongType},
	},
	{
		name: "UnknownCommandError", raised: "an unknown command or sub-command",
		kinds: []errs.Kind{errs.UnknownCommand, errs.UnknownSubcommand},
	},
	{
		name: "AuthenticationError", raised: "base of the authentication errors",
		kinds:   []errs.Kind{errs.WrongPass, errs.NoAuth, errs.AuthRefused, errs.AuthUnset},
		classes: []errs.Class{errs.Auth},
	},
	{
		name: "RedisClusterError", raised: "base of the cluster errors; RedisClusterException is its older name",
		kinds:   []errs.Kind{errs.TopologyFailed, errs.NoSlot},
		classes: []errs.Class{errs.Redirect, errs.ClusterState},
	},
	{
		name: "SentinelError", raised: "base of the sentinel errors",
		kinds:   []errs.Kind{errs.PrimaryNotFound, errs.ReplicaNotFound, errs.StalePrimary, errs.SentinelDown},
		classes: []errs.Class{errs.Sentinel},
	},
	{
		name: "StalePrimaryError", raised: "the announced primary is not one",
		kinds: []errs.Kind{errs.StalePrimary},
	},
	{
		name: "StreamConsumerError", raised: "base of the stream errors",
		kinds:   []errs.Kind{errs.NoGroup, errs.BusyGroup, errs.StreamConsumerInit},
		classes: []errs.Class{errs.Stream},
	},
	{
		name: "StreamConsumerGroupError", raised: "the consumer group does not exist",
		kinds: []errs.Kind{errs.NoGroup},
	},
	{
		name: "LockAcquisitionError", raised: "the lock was not obtained",
		kinds: []errs.Kind{errs.LockNotAcquired, errs.LockBusy},
	},
	{
		name: "LockReleaseError", raised: "the lock to release is not held",
		kinds: []errs.Kind{errs.LockNotHeld},
	},
	{
		name: "LockExtensionError", raised: "the lock to extend is not held",
		kinds: []errs.Kind{errs.LockNotHeld, errs.LockLost},
	},
	{
		name: "RequiredParameterError", raised: "a needed argument is missing, before sending",
		kinds: []errs.Kind{errs.Misuse, errs.WrongArity},
	},
	{
		name: "MutuallyExclusiveParametersError", raised: "arguments that exclude each other, before sending",
		kinds: []errs.Kind{errs.Misuse, errs.Syntax},
	},
	{
		name: "MutuallyInclusiveParametersMissing", raised: "arguments that need each other, before sending",
		kinds: []errs.Kind{errs.Misuse, errs.Syntax},
	},
}
