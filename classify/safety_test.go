package classify_test

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/redoubt-go/redoubt/classify"
)

func TestSafetyZeroValueIsUnratedAndNeverPasses(t *testing.T) {
	t.Parallel()
	var zero classify.Safety
	if zero != classify.Unrated {
		t.Errorf("zero value is %v; want unrated", zero)
	}
}

func TestSafetyPrintsItsRung(t *testing.T) {
	t.Parallel()
	want := []string{"unrated", "connection", "read-only", "checked", "last-wins", "accumulating", "admin", "never", "never"}
	for i, name := range want {
		if got := classify.Safety(i).String(); got != name {
			t.Errorf("Safety(%d) = %q; want %q", i, got, name)
		}
	}
}

// The words of a command are split at spaces; "_" alone is an empty word.
//
//nolint:dupword // a key may be called as an option is
func TestSafetyOfDecidesFromNameAndArguments(t *testing.T) {
	t.Parallel()
	tests := map[classify.Safety][]string{
		classify.Connection: {
			"PING", "ping hello", "ECHO x", "CLIENT ID", "client id", "Client GetName", "ACL WHOAMI",
		},
		classify.ReadOnly: {
			"GET k", "gEt k", "MGET a b", "SCAN 0 MATCH NX", "TTL k", "TOUCH k", "PFCOUNT k", "DUMP k",
			"GETEX k", "GETEX EX", "HGETEX k FIELDS 1 f", "HGETEX FIELDS FIELDS 1 EX",
			"SORT k", "SORT STORE", "SORT k BY STORE", "SORT k GET STORE", "SORT k LIMIT 0 10 GET # DESC ALPHA",
			"SORT_RO k", "BITFIELD k GET u8 0", "BITFIELD k get u8 0 GET i4 #1", "BITFIELD SET GET u8 0",
			"BITFIELD k OVERFLOW SAT GET u8 0", "BITFIELD_RO k GET u8 0",
			"GEORADIUS k 1 2 3 km", "GEORADIUS k 1 2 3 km COUNT 5 ANY ASC", "GEORADIUSBYMEMBER k STORE 3 km WITHDIST",
			"EVAL_RO s 0", "EVALSHA_RO x 0", "FCALL_RO f 0", "XREAD COUNT 1 STREAMS s 0",
			"XREAD BLOCK 0 STREAMS s $", "XINFO STREAM s", "OBJECT ENCODING k", "CONFIG GET *", "COMMAND",
			"COMMAND DOCS get", "ACL LOG", "ACL LOG 10", "SENTINEL CONFIG GET *", "MEMORY USAGE k",
			"JSON.GET k $", "FT.SEARCH i q", "FT.AGGREGATE i WITHCURSOR", "TS.RANGE k - +", "BF.EXISTS k i",
			"VSIM k ELE e", "GRAPH.RO_QUERY g q", "GRAPH.SLOWLOG g", "FT.CONFIG GET *",
		},
		classify.Checked: {
			"DEL k", "UNLINK k", "SADD s m", "SREM s m", "ZREM z m", "HDEL h f", "PFADD h e", "XACK s g 1-1",
			"SETNX k v", "MSETNX a 1", "HSETNX h f v",
			"SET k v NX", "SET k v nx", "SET k v EX 10 NX", "SET k v NX PX 100 GET", "SET k v IFEQ old",
			"SET k v IFEQ XX", "SET k v ifdeq d EX 5", "SET NX XX NX", "SET k v GET NX",
			"MSETEX 1 k v NX", "MSETEX 2 a 1 b 2 EX 10 nx", "HSETEX h FNX FIELDS 1 f v", "HSETEX h EX 5 FNX FIELDS 1 f v",
			"ZADD z NX 1 m", "ZADD z XX GT 1 m", "ZADD z CH lt 1 m", "GEOADD g NX 1 2 m",
			"XADD s 1-1 f v", "XADD s 5 f v", "XADD s MAXLEN ~ 10 LIMIT 5 1-1 f v", "XADD s NOMKSTREAM 1-1 f *",
			"XADD s KEEPREF MINID = 3 1-1 f v", "XADD MAXLEN 1-1 f v",
			"EXPIRE k 10 NX", "EXPIRE k 10 LT", "PEXPIREAT k 10 GT", "HEXPIRE h 10 NX FIELDS 1 f",
			"LREM l 0 v", "COPY a b", "COPY REPLACE REPLACE DB 1", "RESTORE k 0 REPLACE", "RESTORE k 0 p ABSTTL",
			"XGROUP CREATE s g $", "FUNCTION LOAD code", "FUNCTION LOAD REPLACE", "SCRIPT LOAD s", "DELIFEQ k v",
			"JSON.SET k $ v NX", "JSON.DEL k", "JSON.DEL k $.a", "FT.CREATE i SCHEMA t TEXT", "BF.ADD k i", "CF.ADDNX k i",
			"FT.AGGREGATE i q WITHCURSOR COUNT 5", "TS.ADD k 1 2 ON_DUPLICATE max", "TS.ADD k 1 2 RETENTION 5 ON_DUPLICATE BLOCK LABELS a b",
			"VREM v e", "ZREMRANGEBYSCORE z 0 1",
		},
		classify.LastWins: {
			"SET k v", "SET NX v", "SET k NX", "SET NX XX", "SET k v XX", "SET k v KEEPTTL", "SET k v EX 10",
			"SET k v IFNE old", "SET k v IFNE NX", "SET GET GET", "SETEX k 1 v", "MSET a 1", "MSETEX 1 NX NX", "MSETEX 1 k v XX",
			"HSET h NX v", "HMSET h f v", "LSET l 0 v", "SETBIT k 0 1", "SETRANGE k 0 v",
			"GETEX k EX 10", "GETEX k PERSIST", "HGETEX h EX 10 FIELDS 1 f", "HGETEX h PERSIST FIELDS 1 f",
			"HSETEX h FIELDS 1 FNX v", "HSETEX h FXX FIELDS 1 f FNX", "HSETEX FNX FIELDS 1 f v",
			"ZADD z 1 m", "ZADD NX 1 m", "ZADD z XX 1 m", "ZADD z CH 1 NX", "GEOADD g 1 2 NX", "GEOADD g CH 1 2 m",
			"EXPIRE k 10", "EXPIRE k 10 GT", "EXPIRE NX 10", "PERSIST k", "EXPIREAT k 10 XX", "HEXPIRE h 10 FIELDS 1 NX",
			"SORT k STORE d", "SORT k BY x store d", "GEORADIUS k 1 2 3 km STORE d", "GEORADIUSBYMEMBER k m 3 km storedist d",
			"BITFIELD k SET u8 0 1", "BITFIELD k GET u8 0 SET u8 0 1", "BITOP AND d a b", "SUNIONSTORE d a", "SDIFFSTORE d d a",
			"ZUNIONSTORE d 2 a b", "ZUNIONSTORE d 1 a WEIGHTS d", "ZRANGESTORE d s 0 -1", "GEOSEARCHSTORE d s FROMMEMBER d BYRADIUS 1 km",
			"COPY a b REPLACE", "COPY a b DB 1 replace", "RESTORE k 0 p REPLACE", "FUNCTION LOAD REPLACE code",
			"LTRIM l 0 99", "LTRIM l -100 -1", "LTRIM l 0 -1", "XGROUP SETID s g 0", "XTRIM s MAXLEN 10", "XSETID s 1-1",
			"JSON.SET k $ v", "JSON.SET k NX v", "JSON.MSET k $ v", "TS.ADD k 1 2 ON_DUPLICATE LAST", "VADD v VALUES 1 1 e",
			"CMS.MERGE d 2 a b", "TDIGEST.MERGE d 1 s OVERRIDE", "FT.SUGADD k INCR 1", "AI.MODELEXECUTE m INPUTS 1 a OUTPUTS 1 b",
		},
		classify.Accumulating: {
			"INCR k", "INCRBY k 1", "APPEND k v", "LPUSH l v", "LPOP l", "RPOPLPUSH a b", "LMOVE a b LEFT LEFT", "BLPOP l 0",
			"SPOP s", "GETDEL k", "GETSET k v", "SET k v GET", "SET k v XX GET", "HGETDEL h FIELDS 1 f", "RENAME a b",
			"ZADD z INCR 1 m", "ZADD z XX incr 1 m", "ZINCRBY z 1 m", "ZPOPMIN z", "ZREMRANGEBYRANK z 0 0",
			"XADD s * f v", "XADD s 5-* f v", "XADD s MAXLEN 1000 * f v", "XADD s NOMKSTREAM MAXLEN ~ 5 * f 1-1",
			"XADD s IDMP p 1-1 * f v", "XADD s IDMPAUTO 1-1 * f v", "XADD 1-1 * f v",
			"XREADGROUP GROUP g c STREAMS s >", "XREADGROUP GROUP g c STREAMS s 0", "XAUTOCLAIM s g c 0 0",
			"BITFIELD k INCRBY u8 0 1", "BITFIELD k OVERFLOW FAIL INCRBY u8 0 1", "BITFIELD k GET u8 0 INCRBY u8 0 1", "BITOP NOT d d",
			"ZUNIONSTORE d 2 a d", "ZRANGESTORE d d 1 -1", "SORT k LIMIT 1 5 STORE k",
			"LREM l 1 v", "LTRIM l 1 -1", "LTRIM l 0 -2", "PUBLISH c m", "SPUBLISH c m",
			"JSON.NUMINCRBY k $ 1", "JSON.DEL k $.a[0]", "TS.ADD k * 1", "TS.ADD k 1 2", "TS.ADD k 1 2 LABELS ON_DUPLICATE MAX",
			"TS.ADD k 1 2 ON_DUPLICATE SUM", "CF.ADD k i", "CMS.MERGE d 2 d a", "TDIGEST.MERGE d 1 s", "TOPK.ADD k i",
			"FT.SUGADD k s 1 INCR", "FT.CURSOR READ i 1",
		},
		classify.Admin: {
			"CONFIG SET a b", "FLUSHALL", "FAILOVER", "CLUSTER FAILOVER", "ACL SETUSER u", "ACL LOG reset", "CLIENT KILL ID 1",
			"SWAPDB 0 1", "SCRIPT FLUSH", "SENTINEL CONFIG SET a b", "GRAPH.SLOWLOG g RESET", "MIGRATE h 1 k 0 1",
		},
		classify.Never: {
			"", "_", "NOSUCH k", "GET_ k", "CLIENT", "CLIENT NOSUCH", "COMMAND NOSUCH", "XGROUP", "EXEC", "MULTI", "WATCH k",
			"EVAL s 0", "EVALSHA x 0", "FCALL f 0", "SELECT 1", "AUTH p", "HELLO 3", "CLIENT TRACKING ON", "CLIENT SETNAME n",
			"SUBSCRIBE c", "MONITOR", "DEBUG SLEEP 1", "SHUTDOWN", "WAIT 1 0", "ASKING", "GRAPH.QUERY g q",
			strings.Repeat("x", 1000), "CLIENT " + strings.Repeat("x", 1000),
		},
	}
	for want, lines := range tests {
		for _, line := range lines {
			args := strings.Fields(line)
			for i := range args {
				if args[i] == "_" {
					args[i] = ""
				}
			}
			if got := classify.SafetyOf(args); got != want {
				t.Errorf("SafetyOf(%.60q) = %v; want %v", args, got, want)
			}
		}
	}
}

// One word must not pass for a container and its sub-command.
func TestSafetyOfReadsOneWordAsOneName(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"CLIENT ID", "COMMAND ", "GET ", " GET", "GET\x00", "CONFIG GET"} {
		if got := classify.SafetyOf([]string{word, "x"}); got != classify.Never {
			t.Errorf("SafetyOf(%q) = %v; want never", word, got)
		}
	}
}

// readsInPart are the commands that servers call writes and that only read in
// one of their forms.
var readsInPart = map[string]bool{
	"BITFIELD": true, "GEORADIUS": true, "GEORADIUSBYMEMBER": true, "GETEX": true, "HGETEX": true, "SORT": true,
}

func TestSafetyAgreesWithTheServers(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/commands.tsv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	rows := 0
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		columns := strings.Split(lines.Text(), "\t")
		name, flags := columns[0], " "+columns[1]+" "
		rows++
		if _, known := classify.RungOf(name); !known {
			t.Errorf("%s is not in the table", name)
			continue
		}
		// Without its arguments a command is rated as its most careful form.
		got := classify.SafetyOf(strings.Fields(name))
		lowest, _ := classify.RungOf(name)
		if strings.Contains(flags, " write ") {
			if got <= classify.ReadOnly {
				t.Errorf("%s writes and is rated %v", name, got)
			}
			if lowest == classify.ReadOnly != readsInPart[name] {
				t.Errorf("%s writes and has a form that is rated %v", name, lowest)
			}
		}
		if strings.Contains(flags, " readonly ") && got == classify.Connection {
			t.Errorf("%s reads data and is rated %v", name, got)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if rows < 600 {
		t.Errorf("compared %d rows; want at least 600", rows)
	}
}

// A refinement for a name that is not in the table would never be called.
func TestSafetyTableHoldsWhatIsRefined(t *testing.T) {
	t.Parallel()
	for _, name := range classify.Refined() {
		if rung, known := classify.RungOf(name); !known || rung == classify.Unrated {
			t.Errorf("%s is refined and not rated", name)
		}
	}
}

func TestSafetyTableCanBeReached(t *testing.T) {
	t.Parallel()
	for _, name := range classify.RatedNames() {
		rung, _ := classify.RungOf(name)
		args := strings.Fields(name)
		if got := classify.SafetyOf(args); got < rung || got == classify.Unrated {
			t.Errorf("SafetyOf(%q) = %v; want at least %v", args, got, rung)
		}
		if len(name) != len(strings.ToUpper(name)) || name != strings.ToUpper(name) {
			t.Errorf("%q is not in capitals", name)
		}
		if container := args[0]; len(args) == 2 {
			if rung, _ := classify.RungOf(container); rung != classify.Unrated {
				t.Errorf("%s has sub-commands and is rated itself", container)
			}
		}
	}
}

// words are what the parsers look for, and what they must not mistake for it.
var words = []string{
	"NX", "xx", "GET", "Set", "KEEPTTL", "EX", "PX", "IFEQ", "IFNE", "GT", "LT", "CH", "INCR", "INCRBY", "OVERFLOW", "STORE",
	"STOREDIST", "BY", "LIMIT", "COUNT", "REPLACE", "DB", "FIELDS", "FNX", "PERSIST", "MAXLEN", "MINID", "~", "=", "*", "5-*",
	"1-1", "NOMKSTREAM", "WITHCURSOR", "RESET", "OVERRIDE", "ON_DUPLICATE", "SUM", "LABELS", "0", "1", "2", "-1", "999999999",
	"99999999999999999999", "", "k", "d", "u8", "\xff", "$.a[0]",
}

func TestSafetyOfStaysBetweenTheRungAndTheBareName(t *testing.T) {
	t.Parallel()
	names := classify.RatedNames()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "name")
		rest := rapid.SliceOfN(rapid.SampledFrom(words), 0, 9).Draw(t, "args")
		checkSafety(t, append(strings.Fields(name), rest...))
	})
}

func FuzzSafetyOf(f *testing.F) {
	f.Add("SET\nk\nv\nNX")
	f.Add("BITFIELD\nk\nGET\nu8\n0")
	f.Add("ZUNIONSTORE\nd\n2\na\nd")
	f.Add("client\nid")
	f.Add("\n")
	f.Fuzz(func(t *testing.T, text string) { checkSafety(t, strings.Split(text, "\n")) })
}

// checkSafety asserts what holds for every input: the result is a rung, the case
// of the name says nothing, and arguments neither lower a command below its line
// in the table nor raise it above the bare name (ACL LOG alone is a good call).
func checkSafety(t interface{ Errorf(string, ...any) }, args []string) {
	got := classify.SafetyOf(args)
	if got == classify.Unrated || got > classify.Never {
		t.Errorf("SafetyOf(%q) = %v", args, got)
	}
	folded := append([]string{strings.ToLower(args[0])}, args[1:]...)
	if lower := classify.SafetyOf(folded); isASCII(args[0]) && lower != got {
		t.Errorf("SafetyOf(%q) = %v; in capitals %v", folded, lower, got)
	}
	name := strings.ToUpper(args[0])
	bare := args[:1]
	rung, known := classify.RungOf(name)
	if known && rung == classify.Unrated && len(args) > 1 {
		name += " " + strings.ToUpper(args[1])
		bare = args[:2]
		rung, known = classify.RungOf(name)
	}
	if !known || !isASCII(name) {
		return
	}
	if got < rung {
		t.Errorf("SafetyOf(%q) = %v; below its line, %v", args, got, rung)
	}
	if most := classify.SafetyOf(bare); got > most && name != "ACL LOG" {
		t.Errorf("SafetyOf(%q) = %v; above its bare name, %v", args, got, most)
	}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0x7e }) < 0
}

func TestSafetyOfDoesNotAllocate(t *testing.T) {
	for _, line := range []string{"set k v ex 10 nx", "CLIENT ID", "ZUNIONSTORE d 2 a b", "NOSUCH", "GEORADIUS k 1 2 3 km STORE d"} {
		args := strings.Fields(line)
		if n := testing.AllocsPerRun(100, func() { classify.SafetyOf(args) }); n != 0 {
			t.Errorf("SafetyOf(%q) allocates %v times; want 0", args, n)
		}
	}
}

func BenchmarkSafetyOf(b *testing.B) {
	for _, line := range []string{"GET k", "SET k v EX 10 NX", "CLIENT ID", "BITFIELD k GET u8 0 GET u8 8", "NOSUCH"} {
		args := strings.Fields(line)
		b.Run(args[0], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				classify.SafetyOf(args)
			}
		})
	}
}
