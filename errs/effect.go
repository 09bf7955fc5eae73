package errs

import "strconv"

// Effect says whether the command may have been executed by a server. The zero
// value is the careful one: Unknown.
type Effect uint8

const (
	Unknown     Effect = iota // it may have been executed, or not
	NotExecuted               // it was certainly not executed
	Executed                  // it was executed, and the failure came after
	Partial                   // a part was executed: a script, a batch, a transaction element
)

var effectNames = [...]string{"unknown", "not-executed", "executed", "partial"}

// String is one of unknown, not-executed, executed and partial.
func (e Effect) String() string {
	if int(e) >= len(effectNames) {
		return "Effect(" + strconv.Itoa(int(e)) + ")"
	}
	return effectNames[e]
}
