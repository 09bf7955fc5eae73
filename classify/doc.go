// Package classify says what a failure means. It is pure: no I/O, no clock, no
// goroutine, no state. Nothing else in this module matches the text of a reply.
//
// [Of] takes an error, as rueidis returned it, and the operation that failed,
// and gives a [Verdict]:
//
//	err ──▶ nil, rueidis.Nil ────────────────────────▶ success
//	    ──▶ *rueidis.RedisError, Line ──▶ reply*.go ──▶ kind ┐
//	    ──▶ *errs.Error ─────────────── kind and effect kept ┤──▶ policy.go ──▶ Verdict
//	    ──▶ everything else ──────────▶ transport.go ──▶ kind ┘    {Kind Effect Do Fix Lane Code Addr Slot}
//
// The kind says what failed, the effect whether the command may have been
// executed. Do says what to do with the command, Fix what to do to the world,
// Lane what the breaker of the node learns: they are independent. What follows
// is the policy of the kinds that a server or the network raises; kinds in one
// row share it.
//
//	kind                                        effect        do             fix                                         lane
//	Moved                                       not-executed  redirect       refresh-topology                            success
//	Ask                                         not-executed  ask            -                                           success
//	RedirectTo                                  not-executed  redirect       rediscover                                  success
//	BadRedirect CrossSlot                       not-executed  return         -                                           success
//	ClusterDown                                 not-executed  retry-backoff  refresh-topology                            fail-both
//	TryAgain NotReady                           not-executed  retry-backoff  -                                           ignore
//	NoSlot UnknownTarget                        not-executed  retry-backoff  refresh-topology                            ignore
//	Loading Busy                                not-executed  retry-backoff  -                                           fail-both
//	ReadOnly NotPrimary                         not-executed  retry-backoff  refresh-topology retire-node rediscover     fail-write
//	MasterDown                                  not-executed  retry-backoff  refresh-topology rediscover                 fail-both
//	NoReplicas                                  not-executed  retry-backoff  -                                           fail-write
//	OOM Misconf                                 not-executed  return         -                                           fail-write
//	MaxClients                                  not-executed  retry-backoff  retire-connection                           fail-both
//	Unblocked                                   not-executed  retry-backoff  refresh-topology rediscover                 ignore
//	InProgress                                  not-executed  retry-backoff  -                                           success
//	NoAuth                                      not-executed  retry-now      reauthenticate                              fail-both
//	WrongPass AuthRefused                       not-executed  return         reauthenticate                              fail-both
//	NoPerm                                      not-executed  return         -                                           ignore
//	NoScript FunctionNotFound                   not-executed  retry-now      reload-script                               success
//	ScriptFailed                                partial       return         -                                           success
//	NonLocalKey                                 partial       return         refresh-topology                            success
//	ExecAbort WrongType Syntax BusyKey          not-executed  return         -                                           success
//	UnknownReply                                unknown       return         -                                           success
//	ReplicationShort PersistenceShort           executed      return         -                                           success
//	DialRefused DialTimeout DNS TLS DialFailed  not-executed  retry-backoff  refresh-topology rediscover                 fail-both
//	ConnLost IOTimeout                          unknown       retry-backoff  refresh-topology rediscover                 fail-both
//	ConnExpired                                 unknown       retry-now      -                                           ignore
//	StaleConn ConnRetired ForeignContext        not-executed  retry-now      -                                           ignore
//	Protocol                                    unknown       return         retire-connection                           fail-both
//	Canceled Deadline Closed Unclassified       unknown       return         -                                           ignore
//	DecodeFailed                                executed      return         -                                           success
//
// Some lines say more than their kind, and the verdict follows the line:
//
//   - EXECABORT takes do, fix and lane of the reason in it, as a failover under
//     EXEC is still a failover. Nothing was executed.
//   - A line that stopped a script ("... script: <sha>, on @user_script:1.", and
//     the older shapes) carries the kind of the line inside, effect partial, and
//     is not sent again: there is no roll-back. READONLY, OOM, MISCONF and
//     NOREPLICAS in the words of a server come before the first write, so they
//     keep their policy.
//   - A line without that suffix that answers EVAL or FCALL was written by the
//     script, which ran to its end, unless it is one that a server refuses to
//     start scripts with. MOVED and ASK count there only for the script's slot.
//   - A certificate that is not accepted is returned: another attempt meets the
//     same one.
//   - While a connection is set up nothing was sent, whatever failed.
//   - A context error is the caller's own only if its context ended, by its own
//     word or by the clock; otherwise somebody else's ended a shared dial.
//
// Whether a command is sent again is decided by the replay rule,
// [Verdict.MayResend]: never against Do, at once if it was not executed, and
// after an unknown effect only as far as its [Safety] allows.
//
// [Wrap] makes the error for the caller, [Typed] types any error of a bare
// rueidis client, [KindOf] names the kind of either.
package classify
