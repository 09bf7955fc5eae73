package classify

import (
	"slices"
	"strings"
)

// refinements are the commands whose rung depends on their arguments. Each
// function gets the arguments behind the name (and sub-command) and returns the
// rung of this form. It reads them as the server's parser does, and where it
// cannot follow them it returns the highest rung that the command has.
var refinements = map[string]func(args []string) Safety{
	"SET":           set,
	"GETEX":         getEx,
	"MSETEX":        msetEx,
	"BITFIELD":      bitfield,
	"BITOP":         bitop,
	"HSETEX":        hsetEx,
	"HGETEX":        hgetEx,
	"LREM":          lrem,
	"LTRIM":         ltrim,
	"ZADD":          zadd,
	"GEOADD":        geoadd,
	"XADD":          xadd,
	"COPY":          copyKey,
	"RESTORE":       restore,
	"SORT":          sortKey,
	"FUNCTION LOAD": functionLoad,

	"EXPIRE":     expireIn,
	"PEXPIRE":    expireIn,
	"HEXPIRE":    expireIn,
	"HPEXPIRE":   expireIn,
	"EXPIREAT":   expireAt,
	"PEXPIREAT":  expireAt,
	"HEXPIREAT":  expireAt,
	"HPEXPIREAT": expireAt,

	"ZUNIONSTORE":       storeCounted,
	"ZINTERSTORE":       storeCounted,
	"CMS.MERGE":         storeCounted,
	"ZRANGESTORE":       storeOne,
	"GEOSEARCHSTORE":    storeOne,
	"GEORADIUS":         func(args []string) Safety { return geoRadius(args, 5) },
	"GEORADIUSBYMEMBER": func(args []string) Safety { return geoRadius(args, 4) },

	"ACL LOG":         aclLog,
	"SENTINEL CONFIG": sentinelConfig,
	"GRAPH.SLOWLOG":   graphSlowlog,

	"JSON.SET":      jsonSet,
	"JSON.DEL":      jsonDel,
	"JSON.FORGET":   jsonDel,
	"FT.AGGREGATE":  withCursor,
	"FT.HYBRID":     withCursor,
	"FT.PROFILE":    withCursor,
	"FT.SUGADD":     sugAdd,
	"TS.ADD":        tsAdd,
	"TDIGEST.MERGE": tdigestMerge,
}

// set: key value [NX|XX|IFEQ v|IFNE v|IFDEQ d|IFDNE d] [GET] [EX n ...|KEEPTTL].
// NX and a comparison for equality fail the second time. IFNE does not: the
// value is ours by then, and still not the one that it excludes.
func set(args []string) Safety {
	if len(args) < 2 {
		return Accumulating
	}
	checked, get := false, false
	for i := 2; i < len(args); i++ {
		switch arg := args[i]; {
		case is(arg, "NX"):
			checked = true
		case is(arg, "GET"):
			get = true
		case is(arg, "XX"), is(arg, "KEEPTTL"):
		case i+1 == len(args):
			return Accumulating
		case is(arg, "IFEQ"), is(arg, "IFDEQ"):
			checked = true
			i++
		case is(arg, "IFNE"), is(arg, "IFDNE"), isExpiry(arg):
			i++
		default:
			return Accumulating
		}
	}
	switch {
	case checked:
		return Checked
	case get:
		return Accumulating
	}
	return LastWins
}

// isExpiry reports whether arg is an option that takes a time.
func isExpiry(arg string) bool {
	return is(arg, "EX") || is(arg, "PX") || is(arg, "EXAT") || is(arg, "PXAT")
}

// getEx: key [EX n|...|PERSIST]. Without an option it is a GET.
func getEx(args []string) Safety {
	if len(args) == 1 {
		return ReadOnly
	}
	return LastWins
}

// msetEx: numkeys key value ... [NX|XX] [EX n|...|KEEPTTL].
func msetEx(args []string) Safety {
	if len(args) == 0 {
		return LastWins
	}
	options := 1 + 2*number(args[0])
	if options < 3 {
		return LastWins
	}
	for i := options; i < len(args); i++ {
		switch {
		case is(args[i], "NX"):
			return Checked
		case isExpiry(args[i]):
			i++
		}
	}
	return LastWins
}

// bitfield: key, then any of GET type offset, SET type offset value, INCRBY type
// offset increment, OVERFLOW how.
func bitfield(args []string) Safety {
	if len(args) < 2 {
		return Accumulating
	}
	rung := ReadOnly
	for i := 1; i < len(args); {
		words := 4
		switch {
		case is(args[i], "GET"):
			words = 3
		case is(args[i], "SET"):
			rung = max(rung, LastWins)
		case is(args[i], "OVERFLOW"):
			words = 2
		default:
			return Accumulating
		}
		if i += words; i > len(args) {
			return Accumulating
		}
	}
	return rung
}

// bitop: operation destination source ...
func bitop(args []string) Safety {
	if len(args) < 3 {
		return Accumulating
	}
	return store(args[1], args[2:])
}

// store rates a command that overwrites its destination with something made of
// its sources. Where the destination is one of them the second execution starts
// from what the first one made.
func store(destination string, sources []string) Safety {
	if slices.Contains(sources, destination) {
		return Accumulating
	}
	return LastWins
}

// storeOne: destination source ...
func storeOne(args []string) Safety {
	if len(args) < 2 {
		return Accumulating
	}
	return store(args[0], args[1:2])
}

// storeCounted: destination numkeys source ...
func storeCounted(args []string) Safety {
	if len(args) < 3 {
		return Accumulating
	}
	n := number(args[1])
	if n < 1 || n > len(args)-2 {
		return Accumulating
	}
	return store(args[0], args[2:2+n])
}

// tdigestMerge: destination numkeys source ... [COMPRESSION n] [OVERRIDE].
func tdigestMerge(args []string) Safety {
	rung := storeCounted(args)
	if rung > LastWins {
		return rung
	}
	for i := 2 + number(args[1]); i < len(args); i++ {
		switch {
		case is(args[i], "OVERRIDE"):
			return LastWins
		case is(args[i], "COMPRESSION"):
			i++
		}
	}
	return Accumulating
}

// hsetEx: key [FNX|FXX] [EX n|...|KEEPTTL] FIELDS n field value ...
func hsetEx(args []string) Safety {
	for i := 1; i < len(args); i++ {
		switch arg := args[i]; {
		case is(arg, "FNX"):
			return Checked
		case is(arg, "FXX"), is(arg, "KEEPTTL"):
		case isExpiry(arg):
			i++
		default: // FIELDS: whatever follows is data
			return LastWins
		}
	}
	return LastWins
}

// hgetEx: key [EX n|...|PERSIST] FIELDS n field ... Without an option it is an
// HMGET.
func hgetEx(args []string) Safety {
	if len(args) > 3 && is(args[1], "FIELDS") && number(args[2]) == len(args)-3 {
		return ReadOnly
	}
	return LastWins
}

// lrem: key count element. A count of 0 takes them all the first time.
func lrem(args []string) Safety {
	if len(args) == 3 && args[1] == "0" {
		return Checked
	}
	return Accumulating
}

// ltrim: key start stop. Keeping the first or the last n does nothing the second
// time; any other range cuts again.
func ltrim(args []string) Safety {
	if len(args) != 3 {
		return Accumulating
	}
	start, stop := args[1], args[2]
	first := start == "0" && (number(stop) >= 0 || stop == "-1")
	last := stop == "-1" && strings.HasPrefix(start, "-")
	if first || last {
		return LastWins
	}
	return Accumulating
}

// zadd: key [NX|XX] [GT|LT] [CH] [INCR] score member ...
func zadd(args []string) Safety {
	if len(args) < 3 {
		return Accumulating
	}
	rung := LastWins
	for _, arg := range args[1:] {
		switch {
		case is(arg, "INCR"):
			return Accumulating
		case is(arg, "NX"), is(arg, "GT"), is(arg, "LT"):
			rung = Checked
		case is(arg, "XX"), is(arg, "CH"):
		default: // the first score
			return rung
		}
	}
	return Accumulating
}

// geoadd: key [NX|XX] [CH] longitude latitude member ...
func geoadd(args []string) Safety {
	for i := 1; i < len(args); i++ {
		switch {
		case is(args[i], "NX"):
			return Checked
		case is(args[i], "XX"), is(args[i], "CH"):
		default:
			return LastWins
		}
	}
	return LastWins
}

// xadd: key [NOMKSTREAM] [KEEPREF|DELREF|ACKED] [IDMP producer id|IDMPAUTO
// producer] [MAXLEN|MINID [=|~] threshold [LIMIT n]] id field value ... A whole
// id is refused the second time. IDMP is not enough: the server remembers only
// so many of a producer's ids, and a busy one pushes ours out.
func xadd(args []string) Safety {
	for i := 1; i < len(args); i++ {
		switch arg := args[i]; {
		case is(arg, "NOMKSTREAM"), is(arg, "KEEPREF"), is(arg, "DELREF"), is(arg, "ACKED"):
		case is(arg, "LIMIT"), is(arg, "IDMPAUTO"):
			i++
		case is(arg, "IDMP"):
			i += 2
		case is(arg, "MAXLEN"), is(arg, "MINID"):
			i++
			if i < len(args) && (args[i] == "=" || args[i] == "~") {
				i++
			}
		case strings.Contains(arg, "*"): // "*", or "5-*"
			return Accumulating
		default: // the id
			return Checked
		}
	}
	return Accumulating
}

// copyKey: source destination [DB n] [REPLACE].
func copyKey(args []string) Safety {
	if len(args) < 2 {
		return LastWins
	}
	for i := 2; i < len(args); i++ {
		switch {
		case is(args[i], "REPLACE"):
			return LastWins
		case is(args[i], "DB"):
			i++
		}
	}
	return Checked
}

// restore: key ttl payload [REPLACE] [ABSTTL] [IDLETIME n] [FREQ n].
func restore(args []string) Safety {
	if len(args) < 3 || slices.ContainsFunc(args[3:], func(arg string) bool { return is(arg, "REPLACE") }) {
		return LastWins
	}
	return Checked
}

// sortKey: key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC|DESC]
// [ALPHA] [STORE destination].
func sortKey(args []string) Safety {
	if len(args) == 0 {
		return Accumulating
	}
	rung := ReadOnly
	for i := 1; i < len(args); i++ {
		switch arg := args[i]; {
		case is(arg, "ASC"), is(arg, "DESC"), is(arg, "ALPHA"):
		case is(arg, "LIMIT"):
			i += 2
		case is(arg, "BY"), is(arg, "GET"):
			i++
		case is(arg, "STORE") && i+1 < len(args):
			i++
			rung = max(rung, store(args[i], args[:1]))
		default:
			return Accumulating
		}
	}
	return rung
}

// geoRadius: key and the rest of the circle, then [WITHCOORD] [WITHDIST]
// [WITHHASH] [COUNT n [ANY]] [ASC|DESC] [STORE key|STOREDIST key].
func geoRadius(args []string, circle int) Safety {
	if len(args) < circle {
		return Accumulating
	}
	rung := ReadOnly
	for i := circle; i < len(args); i++ {
		switch arg := args[i]; {
		case is(arg, "WITHCOORD"), is(arg, "WITHDIST"), is(arg, "WITHHASH"),
			is(arg, "ANY"), is(arg, "ASC"), is(arg, "DESC"):
		case is(arg, "COUNT"):
			i++
		case (is(arg, "STORE") || is(arg, "STOREDIST")) && i+1 < len(args):
			i++
			rung = max(rung, store(args[i], args[:1]))
		default:
			return Accumulating
		}
	}
	return rung
}

// functionLoad: [REPLACE] code.
func functionLoad(args []string) Safety {
	if len(args) == 1 {
		return Checked
	}
	return LastWins
}

// expireIn: key time [NX|XX|GT|LT ...], or with FIELDS n field ... behind. The
// time counts from the execution, so a second one is later: GT lets it pass, LT
// does not.
func expireIn(args []string) Safety {
	return expire(args, func(arg string) bool { return is(arg, "NX") || is(arg, "LT") })
}

// expireAt is expireIn for a point in time, where the second is not greater
// either.
func expireAt(args []string) Safety {
	return expire(args, func(arg string) bool { return is(arg, "NX") || is(arg, "LT") || is(arg, "GT") })
}

func expire(args []string, fails func(arg string) bool) Safety {
	for i := 2; i < len(args) && !is(args[i], "FIELDS"); i++ {
		if fails(args[i]) {
			return Checked
		}
	}
	return LastWins
}

// aclLog: [count|RESET].
func aclLog(args []string) Safety {
	if len(args) > 0 && is(args[0], "RESET") {
		return Admin
	}
	return ReadOnly
}

// sentinelConfig: GET pattern | SET name value.
func sentinelConfig(args []string) Safety {
	if len(args) > 0 && is(args[0], "GET") {
		return ReadOnly
	}
	return Admin
}

// graphSlowlog: key [RESET].
func graphSlowlog(args []string) Safety {
	if len(args) == 1 {
		return ReadOnly
	}
	return Admin
}

// jsonSet: key path value [NX|XX] ...
func jsonSet(args []string) Safety {
	if len(args) > 3 && is(args[3], "NX") {
		return Checked
	}
	return LastWins
}

// jsonDel: key [path]. Behind a deleted element the next one moves up. A bracket
// may also stand for a name, which is not worth telling apart.
func jsonDel(args []string) Safety {
	if len(args) == 0 || len(args) > 1 && strings.Contains(args[1], "[") {
		return Accumulating
	}
	return Checked
}

// withCursor: index query ... [WITHCURSOR ...]. The cursor of a lost reply stays
// on the server until it has idled out; a replay leaves one more.
func withCursor(args []string) Safety {
	if len(args) < 2 || slices.ContainsFunc(args[2:], func(arg string) bool { return is(arg, "WITHCURSOR") }) {
		return Checked
	}
	return ReadOnly
}

// sugAdd: key string score [INCR] [PAYLOAD payload].
func sugAdd(args []string) Safety {
	if len(args) < 3 || slices.ContainsFunc(args[3:], func(arg string) bool { return is(arg, "INCR") }) {
		return Accumulating
	}
	return LastWins
}

// tsAdd: key timestamp value [RETENTION n] [ENCODING e] [CHUNK_SIZE n]
// [DUPLICATE_POLICY p] [ON_DUPLICATE p] [IGNORE t v] [LABELS label value ...].
// Only a policy in the call itself says that the second sample does not add up.
func tsAdd(args []string) Safety {
	if len(args) < 3 || args[1] == "*" {
		return Accumulating
	}
	for i := 3; i+1 < len(args) && !is(args[i], "LABELS"); i++ {
		if !is(args[i], "ON_DUPLICATE") {
			continue
		}
		switch policy := args[i+1]; {
		case is(policy, "BLOCK"), is(policy, "FIRST"), is(policy, "MIN"), is(policy, "MAX"):
			return Checked
		case is(policy, "LAST"):
			return LastWins
		}
		return Accumulating
	}
	return Accumulating
}
