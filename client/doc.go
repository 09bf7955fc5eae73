// Package client is a rueidis.Client with policy: typed errors, retries that
// never run a write twice by guess, a breaker per node, and an observer.
//
//	c, err := client.New(rueidis.ClientOption{InitAddress: []string{"127.0.0.1:6379"}})
//	err = c.Do(ctx, c.B().Set().Key("k").Value("v").Build()).Error()
//	if errors.Is(err, errs.ReadOnly) { ... }        // a kind
//	if errors.Is(err, errs.Transport) { ... }       // a class
//	if errs.MayHaveExecuted(err) { ... }            // the command may have run
//
// # The walk of a command
//
//	Do            note the words of the command, on the stack
//	 │            closed? the caller's context over? a seat for blocking ones
//	 ├─ breaker   may the node's lane, read or write, be asked?
//	 ├─ rueidis   one wire to the node: pipelining, RESP3, client-side cache
//	 │
//	 ├─ reply ──▶ the caller. Nothing was allocated that rueidis would not.
//	 │
//	 └─ failure   the loop of attempt.go:
//	      judge   classify.Of: kind, effect, and what to do about it
//	      learn   the verdict's lane teaches the breaker
//	      apply   the verdict's fix mends the world: new connections
//	      again?  the replay rule, attempts, elapsed time, the caller's
//	              deadline, the retry budget: all asked before the pause
//	      send    the command, rebuilt from its words
//
// # The replay rule
//
// A command is sent again only if its failure passes by itself and it was
// certainly not executed, or it may have been and its classify.Safety is
// within the limit: reads only, unless Replay or ToRetryable says more.
//
// # Errors
//
// A failed result's Error is an *errs.Error, with two exceptions that keep the
// ecosystem of rueidis alive: rueidis.Nil is passed on as it is, for a nil
// reply is a result, and so is NOSCRIPT to EVALSHA and EVALSHA_RO, which
// rueidis.Lua looks for. classify.Typed types both what is raw and the elements
// of an EXEC.
//
// In typed mode NonRedisError is not nil for a server's error reply, and
// rueidis.IsRedisErr does not see through it. Code that tests for those takes
// Compat, which has the same resilience and the error values of rueidis:
//
//	*Client          rueidis.Lua, rueidislock, rueidiscompat for commands that
//	                 succeed, code that uses errors.Is and errors.As
//	Client.Compat()  rueidis.MGetCache, rueidis.IsRedisErr, rueidiscompat,
//	                 and what rueidisaside and om do
//
// An accessor that does not fit a good reply, as AsInt64 on "v", fails with the
// error of rueidis: the result is a concrete type. classify.Typed makes it
// errs.DecodeFailed with effect Executed.
//
// # What this version leaves out
//
// One server is supported; several addresses, sentinel and cluster are refused
// with kind TopologyUnsupported. A deadline ends a call as rueidis ends it. A
// connection that is lost after a write always leaves the effect Unknown.
package client
