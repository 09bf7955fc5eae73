package classify

import "slices"

// RatedNames lists the lines of the table of rungs, sorted.
func RatedNames() []string {
	names := make([]string, 0, len(rungs))
	for name := range rungs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// RungOf is the line of the table for a name in capitals.
func RungOf(name string) (Safety, bool) {
	rung, known := rungs[name]
	return rung, known
}

// Refined lists the commands whose arguments are looked at, sorted.
func Refined() []string {
	names := make([]string, 0, len(refinements))
	for name := range refinements {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// OfReply is Of for a text as rueidis hands it over, without a leading "ERR ";
// only rueidis can make an error of it.
func OfReply(text string, op *Op) Verdict { return reply(text, true, op) }
