package classify

import "github.com/redoubt-go/redoubt/errs"

// openings are the beginnings of texts that servers send behind ERR or without
// a code. The first that matches wins, so the longer of two stands first.
var openings = index([]rule{
	// Connection and authentication.
	{"max number of clients", errs.MaxClients, 0},
	{"maximum number of clients", errs.MaxClients, 0},
	{"max concurrent connections", errs.MaxClients, 0},
	{"too many connections", errs.MaxClients, 0},
	{"max client buffer reached", errs.ScriptFailed, 0},
	{"max request size exceeded", errs.TooLarge, 0},
	{"max daily request limit", errs.ProxyFailed, errs.NotReady},
	{"max requests limit", errs.ProxyFailed, errs.NotReady},
	{"protocol error: unauthenticated", errs.Protocol, errs.NoAuth},
	{"protocol error", errs.Protocol, errs.MaxClients},
	{"invalid password", errs.WrongPass, 0},
	{"invalid username-password", errs.WrongPass, 0},
	{"client sent auth, but no password", errs.AuthUnset, 0},
	{"auth <password> called without", errs.AuthUnset, 0},
	{"auth denied", errs.AuthRefused, 0},
	{"auth failed", errs.AuthRefused, 0},
	{"authentication failed", errs.AuthRefused, 0},
	{"operation not permitted", errs.NoAuth, 0}, // before 2.8
	{"authentication required", errs.NoAuth, 0},
	{"unauthenticated", errs.NoAuth, 0},

	// The command itself.
	{"unknown command called from", errs.ScriptFailed, 0},
	{"unknown redis command called from", errs.ScriptFailed, 0},
	{"unknown command `hello`", errs.NoProto, 0},
	{"unknown command 'hello'", errs.NoProto, 0},
	{"unknown command", errs.UnknownCommand, 0},
	{"unsupported command", errs.UnknownCommand, 0},
	{"unknown subcommand", errs.UnknownSubcommand, 0},
	{"unknown sub-command", errs.UnknownSubcommand, 0},
	{"wrong number of args calling", errs.ScriptFailed, 0},
	{"wrong number or type of arguments", errs.ScriptFailed, 0},
	{"wrong number of", errs.WrongArity, 0},
	{"syntax error", errs.Syntax, 0},
	{"command is not available", errs.CommandLocked, 0},
	{"command not supported", errs.NotSupported, 0},
	{"command is disabled", errs.CommandLocked, 0},
	{"command not available", errs.CommandLocked, 0},
	{"can't execute '", errs.SubscriberMode, 0},
	{"only (p", errs.SubscriberMode, 0},

	// Transactions.
	{"command not allowed inside a transaction", errs.TxMisuse, 0},
	{"exec without multi", errs.TxMisuse, 0},
	{"discard without multi", errs.TxMisuse, 0},
	{"watch inside multi", errs.TxMisuse, 0},
	{"multi calls can not be nested", errs.TxMisuse, 0},
	{"multi calls can't be nested", errs.TxMisuse, 0},

	// Roles and states.
	{"you can't write against a read only", errs.ReadOnly, 0},
	{"can't write against a read only", errs.ReadOnly, 0},
	{"can not execute the command on a stale replica", errs.MasterDown, 0},
	{"out of memory", errs.OOM, 0},
	{"database is locked", errs.NotReady, 0},
	{"io error when reading", errs.NotReady, 0},
	{"bgsave failed, replication", errs.NotReady, 0},
	{"command is not valid when client is a replica", errs.ReplicationFault, 0},
	{"replica can't interact", errs.ReplicationFault, 0},
	{"psync", errs.ReplicationFault, 0},
	{"unrecognized replconf", errs.ReplicationFault, 0},
	{"replconf", errs.ReplicationFault, 0},
	{"target instance replied with error", errs.MigrateFailed, errs.NonLocalKey},

	// Cluster.
	{"this instance has cluster support disabled", errs.ClusterDisabled, 0},
	{"script attempted to access a non local key", errs.NonLocalKey, 0},
	{"lua script attempted to access a non local key", errs.NonLocalKey, 0},
	{"attempted to access a non local key", errs.NonLocalKey, 0},
	{"script attempted to access keys that", errs.NonLocalKey, 0},
	{"script attempted to access a slot", errs.NonLocalKey, 0},
	{"script attempted to execute a", errs.ClusterDown, errs.NonLocalKey},
	{"i don't know about node", errs.ClusterAdmin, errs.NotReady},
	{"unknown node", errs.ClusterAdmin, errs.NotReady},
	{"you should send cluster failover to a replica", errs.ClusterAdmin, errs.NotPrimary},
	{"slots are not served by this node", errs.ClusterAdmin, errs.NotPrimary},
	{"i'm a replica but my master is unknown", errs.ClusterAdmin, errs.NotReady},
	{"i'm already the owner", errs.ClusterAdmin, 0},
	{"i am already migrating", errs.ClusterAdmin, 0},
	{"slots are being", errs.ClusterAdmin, errs.InProgress},
	{"slot ", errs.ClusterAdmin, 0},

	// Scripts and functions.
	{"error compiling script", errs.ScriptCompile, 0},
	{"error compiling function", errs.FunctionRefused, 0},
	{"error registering functions", errs.FunctionRefused, 0},
	{"error running script", errs.ScriptFailed, 0},
	{"script killed by user", errs.ScriptKilled, 0},
	{"function not found", errs.FunctionNotFound, 0},
	{"write commands are not allowed from read-only scripts", errs.ScriptReadOnly, 0},
	{"can not execute a script with write flag", errs.ScriptReadOnly, 0},
	{"can not run script on cluster", errs.ClusterRefused, 0},
	{"acl failure in script", errs.NoPerm, errs.ScriptFailed},
	{"the user executing the script", errs.NoPerm, errs.ScriptFailed},
	{"script tried accessing undeclared key", errs.ScriptFailed, 0},
	{"please specify at least one argument for this", errs.ScriptFailed, 0},
	{"lua redis lib", errs.ScriptFailed, 0},

	// Proxies.
	{"upstream failure", errs.ProxyFailed, 0},
	{"no upstream host", errs.ProxyFailed, errs.NotReady},
	{"finished with ", errs.FanoutFailed, errs.ScriptFailed},
	{"invalid request", errs.CommandRefused, 0},
	{"timeout limit was reached", errs.ModuleFailed, errs.NotReady},

	// Sentinel.
	{"no such master with that name", errs.PrimaryNotFound, 0},
	{"no such primary with that name", errs.PrimaryNotFound, 0},
})

// phrases are looked for at the beginning of every word. They are general:
// the shape of a sentence, whatever its subject.
var phrases = index([]rule{
	{"in progress", errs.InProgress, 0},
	{"with replica instances", errs.NotPrimary, 0},
	{"only with masters", errs.NotPrimary, 0},
})
