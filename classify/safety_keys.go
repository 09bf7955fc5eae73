package classify

import "slices"

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
