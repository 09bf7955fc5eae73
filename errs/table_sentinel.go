package errs

var sentinelRows = []Row{
	{
		Kind: PrimaryNotFound, Name: "PrimaryNotFound", Phrase: "no sentinel knows the primary",
		Meaning: "Sentinels answered, but none knows a primary of that name. Nothing was sent to a server.",
		Example: "-ERR No such master with that name",
		Cause:   "A wrong name of the primary, or sentinels that do not monitor it yet.",
		Action:  "Compare the configured name with SENTINEL MASTERS.",
	},
	{
		Kind: ReplicaNotFound, Name: "ReplicaNotFound", Phrase: "no replica is usable",
		Meaning: "A read was to go to a replica, and sentinel knows none that is up. Nothing was sent.",
		Example: "replica-only reads while the only replica is being restarted",
		Cause:   "Replicas are down, disconnected or not announced.",
		Action:  "Bring replicas back, or allow reads to fall back to the primary.",
	},
	{
		Kind: StalePrimary, Name: "StalePrimary", Phrase: "the announced primary is not a primary",
		Meaning: "The node that a sentinel announced says by ROLE that it is not the primary. It is not used.",
		Example: "a sentinel that has not heard of the failover yet",
		Cause:   "A failover has just happened, or a sentinel is partitioned off.",
		Action:  "Usually nothing: the sentinels are asked again. If it stays, compare the sentinels' views.",
	},
	{
		Kind: SentinelDown, Name: "SentinelDown", Phrase: "no sentinel answers",
		Meaning: "None of the known sentinels could be asked. The cause holds the failure of each. Nothing was sent to a server.",
		Example: "every sentinel address refuses connections",
		Cause:   "Wrong addresses, a partition, or sentinel credentials or TLS that differ from the server's.",
		Action:  "Check addresses, and the credentials and TLS settings of the sentinels.",
	},
	{
		Kind: NoGoodReplica, Name: "NoGoodReplica", Phrase: "no replica can be promoted",
		Meaning: "Sentinel was asked for a failover and finds no replica fit for it. Nothing was changed.",
		Example: "-NOGOODSLAVE No suitable replica to promote",
		Cause:   "Replicas are down, too far behind, or have priority 0.",
		Action:  "Check SENTINEL REPLICAS and replica-priority.",
	},
	{
		Kind: NoQuorum, Name: "NoQuorum", Phrase: "too few sentinels for a failover",
		Meaning: "The sentinels that are reachable cannot agree on or authorise a failover.",
		Example: "-NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this master. Not enough available Sentinels to reach the majority and authorize a failover",
		Cause:   "Sentinels are down or partitioned off, or the quorum is higher than their number.",
		Action:  "Bring sentinels back; run at least three on different hosts.",
	},
	{
		Kind: FailoverInProgress, Name: "FailoverInProgress", Phrase: "a failover is already running",
		Meaning: "A failover was asked for while one is running. Nothing was changed.",
		Example: "-INPROG Failover already in progress",
		Cause:   "Sentinel acted by itself, or two operators did.",
		Action:  "Wait for the running one.",
	},
	{
		Kind: SentinelRefused, Name: "SentinelRefused", Phrase: "the sentinel command was refused",
		Meaning: "A SENTINEL sub-command was refused. Nothing was changed.",
		Example: "-ERR Duplicate master name.",
		Cause:   "An option, name or address that the sentinel does not accept.",
		Action:  "Read the whole reply with Detail and correct the call.",
	},
}

var pubSubRows = []Row{
	{
		Kind: SubscriberMode, Name: "SubscriberMode", Phrase: "the connection is in subscriber mode",
		Meaning: "A RESP2 connection with subscriptions accepts only subscribe commands, PING and QUIT. Nothing was executed.",
		Example: "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
		Cause:   "Subscribe and other commands on one dedicated RESP2 connection.",
		Action:  "Use another connection for commands, or RESP3.",
	},
	{
		Kind: NoSubscription, Name: "NoSubscription", Phrase: "there is no subscription to end",
		Meaning: "UNSUBSCRIBE was sent on a connection without subscriptions. Nothing was changed.",
		Example: "-NOSUB 'unsubscribe' command executed not in subscribed mode",
		Cause:   "Valkey 8.0.0 and 8.0.1 answer so, where others answer with success.",
		Action:  "Nothing.",
	},
	{
		Kind: SubscriptionLost, Name: "SubscriptionLost", Phrase: "the subscription was lost",
		Meaning: "A subscription ended without the caller's will. Messages published meanwhile are lost.",
		Example: "a slot with sharded channels that moves to another node",
		Cause:   "A lost connection, a moved slot, or a change of the user's rights.",
		Action:  "Subscribe again and read the current state anew: pub/sub keeps no messages.",
	},
	{
		Kind: TrackingLost, Name: "TrackingLost", Phrase: "invalidations may have been missed",
		Meaning: "The stream of invalidations was interrupted, so locally cached values may be stale.",
		Example: "the connection that receives invalidations is killed",
		Cause:   "A lost connection, or a server that ran over its tracking table or output buffer limit.",
		Action:  "Usually nothing: what is cached locally is checked again before it is used.",
	},
}
