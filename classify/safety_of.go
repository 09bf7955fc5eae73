package classify

// maxName bounds the names of commands, "CONTAINER SUB-COMMAND" included. What
// is longer is unknown.
const maxName = 48

// container marks a name that is a command only together with the next word:
// CLIENT, CONFIG, XGROUP.
const container = Unrated

// SafetyOf rates a command from its name and its arguments, as they are sent:
// SET is LastWins and SET with NX is Checked. Words are read in any case and in
// the positions where the server reads them, so a key named NX is a key.
//
// It is total and never returns Unrated. A command that it does not know is
// Never, and so is an empty one; arguments that it cannot follow are taken for
// the most careful form of the command. It allocates nothing and is safe for
// concurrent use.
func SafetyOf(args []string) Safety {
	if len(args) == 0 {
		return Never
	}
	var buf [maxName]byte
	name, ok := appendUpper(buf[:0], args[0])
	if !ok {
		return Never
	}
	rest := args[1:]
	rung, known := rungs[string(name)]
	if known && rung == container {
		sub := ""
		if len(rest) > 0 {
			sub, rest = rest[0], rest[1:]
		}
		if name, ok = appendUpper(append(name, ' '), sub); !ok {
			return Never
		}
		rung, known = rungs[string(name)]
	}
	if !known {
		return Never
	}
	// The arguments can only raise the rung, so the table alone shows that no
	// form of a command is rated lower than its line.
	if refine := refinements[string(name)]; refine != nil {
		return max(rung, refine(rest))
	}
	return rung
}

// appendUpper appends word in capitals. It reports false for a word that is too
// long to name a command or holds what no name does: a space would let
// one word pass for a container and its sub-command.
func appendUpper(dst []byte, word string) ([]byte, bool) {
	if len(dst)+len(word) > maxName-1 {
		return dst, false
	}
	for i := range len(word) {
		c := word[i]
		if c <= ' ' {
			return dst, false
		}
		dst = append(dst, upperByte(c))
	}
	return dst, true
}

func upperByte(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}

// is reports whether arg is the option word, which is in capitals, in any case.
// Only ASCII folds, as in the server.
func is(arg, word string) bool {
	if len(arg) != len(word) {
		return false
	}
	for i := range len(arg) {
		if upperByte(arg[i]) != word[i] {
			return false
		}
	}
	return true
}

// number reads a small count such as numkeys; -1 if arg is not one.
func number(arg string) int {
	if arg == "" || len(arg) > 9 {
		return -1
	}
	n := 0
	for i := range len(arg) {
		if arg[i] < '0' || arg[i] > '9' {
			return -1
		}
		n = n*10 + int(arg[i]-'0')
	}
	return n
}
