package conformance_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redoubt-go/redoubt/errs"
)

// provoked is the test that reads its kinds from a table. With every server
// present it also fails when it has not met one that stands here.
const provoked = "conformance/errors_test.go TestServerErrorsAreClassified"

// raised says which test raises each kind through public API: file and
// function. A kind that several tests raise stands at one of them.
var raised = map[string][]errs.Kind{
	provoked: {
		errs.RedirectTo, errs.ClusterDown, errs.CrossSlot, errs.ClusterDisabled,
		errs.ClusterRefused, errs.ClusterAdmin, errs.NonLocalKey, errs.Loading, errs.ReadOnly,
		errs.NotPrimary, errs.MasterDown, errs.Busy, errs.OOM, errs.Misconf, errs.NoReplicas,
		errs.MaxClients, errs.Unblocked, errs.UnblockedByHand, errs.InProgress, errs.PersistFailed,
		errs.NoAuth, errs.WrongPass, errs.AuthUnset, errs.NoProto, errs.NoPerm, errs.Denied,
		errs.CommandLocked, errs.NoScript, errs.ScriptFailed, errs.ScriptCompile, errs.ScriptReadOnly,
		errs.ScriptKilled, errs.NotBusy, errs.Unkillable, errs.FunctionNotFound, errs.FunctionRefused,
		errs.ScriptMisuse, errs.ExecAbort, errs.TxMisuse, errs.WrongType, errs.Syntax, errs.WrongArity,
		errs.UnknownCommand, errs.UnknownSubcommand, errs.BadArgument, errs.BadValue, errs.NoSuchKey,
		errs.BusyKey, errs.TooLarge, errs.BadPayload, errs.ConfigRefused, errs.AdminRefused,
		errs.ReplicationFault, errs.MigrateFailed, errs.NotSupported, errs.ModuleMissing,
		errs.CommandRefused, errs.UnknownReply, errs.BusyGroup, errs.NoGroup, errs.StreamKeyGone,
		errs.StreamID, errs.SubscriberMode,
	},
	"conformance/kinds_raised_test.go TestClientRaisesItsKinds": {
		errs.AuthRefused, errs.CredsFailed, errs.DialFailed, errs.DNS, errs.TLS, errs.Handshake,
		errs.Protocol, errs.ForeignContext, errs.Unclassified, errs.PoolWait, errs.BulkheadFull,
		errs.Canceled, errs.CacheAborted, errs.BadOption, errs.BadURL, errs.TopologyUnsupported,
		errs.TrackingUnsupported, errs.Misuse, errs.DecodeFailed,
	},
	"conformance/kinds_raised_test.go TestScriptedRepliesRaiseTheirKind": {
		errs.Moved, errs.Ask, errs.BadRedirect, errs.TryAgain, errs.NotReady, errs.ServerFault, errs.ProxyFailed,
		errs.ModuleFailed, errs.PrimaryNotFound, errs.NoGoodReplica, errs.NoQuorum,
		errs.FailoverInProgress, errs.SentinelRefused, errs.NoSubscription,
	},
	"conformance/faults_crash_test.go TestBackgroundEndsAgainstADeadServer": {
		errs.DialRefused, errs.ConnLost,
	},
	"conformance/faults_crash_test.go TestBackgroundEndsAgainstASilentServer": {
		errs.DialTimeout, errs.IOTimeout,
	},
	"conformance/faults_crash_test.go TestDeadlinesOfASilentServer": {
		errs.Deadline,
	},
	"conformance/faults_state_test.go TestFullServerStopsWritesOnly": {
		errs.BreakerOpen,
	},
	"conformance/faults_crash_test.go TestCloseLeavesNoGoroutine": {
		errs.Closed,
	},
}

// later says which package will raise the kinds that nothing raises yet. The
// list shrinks to nothing.
var later = map[string][]errs.Kind{
	"client": {
		errs.WatchConflict, errs.ReplicationShort, errs.PersistenceShort, errs.ConnExpired,
		errs.SubscriptionLost, errs.TrackingLost,
	},
	"internal/dialseam": {
		errs.StaleConn, errs.ConnRetired,
	},
	"cluster": {
		errs.RedirectLoop, errs.NoSlot, errs.UnknownTarget, errs.TopologyFailed, errs.ClusterTransaction,
		errs.FanoutFailed,
	},
	"sentinel": {
		errs.ReplicaNotFound, errs.StalePrimary, errs.SentinelDown,
	},
	"scripting": {
		errs.LibraryMissing,
	},
	"lock": {
		errs.LockNotAcquired, errs.LockLost, errs.LockNotHeld, errs.LockBusy,
	},
	"stream": {
		errs.StreamConsumerInit,
	},
	"cachelayer": {
		errs.SerializeFailed, errs.SerializerMismatch, errs.EntryCorrupt, errs.TenantMismatch,
		errs.InteropRejected, errs.EntryTooLarge, errs.KeyRejected, errs.NegativeHit, errs.LoaderFailed,
		errs.LoaderPanicked, errs.LoaderTimeout, errs.LoaderRejected, errs.Reentrant,
		errs.InvalidationPending, errs.InvalidationLost, errs.BackendAuth, errs.BackendLimited,
		errs.BackendFault, errs.BackendRefused, errs.BackendTimeout, errs.BackendDown,
		errs.BadEnvironment, errs.NoBackend,
	},
	"cachelayer/secure": {
		errs.DecryptFailed, errs.UnknownKey, errs.NonceExhausted, errs.MasterKeyMissing,
		errs.MasterKeyInvalid,
	},
}

// TestEveryKindHasItsTest: every kind is listed once, the tests that are named
// exist, and each speaks of the kinds that it is named for.
func TestEveryKindHasItsTest(t *testing.T) {
	t.Parallel()
	listed := map[errs.Kind]string{}
	list := func(where string, kinds []errs.Kind) {
		for _, kind := range kinds {
			if other, twice := listed[kind]; twice {
				t.Errorf("%s is listed for %q and for %q", kind.String(), other, where)
			}
			listed[kind] = where
		}
	}
	for name, kinds := range raised {
		list(name, kinds)
		words := testWords(t, name)
		for _, kind := range kinds {
			if !words[kind.String()] {
				t.Errorf("%s does not speak of %s", name, kind.String())
			}
		}
	}
	open := 0
	for pkg, kinds := range later {
		list(pkg, kinds)
		open += len(kinds)
	}
	for _, kind := range errs.Kinds() {
		if listed[kind] == "" {
			t.Errorf("%s: no test raises it, and no package will", kind.String())
		}
	}
	t.Logf("%d of %d kinds are raised, %d wait for their package", len(listed)-open, len(errs.Kinds()), open)
}

// TestKindsThatWaitHaveAPackage: only the packages of the plan may be waited
// for.
func TestKindsThatWaitHaveAPackage(t *testing.T) {
	t.Parallel()
	planned := []string{"client", "internal/dialseam", "cluster", "sentinel", "scripting", "lock", "stream", "cachelayer", "cachelayer/secure"}
	for pkg := range later {
		if !slices.Contains(planned, pkg) {
			t.Errorf("%q is no package of the plan", pkg)
		}
	}
}

// testWords are the kinds that a test's file and its table speak of. It fails
// the test when there is no such file or function.
func testWords(t *testing.T, name string) map[string]bool {
	t.Helper()
	file, function, _ := strings.Cut(name, " ")
	source, err := os.ReadFile(filepath.Join("..", file))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(function) + `\(t \*testing\.T\)`).Match(source) {
		t.Fatalf("%s has no test %s", file, function)
	}
	words := map[string]bool{}
	for _, m := range regexp.MustCompile(`errs\.(\w+)`).FindAllStringSubmatch(string(source), -1) {
		words[m[1]] = true
	}
	if name != provoked {
		return words
	}
	rows, err := readProvocations("testdata/errors.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, kind := range row.kinds {
			words[kind.String()] = true
		}
	}
	return words
}
