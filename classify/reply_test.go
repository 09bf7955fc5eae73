package classify_test

import (
	"strings"
	"testing"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

const (
	replica = "READONLY You can't write against a read only replica."
	suffix  = " script: 1a4c98b5a821db3ac9d6a52642fd9a8beb24dc72, on @user_script:7."
	running = "ERR Error running script (call to f_1a4c98b5a821db3ac9d6a52642fd9a8beb24dc72): "
)

// TestLookalikes holds lines that a search for words gets wrong.
func TestLookalikes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line string
		kind errs.Kind
		do   classify.Do
	}{
		{"BUSYKEY Target key name already exists.", errs.BusyKey, classify.Return},
		{"BUSYGROUP Consumer Group name already exists", errs.BusyGroup, classify.Return},
		{"BUSY KeyDB is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", errs.Busy, classify.RetryBackoff},
		{"BUSYBEE is not a code that we know", errs.UnknownReply, classify.Return},
		{"LOADING Dragonfly is loading the dataset in memory", errs.Loading, classify.RetryBackoff},
		{"LOADINGX y", errs.UnknownReply, classify.Return},
		{"NOGROUP No such key 'LOADING' or consumer group 'MOVED'", errs.NoGroup, classify.Return},
		{"ERR unknown command 'READONLY2', with args beginning with: 'MOVED 1 x:1' ", errs.UnknownCommand, classify.Return},
		{"ERR unknown command 'x', with args beginning with: 'in progress' 'try again' ", errs.UnknownCommand, classify.Return},
		{"ERR wrong number of arguments for 'in progress' command", errs.WrongArity, classify.Return},
		{"ERR Unknown option given: try again later", errs.Syntax, classify.Return},
		{"ERR member in progress does not exist", errs.NoSuchKey, classify.Return},
		{"ERR Target instance replied with error: BUSY Redis is busy", errs.MigrateFailed, classify.Return},
		{"ERR timeout is negative", errs.BadArgument, classify.Return},
		{"ERR timeout is out of range", errs.BadArgument, classify.Return},
		{"ERR Error registering functions: ERR FUNCTION LOAD timeout", errs.FunctionRefused, classify.Return},
		{"IOERR error or timeout reading to target instance", errs.MigrateFailed, classify.RetryBackoff},
		{"ERR Write commands are not allowed from read-only scripts.", errs.ScriptReadOnly, classify.Return},
		{"ERR BITFIELD_RO only supports the GET subcommand", errs.Syntax, classify.Return},
		{"ERR No failover in progress.", errs.CommandRefused, classify.Return},
		{"ERR Max Number Of Clients reached", errs.MaxClients, classify.RetryBackoff},
		{"ERR max number of clients + cluster connections reached", errs.MaxClients, classify.RetryBackoff},
		{"moved 1 127.0.0.1:1", errs.CommandRefused, classify.Return},
		{"My Error", errs.CommandRefused, classify.Return},
		{"MYCODE something only we know", errs.UnknownReply, classify.Return},
		{"MYCODE service is not ready, try again later", errs.UnknownReply, classify.Return},
		{"INVALID x", errs.UnknownReply, classify.Return},
		{"UNBLOCKED client unblocked via CLIENT UNBLOCK", errs.UnblockedByHand, classify.Return},
		{"UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)", errs.Unblocked, classify.RetryBackoff},
		{"UNBLOCKED the stream key no longer exists", errs.StreamKeyGone, classify.Return},
		{"NOPERM User ada has no permissions to run the 'LOADING' command", errs.NoPerm, classify.Return},
		{"ERR", errs.PersistFailed, classify.Return},
		{"ERR ", errs.CommandRefused, classify.Return},
		{"", errs.CommandRefused, classify.Return},
		{" leading space", errs.CommandRefused, classify.Return},
		{"-X y", errs.CommandRefused, classify.Return},
		{"12 script: x", errs.CommandRefused, classify.Return},
		{"1MOVED 1 a:1", errs.CommandRefused, classify.Return},
		{"_MOVED 1 a:1", errs.CommandRefused, classify.Return},
		{"\xff\xfe\x00", errs.CommandRefused, classify.Return},
		{strings.Repeat("A", 100_000), errs.CommandRefused, classify.Return},
		{strings.Repeat("ERR ", 25_000), errs.CommandRefused, classify.Return},
		{strings.Repeat("'", 100_000), errs.CommandRefused, classify.Return},
	} {
		v := classify.Of(classify.Line(tt.line), nil)
		if v.Kind != tt.kind || v.Do != tt.do {
			t.Errorf("%.80q: got %v, %v; want %v, %v", tt.line, v.Kind.String(), v.Do, tt.kind.String(), tt.do)
		}
	}
}

// TestShapes holds general rules: the same sentences about other things, by
// other products, in other versions.
func TestShapes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line string
		kind errs.Kind
		do   classify.Do
	}{
		{"ERR Vacuum already in progress", errs.InProgress, classify.RetryBackoff},
		{"ERR A rebalance is in progress, retry later", errs.InProgress, classify.RetryBackoff},
		{"ERR REPLICAOF not allowed while failing over.", errs.InProgress, classify.RetryBackoff},
		{"ERR The index is not ready", errs.NotReady, classify.RetryBackoff},
		{"ERR Backend temporarily unavailable", errs.NotReady, classify.RetryBackoff},
		{"ERR Please try again later", errs.NotReady, classify.RetryBackoff},
		{"ERR FROB cannot be used with replica instances.", errs.NotPrimary, classify.RetryBackoff},
		{"ERR Please use FROB only with masters.", errs.NotPrimary, classify.RetryBackoff},
		{"ERR FROB is not valid when server is a replica.", errs.NotPrimary, classify.RetryBackoff},
		{"ERR You can't write against a read only slave.", errs.ReadOnly, classify.RetryBackoff},
		{"READONLY You can't write against a read only slave.", errs.ReadOnly, classify.RetryBackoff},
		{"ERR FROB is not allowed in cluster mode", errs.ClusterRefused, classify.Return},
		{"ERR FROB option of SORT denied in Cluster mode.", errs.ClusterRefused, classify.Return},
		{"ERR Command 'frob' not allowed inside a transaction", errs.TxMisuse, classify.Return},
		{"ERR FROB isn't allowed for DENY BLOCKING client", errs.TxMisuse, classify.Return},
		{"ERR Frobs can't be negative", errs.BadArgument, classify.Return},
		{"ERR FROB must be > 0", errs.BadArgument, classify.Return},
		{"ERR frobs should be greater than 0", errs.BadArgument, classify.Return},
		{"ERR 'frob' must be a number", errs.BadArgument, classify.Return},
		{"ERR FROB and BORF options at the same time are not compatible", errs.Syntax, classify.Return},
		{"ERR Frob 'x' already exists", errs.BusyKey, classify.Return},
		{"ERR There is no such frob", errs.NoSuchKey, classify.Return},
		{"ERR increment would overflow", errs.BadValue, classify.Return},
		{"ERR too many frobs", errs.TooLarge, classify.Return},
		{"ERR unknown command `json.get`, with args beginning with: `k`, ", errs.UnknownCommand, classify.Return},
		{"ERR unknown command 'HELLO', with args beginning with: '3' ", errs.NoProto, classify.Return},
		{"ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.", errs.UnknownSubcommand, classify.Return},
		{"ERR Unknown subcommand or wrong number of arguments for 'frob'", errs.UnknownSubcommand, classify.Return},
		{"ERR Connection timed out", errs.ProxyFailed, classify.RetryBackoff},
		{"ERR Host is down", errs.ProxyFailed, classify.RetryBackoff},
		{"no upstream host", errs.ProxyFailed, classify.RetryBackoff},
		{"ERR max daily request limit exceeded. Limit: 10000, Usage: 10001.", errs.ProxyFailed, classify.RetryBackoff},
		{"ERR invalid password", errs.WrongPass, classify.Return},
		{"ERR Auth denied by Misc Module.", errs.AuthRefused, classify.Return},
		{"CLUSTERDOWN CLUSTER is not initialized", errs.ClusterDown, classify.RetryBackoff},
		{"WRONGTYPE Operation against a key holding the wrong kind of value.", errs.WrongType, classify.Return},
		{"ERR TSDB: invalid TIMESTAMP, must be a nonnegative integer", errs.ModuleFailed, classify.Return},
		{"ERR " + "ERR short read or OOM loading DB. Unrecoverable error, aborting now.", errs.BadPayload, classify.Return},
		{"SEARCH_FROB_NOT_FOUND Frob not found", errs.NoSuchKey, classify.Return},
		{"SEARCH_SYNTAX Syntax error", errs.ModuleFailed, classify.Return},
		{"ERR READONLY You can't write against a read only replica.", errs.ReadOnly, classify.RetryBackoff},
	} {
		v := classify.Of(classify.Line(tt.line), nil)
		if v.Kind != tt.kind || v.Do != tt.do {
			t.Errorf("%q: got %v, %v; want %v, %v", tt.line, v.Kind.String(), v.Do, tt.kind.String(), tt.do)
		}
	}
}

func TestScriptShapes(t *testing.T) {
	t.Parallel()
	const wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
	for _, tt := range []struct {
		line   string
		kind   errs.Kind
		effect errs.Effect
		do     classify.Do
	}{
		// Raised before the first write: the line of a replica, wherever it stands.
		{replica + suffix, errs.ReadOnly, errs.NotExecuted, classify.RetryBackoff},
		{replica + " script: on @user_script:1.", errs.ReadOnly, errs.NotExecuted, classify.RetryBackoff},
		{replica + " script: my_func, on @user_function:12.", errs.ReadOnly, errs.NotExecuted, classify.RetryBackoff},
		{running + "@user_script:1: @user_script: 1: -" + replica, errs.ReadOnly, errs.NotExecuted, classify.RetryBackoff},
		{running + "@user_script:1: -" + replica, errs.ReadOnly, errs.NotExecuted, classify.RetryBackoff},
		{"ERR user_script:1: " + replica + suffix, errs.ReadOnly, errs.NotExecuted, classify.RetryBackoff},
		{"OOM command not allowed when used memory > 'maxmemory'." + suffix, errs.OOM, errs.NotExecuted, classify.Return},
		{running + "@user_script:1: @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.  ", errs.OOM, errs.NotExecuted, classify.Return},
		{"MISCONF KV is configured to save RDB snapshots, but it's currently unable to persist to disk." + suffix, errs.Misconf, errs.NotExecuted, classify.Return},
		{"NOREPLICAS Not enough good replicas to write." + suffix, errs.NoReplicas, errs.NotExecuted, classify.RetryBackoff},

		// The same code in words that no server uses: the script may have written.
		{"READONLY fake" + suffix, errs.ReadOnly, errs.Partial, classify.Return},
		{"NOREPLICAS made up" + suffix, errs.NoReplicas, errs.Partial, classify.Return},

		// Any other line: executed in part.
		{wrongType + suffix, errs.WrongType, errs.Partial, classify.Return},
		{running + "@user_script:1: " + wrongType + " ", errs.WrongType, errs.Partial, classify.Return},
		{"ERR user_script:1: " + wrongType + suffix, errs.WrongType, errs.Partial, classify.Return},
		{"LOADING x" + suffix, errs.Loading, errs.Partial, classify.Return},
		{"MYCODE x" + suffix, errs.ScriptFailed, errs.Partial, classify.Return},
		{"ERR user_script:1: attempt to index a nil value" + suffix, errs.ScriptFailed, errs.Partial, classify.Return},
		{running + "@user_script:1: user_script:1: in progress, try again later", errs.ScriptFailed, errs.Partial, classify.Return},
		{running, errs.ScriptFailed, errs.Partial, classify.Return},
		{"ERR Error running script (call to f_1", errs.ScriptFailed, errs.Partial, classify.Return},
		{"ERR ACL failure in script: No permissions to access a key" + suffix, errs.NoPerm, errs.Partial, classify.Return},
		{"ERR Script attempted to access a non local key in a cluster node" + suffix, errs.NonLocalKey, errs.Partial, classify.Return},
		{running + "@user_script:1: @user_script: 1: Lua script attempted to access a non local key in a cluster node", errs.NonLocalKey, errs.Partial, classify.Return},
		{"ERR Can not execute the command on a stale replica" + suffix, errs.MasterDown, errs.Partial, classify.RetryBackoff},
		{"ERR Script killed by user with SCRIPT KILL..." + suffix, errs.ScriptKilled, errs.NotExecuted, classify.Return},
		{running + "@user_script:1: Script killed by user with SCRIPT KILL...", errs.ScriptKilled, errs.NotExecuted, classify.Return},
		{"12" + suffix, errs.ScriptFailed, errs.Partial, classify.Return},
		{suffix[1:], errs.ScriptFailed, errs.Partial, classify.Return},
		{"EXECABORT Transaction discarded because of: " + replica + suffix, errs.ScriptFailed, errs.Partial, classify.Return},

		// Redirections never come from inside.
		{"MOVED 3999 127.0.0.1:6381" + suffix, errs.ScriptFailed, errs.Partial, classify.Return},
		{"ASK 3999 127.0.0.1:6381" + suffix, errs.ScriptFailed, errs.Partial, classify.Return},
		{"REDIRECT 127.0.0.1:6381" + suffix, errs.ScriptFailed, errs.Partial, classify.Return},
		{"ERR MOVED 1 127.0.0.1:1" + suffix, errs.ScriptFailed, errs.Partial, classify.Return},
		{"ERR user_script:1: MOVED 1 127.0.0.1:1" + suffix, errs.ScriptFailed, errs.Partial, classify.Return},
		{running + "@user_script:1: MOVED 1 127.0.0.1:1", errs.ScriptFailed, errs.Partial, classify.Return},

		// Returned after a pcall by old servers: the script ran to its end.
		{"@user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.  ", errs.OOM, errs.Executed, classify.Return},
		{"@user_script: 1: -" + replica, errs.ReadOnly, errs.Executed, classify.Return},

		// Not a suffix.
		{replica + " script: x, on @user script:1.", errs.ReadOnly, errs.NotExecuted, classify.RetryBackoff},
		{replica + " on @user_script:1.", errs.ReadOnly, errs.NotExecuted, classify.RetryBackoff},
	} {
		v := classify.Of(classify.Line(tt.line), nil)
		if v.Kind != tt.kind || v.Effect != tt.effect || v.Do != tt.do {
			t.Errorf("%q:\n got %v, %v, %v; want %v, %v, %v", tt.line, v.Kind.String(), v.Effect, v.Do, tt.kind.String(), tt.effect, tt.do)
		}
	}
}

// TestRepliesToScripts holds what changes when a script may have written the line.
func TestRepliesToScripts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line   string
		kind   errs.Kind
		effect errs.Effect
		do     classify.Do
	}{
		{"MOVED 99 10.0.0.1:6379", errs.Moved, errs.NotExecuted, classify.Redirect},
		{"ASK 99 10.0.0.1:6379", errs.Ask, errs.NotExecuted, classify.Ask},
		{"MOVED 99 ?:6379", errs.UnknownTarget, errs.NotExecuted, classify.RetryBackoff},
		{"MOVED 98 10.0.0.1:6379", errs.UnknownReply, errs.Executed, classify.Return},
		{"ASK 98 10.0.0.1:6379", errs.UnknownReply, errs.Executed, classify.Return},
		{"MOVED 98 ?:6379", errs.UnknownReply, errs.Executed, classify.Return},
		{"REDIRECT 10.0.0.1:6379", errs.UnknownReply, errs.Executed, classify.Return},
		{"MYCODE x", errs.UnknownReply, errs.Executed, classify.Return},
		{"My Error", errs.CommandRefused, errs.Executed, classify.Return},
		{"ERR service is not ready, try again later", errs.NotReady, errs.Executed, classify.Return},
		{"WRONGTYPE Operation against a key holding the wrong kind of value", errs.WrongType, errs.Executed, classify.Return},
		{"EXECABORT Transaction discarded because of: " + replica, errs.ExecAbort, errs.Executed, classify.Return},
		{replica, errs.ReadOnly, errs.NotExecuted, classify.RetryBackoff},
		{"READONLY fake", errs.ReadOnly, errs.Unknown, classify.RetryBackoff},
		{"LOADING Redis is loading the dataset in memory", errs.Loading, errs.NotExecuted, classify.RetryBackoff},
		{"BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", errs.Busy, errs.NotExecuted, classify.RetryBackoff},
		{"NOSCRIPT No matching script.", errs.NoScript, errs.NotExecuted, classify.RetryNow},
		{"NOSCRIPT mine", errs.NoScript, errs.Unknown, classify.RetryNow},
		{"ERR Function not found", errs.FunctionNotFound, errs.NotExecuted, classify.RetryNow},
		{"ERR Error compiling script (new function): user_script:1: '=' expected near 'is'", errs.ScriptCompile, errs.NotExecuted, classify.Return},
		{"ERR wrong number of arguments for 'evalsha' command", errs.WrongArity, errs.NotExecuted, classify.Return},
		{"ERR wrong number of arguments for 'get' command", errs.WrongArity, errs.Executed, classify.Return},
		{"ERR unknown command 'EVALSHA', with args beginning with: ", errs.UnknownCommand, errs.NotExecuted, classify.Return},
		{"NOPERM User u has no permissions to run the 'evalsha' command", errs.NoPerm, errs.NotExecuted, classify.Return},
	} {
		for _, name := range []string{"EVAL", "EVAL_RO", "EVALSHA", "EVALSHA_RO", "FCALL", "FCALL_RO"} {
			line := tt.line
			if i := strings.Index(strings.ToLower(line), "evalsha"); i >= 0 {
				line = line[:i] + name + line[i+len("evalsha"):]
			}
			v := classify.Of(classify.Line(line), &classify.Op{Name: name, Slot: 100})
			if v.Kind != tt.kind || v.Effect != tt.effect || v.Do != tt.do {
				t.Errorf("%s: %q: got %v, %v, %v; want %v, %v, %v", name, line, v.Kind.String(), v.Effect, v.Do, tt.kind.String(), tt.effect, tt.do)
			}
		}
	}
	// A script without keys has no slot that a redirection could name.
	if v := classify.Of(classify.Line("MOVED 0 10.0.0.1:6379"), &classify.Op{Name: "EVAL"}); v.Do != classify.Return {
		t.Errorf("MOVED to EVAL without keys: got %v; want return", v.Do)
	}
}

func TestExecAbortTakesThePolicyOfItsReason(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{
		replica,
		"LOADING Redis is loading the dataset in memory",
		"BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
		"OOM command not allowed when used memory > 'maxmemory'.",
		"MISCONF Errors writing to the AOF file: No space left on device",
		"NOREPLICAS Not enough good replicas to write.",
		"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
		"NOAUTH Authentication required.",
		"NOPERM User none has no permissions to run the 'exec' command",
		"Can't execute 'exec': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
		"MYCODE x",
	} {
		in := classify.Of(classify.Line(reason), nil)
		v := classify.Of(classify.Line("EXECABORT Transaction discarded because of: "+reason), nil)
		if v.Kind != errs.ExecAbort || v.Effect != errs.NotExecuted || v.Code != "EXECABORT" {
			t.Errorf("%q: got %v, %v, %s; want ExecAbort, not-executed, EXECABORT", reason, v.Kind.String(), v.Effect, v.Code)
		}
		if v.Do != in.Do || v.Fix != in.Fix || v.Lane != in.Lane {
			t.Errorf("%q: got %v %v %v; want those of the reason, %v %v %v", reason, v.Do, v.Fix, v.Lane, in.Do, in.Fix, in.Lane)
		}
	}
	for _, line := range []string{
		"EXECABORT Transaction discarded because of previous errors.",
		"EXECABORT",
		"EXECABORT Transaction discarded because of: EXECABORT Transaction discarded because of: " + replica,
	} {
		if v := classify.Of(classify.Line(line), nil); v.Kind != errs.ExecAbort || v.Do != classify.Return || v.Effect != errs.NotExecuted {
			t.Errorf("%q: got %v, %v, %v; want ExecAbort, return, not-executed", line, v.Kind.String(), v.Do, v.Effect)
		}
	}
}

func TestCodeIsKeptAsSent(t *testing.T) {
	t.Parallel()
	lines := []string{"MYCODE x", "ERR no such key", "MOVED 1 a:1", "WRONGTYPE x", "OOM x" + suffix, "EXECABORT x", "MYCODE2_X"}
	want := []string{"MYCODE", "ERR", "MOVED", "WRONGTYPE", "OOM", "EXECABORT", "MYCODE2_X"}
	for i, err := range fromRueidis(t, lines) {
		if got := classify.Of(classify.Line(lines[i]), nil).Code; got != want[i] {
			t.Errorf("%q: got code %q; want %q", lines[i], got, want[i])
		}
		if got := classify.Of(err, nil).Code; got != want[i] {
			t.Errorf("%q through rueidis: got code %q; want %q", lines[i], got, want[i])
		}
	}
}

func TestRefusedSetup(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line string
		name string // of the set-up command, "" if unknown
		kind errs.Kind
	}{
		{"WRONGPASS invalid username-password pair or user is disabled.", "", errs.WrongPass},
		{"NOAUTH Authentication required.", "", errs.NoAuth},
		{"NOPERM User u has no permissions to run the 'client|setname' command", "", errs.NoPerm},
		{"ERR max number of clients reached", "HELLO", errs.MaxClients},
		{"LOADING Redis is loading the dataset in memory", "", errs.Loading},
		{"BUSY Redis is busy running a script.", "AUTH", errs.Busy},
		{"DENIED Redis is running in protected mode", "HELLO", errs.Denied},
		{"NOPROTO unsupported protocol version", "HELLO", errs.NoProto},
		{"ERR unknown command `HELLO`, with args beginning with: `3`, ", "HELLO", errs.NoProto},
		{"ERR invalid password", "", errs.WrongPass},
		{"ERR Client sent AUTH, but no password is set", "", errs.AuthUnset},
		{"ERR tenant 7 is suspended", "AUTH", errs.AuthRefused},
		{"MYCODE token expired", "HELLO", errs.AuthRefused},
		{"ERR DB index is out of range", "", errs.Handshake},
		{"ERR SELECT is not allowed in cluster mode", "SELECT", errs.Handshake},
		{"MOVED 1 10.0.0.1:6379", "", errs.Handshake},
		{"", "", errs.Handshake},
	} {
		v := classify.Of(classify.Line(tt.line), &classify.Op{Name: tt.name, Dialing: true})
		if v.Kind != tt.kind || v.Effect != errs.NotExecuted || v.Do == classify.Redirect || v.Addr != "" {
			t.Errorf("%s: %q: got %v, %v, %v; want %v, not-executed, no redirection", tt.name, tt.line, v.Kind.String(), v.Effect, v.Do, tt.kind.String())
		}
	}
	if v := classify.Of(classify.Line("ERR tenant 7 is suspended"), &classify.Op{Name: "AUTH"}); v.Kind != errs.AuthRefused {
		t.Errorf("a caller's AUTH refused in own words: got %v; want AuthRefused", v.Kind.String())
	}
}
