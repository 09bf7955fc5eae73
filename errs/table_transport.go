package errs

var transportRows = []Row{
	{
		Kind: DialRefused, Name: "DialRefused", Phrase: "connection refused", Code: "E010",
		Meaning: "Nobody listens at the address. Nothing was sent.",
		Example: "a GET against 127.0.0.1:1, where nothing listens",
		Cause:   "The server is down or restarting, or the port is wrong.",
		Action:  "It is retried with pauses, and the topology is read again. Check that the server runs and listens on this address.",
	},
	{
		Kind: DialFailed, Name: "DialFailed", Phrase: "no connection could be made", Code: "E010",
		Meaning: "The connection could not be made, for another reason than refusal, name, time or TLS. Nothing was sent.",
		Example: "no route to host",
		Cause:   "Routing, a firewall, a missing unix socket, or no free local port or file descriptor.",
		Action:  "See the *net.OpError in the cause. Check routes, limits and socket rights.",
	},
	{
		Kind: DNS, Name: "DNS", Phrase: "the name could not be resolved", Code: "E010",
		Meaning: "The host name of the node has no address, or the resolver did not answer. Nothing was sent.",
		Example: "redis.internal, which the resolver does not know",
		Cause:   "A typing mistake, a service that is not registered yet, or a resolver that is down.",
		Action:  "See the *net.DNSError in the cause. Check the name from the same host or container.",
	},
	{
		Kind: TLS, Name: "TLS", Phrase: "the TLS handshake failed", Code: "E010",
		Meaning: "A connection was made, but no TLS session. No command was sent.",
		Example: "a certificate that is signed by an authority the client does not know",
		Cause:   "A wrong CA or server name, an expired certificate, a missing client certificate, or a plain port.",
		Action:  "See the cause with errors.As. Check RootCAs, ServerName and the port. Do not skip the verification.",
	},
	{
		Kind: Handshake, Name: "Handshake", Phrase: "the server refused the handshake", Code: "E010",
		Meaning: "The server refused one of the first commands on a new connection, such as SELECT or CLIENT, for a reason that has no kind of its own. The caller's command was not sent.",
		Example: "SELECT 99 during the handshake, where the server has 16 databases",
		Cause:   "A database number or client name that the server does not accept.",
		Action:  "Correct SelectDB, ClientName and the init commands; the reply is in Detail.",
	},
	{
		Kind: ConnLost, Name: "ConnLost", Phrase: "the connection was lost", Code: "E010",
		Meaning: "The connection broke while the command was on it. If it was written, nobody can know whether the server executed it.",
		Example: "CLIENT KILL, or a server that dies, between a request and its reply",
		Cause:   "A restart, failover, network fault, idle limit, or an output buffer limit of the server.",
		Action:  "Reads are retried by themselves. For writes see MayHaveExecuted: check the state, or make the write safe to repeat.",
	},
	{
		Kind: StaleConn, Name: "StaleConn", Phrase: "an idle connection was dead", Code: "E010",
		Meaning: "A connection that had been idle turned out to be closed before the command was written. Nothing was sent.",
		Example: "a load balancer that closes connections after ten idle minutes",
		Cause:   "The server's timeout setting, or a middlebox that forgets idle connections.",
		Action:  "Usually nothing: it is retried at once. Use keep-alives shorter than the idle limit.",
	},
	{
		Kind: ConnRetired, Name: "ConnRetired", Phrase: "the connection was retired", Code: "E010",
		Meaning: "The client itself replaced the connection before the command was written. Nothing was sent.",
		Example: "a failover: the connections to the old primary are retired",
		Cause:   "The node changed its role or address, or credentials changed.",
		Action:  "Usually nothing: it is retried at once on a new connection.",
	},
	{
		Kind: ConnExpired, Name: "ConnExpired", Phrase: "the connection reached its lifetime", Code: "E010",
		Meaning: "The connection was closed because it reached ConnLifetime while the command was on its way.",
		Example: "ConnLifetime of one minute under steady load",
		Cause:   "ConnLifetime is set, to spread connections over nodes.",
		Action:  "Usually nothing: it is retried at once where the replay rule allows it.",
	},
	{
		Kind: Protocol, Name: "Protocol", Phrase: "the peer broke the protocol", Code: "E010",
		Meaning: "The peer sent something that is not RESP or does not match the requests, or it complains about ours. The connection is given up.",
		Example: "-ERR Protocol error: invalid bulk length",
		Cause:   "Another service on the port, a TLS port asked without TLS, a proxy fault, or a request over a limit.",
		Action:  "Check the address and whether the port wants TLS. If it is a Redis server, look at the proxies between.",
	},
	{
		Kind: ForeignContext, Name: "ForeignContext", Phrase: "another caller's context ended the shared work", Code: "E010",
		Meaning: "A dial or flight that several callers share ended because the context of one of the others ended. The own context is alive.",
		Example: "the first of two callers that wait for one dial gives up",
		Cause:   "Shared dials and client-side cache flights run under the context of the one who began them.",
		Action:  "Usually nothing: it is retried at once under the own context.",
	},
	{
		Kind: Unclassified, Name: "Unclassified", Phrase: "an error of unknown origin", Code: "E010",
		Meaning: "Neither a server's reply nor an error that the network, TLS or rueidis is known to give. The cause is kept.",
		Example: "an error of the caller's own dial function",
		Cause:   "A hook, a custom dialer or a custom connection returned an error of its own type.",
		Action:  "Look at the cause with Detail or errors.As. It is not retried, for nothing is known of it.",
	},
}

var timeoutRows = []Row{
	{
		Kind: DialTimeout, Name: "DialTimeout", Phrase: "no connection in time", Code: "E011",
		Meaning: "No connection was ready within the dial timeout, handshake included. Nothing was sent.",
		Example: "a host that drops packets instead of refusing them",
		Cause:   "A firewall, a host that is down, an overloaded server, or a port that accepts and stays mute.",
		Action:  "It is retried with pauses. Check the route; raise Dialer.Timeout only for links that are slow by nature.",
	},
	{
		Kind: IOTimeout, Name: "IOTimeout", Phrase: "no answer in time", Code: "E011",
		Meaning: "The connection gave no answer within its own timeout and was given up. The server may have executed the command, or may still do so.",
		Example: "a server that is stopped with SIGSTOP",
		Cause:   "A slow command or script, a swapping or overloaded server, or a network that drops packets.",
		Action:  "Look at SLOWLOG and LATENCY. For writes see MayHaveExecuted before repeating.",
	},
	{
		Kind: PoolWait, Name: "PoolWait", Phrase: "no free connection in time", Code: "E012",
		Meaning: "Every connection of the pool stayed in use for as long as the caller could wait. Nothing was sent.",
		Example: "more concurrent BLPOPs than BlockingPoolSize",
		Cause:   "Too small a pool for blocking and dedicated use, or dedicated connections that are not released.",
		Action:  "Raise BlockingPoolSize, release dedicated clients, bound the concurrency.",
	},
	{
		Kind: Deadline, Name: "Deadline", Phrase: "the deadline passed", Code: "E011",
		Meaning: "The deadline of the caller's own context passed. errors.Is(err, context.DeadlineExceeded) is true, and only then.",
		Example: "a context with a timeout of 50 ms against a server that is loading for a minute",
		Cause:   "The server or network was slower than the caller can wait, retries included.",
		Action:  "See Attempts, Elapsed and the cause for what took the time. For writes see MayHaveExecuted before repeating.",
	},
}

var resilienceRows = []Row{
	{
		Kind: BreakerOpen, Name: "BreakerOpen", Phrase: "the circuit breaker is open", Code: "E030",
		Meaning: "The node failed so often lately that commands of this lane are refused at once. Nothing was sent. The OpenError in the cause says when a probe is allowed.",
		Example: "writes to a node that answered READONLY to the last twenty",
		Cause:   "A node that is down, overloaded or refuses writes; see the failures before it.",
		Action:  "Serve a fallback; do not loop. It closes by itself when probes succeed.",
	},
	{
		Kind: BulkheadFull, Name: "BulkheadFull", Phrase: "too many are using this at once",
		Meaning: "The limit on dedicated, blocking or streaming users of the node is reached. Nothing was sent.",
		Example: "a hundred goroutines that each hold a dedicated client, under a limit of fifty",
		Cause:   "A burst, slow consumers, or dedicated clients that are not released.",
		Action:  "Release what is not used, bound the concurrency, or raise the limit.",
	},
}

var lifecycleRows = []Row{
	{
		Kind: Closed, Name: "Closed", Phrase: "the client is closed",
		Meaning: "The client or what was made of it has been closed. A command that was on its way then may have been executed; a later one was not.",
		Example: "a Do after Close",
		Cause:   "A goroutine that outlives the client, often at shutdown.",
		Action:  "Stop the users first, then close.",
	},
	{
		Kind: Canceled, Name: "Canceled", Phrase: "the caller canceled",
		Meaning: "The caller's own context was canceled. errors.Is(err, context.Canceled) is true, and only then.",
		Example: "an HTTP request whose client went away",
		Cause:   "The caller lost interest, or a parent operation ended.",
		Action:  "Nothing for reads. A write that was on its way may have been executed, see MayHaveExecuted.",
	},
}
