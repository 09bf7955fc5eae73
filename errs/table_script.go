package errs

var scriptRows = []Row{
	{
		Kind: NoScript, Name: "NoScript", Phrase: "the script is not cached on the node",
		Meaning: "EVALSHA names a digest that this node does not hold. Nothing was executed.",
		Example: "-NOSCRIPT No matching script. Please use EVAL.",
		Cause:   "A restart, a failover, SCRIPT FLUSH, another node of the cluster, or eviction of scripts loaded by EVAL.",
		Action:  "Usually nothing: package scripting loads the script and calls again.",
	},
	{
		Kind: ScriptFailed, Name: "ScriptFailed", Phrase: "the script failed",
		Meaning: "The script or function raised an error while it ran. What it wrote before stays written: there is no roll-back.",
		Example: "-ERR user_script:1: attempt to index local 'x' (a nil value) script: cf0efd7895bbde8aab6ffbb44ec6bca4, on @user_script:1.",
		Cause:   "A mistake in the script, or a command that it called and that failed.",
		Action:  "Read the script's line in the whole reply with Detail. Check what was written before repeating.",
	},
	{
		Kind: ScriptCompile, Name: "ScriptCompile", Phrase: "the script does not compile",
		Meaning: "The source of the script or library is not valid for its engine. Nothing was executed.",
		Example: "-ERR Error compiling script (new function): user_script:1: '=' expected near 'is'",
		Cause:   "A syntax error, an unknown engine or flag in the shebang line.",
		Action:  "Correct the source; the reply in Detail gives the line.",
	},
	{
		Kind: ScriptReadOnly, Name: "ScriptReadOnly", Phrase: "a read-only script tried to write",
		Meaning: "A script or function that was declared or called read-only tried to write, or one with writes was called by a _RO command.",
		Example: "-ERR Write commands are not allowed from read-only scripts. script: ro, on @user_function:3.",
		Cause:   "The no-writes flag, EVAL_RO, EVALSHA_RO or FCALL_RO on a script that writes.",
		Action:  "Call it with EVAL, EVALSHA or FCALL, or remove the write.",
	},
	{
		Kind: ScriptKilled, Name: "ScriptKilled", Phrase: "the script was killed",
		Meaning: "An operator stopped the script with SCRIPT KILL or FUNCTION KILL. It had written nothing, else it could not be killed.",
		Example: "-ERR Script killed by user with SCRIPT KILL. script: 7551d4b1e29515a0f7bc1d508091a611b9f36f26, on @user_script:1.",
		Cause:   "The script ran too long.",
		Action:  "Bound the script's work before it runs again. It is not retried.",
	},
	{
		Kind: NotBusy, Name: "NotBusy", Phrase: "no script is running",
		Meaning: "SCRIPT KILL or FUNCTION KILL found nothing to kill on this node.",
		Example: "-NOTBUSY No scripts in execution right now.",
		Cause:   "The script ended meanwhile, or runs on another node.",
		Action:  "Nothing, if the aim was that no script runs.",
	},
	{
		Kind: Unkillable, Name: "Unkillable", Phrase: "the script cannot be killed",
		Meaning: "The running script has written already, or came from the primary, so killing it would leave half of its work.",
		Example: "-UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
		Cause:   "SCRIPT KILL against a script that writes.",
		Action:  "Wait for its end. SHUTDOWN NOSAVE is the last resort and loses what was not saved.",
	},
	{
		Kind: FunctionNotFound, Name: "FunctionNotFound", Phrase: "the function is not loaded",
		Meaning: "FCALL names a function, or FUNCTION a library, that the node does not have. Nothing was executed.",
		Example: "-ERR Function not found",
		Cause:   "The library was never loaded on this node, was deleted or flushed, or a restart lost it.",
		Action:  "Load the library on every primary; a Library of package scripting does it by itself.",
	},
	{
		Kind: FunctionRefused, Name: "FunctionRefused", Phrase: "the library was refused",
		Meaning: "FUNCTION LOAD, RESTORE or DELETE was refused. Nothing was changed.",
		Example: "-ERR Library 'lib' already exists",
		Cause:   "The library or one of its functions exists, its metadata line is missing, or its registration failed.",
		Action:  "Load with REPLACE, or correct the library's header and names.",
	},
	{
		Kind: LibraryMissing, Name: "LibraryMissing", Phrase: "the library is missing and there is no code to load",
		Meaning: "A function was called through a library that is not on the node, and the caller gave no source to load it from. Nothing was executed.",
		Example: "a Library without source on a node where nobody loaded it",
		Cause:   "The deployment loads libraries elsewhere and missed this node.",
		Action:  "Give the Library its source, or load it with FUNCTION LOAD on every primary.",
	},
	{
		Kind: ScriptMisuse, Name: "ScriptMisuse", Phrase: "the script was called wrongly",
		Meaning: "EVAL, EVALSHA, FCALL or SCRIPT was called with arguments that do not fit together. Nothing was executed.",
		Example: "-ERR Number of keys can't be greater than number of args",
		Cause:   "A wrong number of keys, or a debugging option that does not apply.",
		Action:  "Correct the call; package scripting counts the keys itself.",
	},
}

var txRows = []Row{
	{
		Kind: ExecAbort, Name: "ExecAbort", Phrase: "the transaction was discarded",
		Meaning: "EXEC refused the transaction, because a command was refused while queueing or because of the server's state. Nothing of it was executed.",
		Example: "-EXECABORT Transaction discarded because of previous errors.",
		Cause:   "A wrong command inside MULTI, or a failover, loading, OOM and the like before EXEC.",
		Action:  "Look at the replies to the queued commands. When the server's state was the reason, the whole transaction may be run again.",
	},
	{
		Kind: WatchConflict, Name: "WatchConflict", Phrase: "a watched key was changed",
		Meaning: "EXEC answered nil: a key under WATCH was changed by somebody else. Nothing of the transaction was executed.",
		Example: "two clients that WATCH, read and increment the same key at once",
		Cause:   "Concurrent writers, as optimistic locking expects.",
		Action:  "Read again and repeat the whole transaction, with a bound on the number of tries.",
	},
	{
		Kind: TxMisuse, Name: "TxMisuse", Phrase: "the transaction command is out of place",
		Meaning: "MULTI, EXEC, DISCARD or WATCH came in the wrong order, or a command is not allowed inside MULTI.",
		Example: "-ERR EXEC without MULTI",
		Cause:   "A transaction on a shared connection, or one that was discarded by an error before.",
		Action:  "Run transactions on a dedicated connection or through DoMulti, from MULTI to EXEC in one batch.",
	},
}
