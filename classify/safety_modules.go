package classify

import (
	"slices"
	"strings"
)

// functionLoad: [REPLACE] code.
func functionLoad(args []string) Safety {
	if len(args) == 1 {
		return Checked
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
