package classify

import (
	"slices"
	"strings"
)

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
