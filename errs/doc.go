// Package errs says what went wrong: every failure that leaves the packages of
// redoubt is an *Error with a Kind, and each kind belongs to a Class. The
// package carries facts; what to do about them is decided in package classify.
//
// # The hierarchy
//
//	*Error
//	├─ Redirect      Moved Ask RedirectTo BadRedirect RedirectLoop
//	├─ ClusterState  ClusterDown TryAgain NoSlot UnknownTarget
//	│                TopologyFailed CrossSlot ClusterTransaction
//	│                ClusterDisabled ClusterRefused ClusterAdmin NonLocalKey
//	│                FanoutFailed
//	├─ ServerState   Loading ReadOnly NotPrimary MasterDown Busy OOM Misconf
//	│                NoReplicas MaxClients Unblocked UnblockedByHand
//	│                InProgress NotReady PersistFailed ServerFault
//	│                ProxyFailed
//	├─ Auth          NoAuth WrongPass AuthRefused AuthUnset NoProto
//	│                CredsFailed
//	├─ Permission    NoPerm Denied CommandLocked
//	├─ Script        NoScript ScriptFailed ScriptCompile ScriptReadOnly
//	│                ScriptKilled NotBusy Unkillable FunctionNotFound
//	│                FunctionRefused LibraryMissing ScriptMisuse
//	├─ Tx            ExecAbort WatchConflict TxMisuse
//	├─ Command       WrongType Syntax WrongArity UnknownCommand
//	│                UnknownSubcommand BadArgument BadValue NoSuchKey
//	│                BusyKey TooLarge BadPayload ConfigRefused AdminRefused
//	│                ReplicationFault MigrateFailed NotSupported
//	│                ModuleMissing ModuleFailed CommandRefused UnknownReply
//	├─ Stream        BusyGroup NoGroup StreamKeyGone StreamID
//	│                StreamConsumerInit
//	├─ Durability    ReplicationShort PersistenceShort
//	├─ Transport     DialRefused DialFailed DNS TLS Handshake ConnLost
//	│                StaleConn ConnRetired ConnExpired Protocol
//	│                ForeignContext Unclassified
//	├─ Timeout       DialTimeout IOTimeout PoolWait Deadline
//	├─ Resilience    BreakerOpen BulkheadFull
//	├─ Lifecycle     Closed Canceled
//	├─ Sentinel      PrimaryNotFound ReplicaNotFound StalePrimary
//	│                SentinelDown NoGoodReplica NoQuorum FailoverInProgress
//	│                SentinelRefused
//	├─ PubSub        SubscriberMode NoSubscription SubscriptionLost
//	│                TrackingLost
//	├─ Lock          LockNotAcquired LockLost LockNotHeld LockBusy
//	├─ Cache         SerializeFailed SerializerMismatch EntryCorrupt
//	│                DecryptFailed UnknownKey TenantMismatch NonceExhausted
//	│                InteropRejected EntryTooLarge KeyRejected NegativeHit
//	│                LoaderFailed LoaderPanicked LoaderTimeout
//	│                LoaderRejected Reentrant InvalidationPending
//	│                InvalidationLost CacheAborted BackendAuth
//	│                BackendLimited BackendFault BackendRefused
//	│                BackendTimeout BackendDown
//	├─ Config        BadOption BadURL BadEnvironment NoBackend
//	│                MasterKeyMissing MasterKeyInvalid TopologyUnsupported
//	│                TrackingUnsupported
//	├─ Usage         Misuse
//	└─ Decode        DecodeFailed
//
// # Three questions
//
// What failed? Kinds and classes are errors, so errors.Is asks for one of them
// or for a whole branch:
//
//	errors.Is(err, errs.ReadOnly)  // a kind
//	errors.Is(err, errs.Transport) // a class
//
// May it have been executed? After a lost connection nobody knows whether the
// server ran the command; then a write must be checked and not just repeated:
//
//	errs.MayHaveExecuted(err)
//
// What else is known? Fields of *Error, and payloads where there is more:
//
//	if e, ok := errors.AsType[*errs.Error](err); ok {
//		log.Print(e.Op, e.Addr, e.Attempts, e.Effect)
//	}
//	if r, ok := errors.AsType[*errs.RedirectError](err); ok {
//		log.Print(r.Hops)
//	}
//
// The payloads are RedirectError, OpenError, ExhaustedError, BatchError,
// PermissionError, CrossSlotError, DurabilityError, FanoutError, LockLostError,
// UnknownCommandError and VersionError. They sit in Error.Err and unwrap to the
// cause, so errors.As also reaches *rueidis.RedisError, *net.OpError and their
// like.
//
// KindOf, ClassOf, EffectOf, MayHaveExecuted, AddrOf and CachekitCode answer
// the usual questions about any error, nil included, without allocating.
//
// # Contexts
//
// errors.Is(err, context.Canceled) and errors.Is(err,
// context.DeadlineExceeded) are true if, and only if, the caller's own context
// ended. Causes that claim it for another reason, such as a dialer's own
// timeout, stand behind a Shield. To ask whether time ran out for whatever
// reason, use errors.Is(err, errs.Timeout).
//
// # What is printed
//
// Error texts, logs and JSON name the operation, kind, code, address, slot,
// attempts and effect. They hold no arguments, keys, values or credentials, and
// not the free text of the server or the cause either, for that quotes them.
// Error.Detail gives it to those who may see it.
//
//	INCR: the connection was lost, node 10.0.0.7:6379, may have been executed
//
// The meaning, usual cause and remedy of each kind is in docs/errors.md, and
// in Kind.Row for programs.
package errs

//go:generate go run ./internal/gen
