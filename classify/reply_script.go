package classify

import (
	"strings"

	"github.com/redoubt-go/redoubt/errs"
)

// runsScript reports whether the operation runs a script or a function, whose
// author may have written the reply.
func (op *Op) runsScript() bool {
	return strings.HasPrefix(op.Name, "EVAL") || strings.HasPrefix(op.Name, "FCALL") || strings.HasPrefix(op.Name, "TFCALL")
}

// cutRaised cuts the suffix of a line that stopped a script:
//
//	... script: <sha or name>, on @user_script:12.
//	... script: on @user_script:12.
func cutRaised(s string) (line string, raised bool) {
	place, ok := strings.CutSuffix(s, ".")
	if !ok {
		return s, false
	}
	at := len(place) - 1
	for at >= 0 && place[at] != '@' {
		if place[at] == ' ' {
			return s, false
		}
		at--
	}
	if at < 0 || !isPlace(place[at:]) {
		return s, false
	}
	head, ok := strings.CutSuffix(place[:at], "on ")
	if !ok {
		return s, false
	}
	if named, ok := strings.CutSuffix(head, ", "); ok {
		i := strings.LastIndexByte(named, ' ')
		head = named[:i+1]
	}
	head, ok = strings.CutSuffix(head, "script: ")
	if !ok || head != "" && head[len(head)-1] != ' ' {
		return s, false
	}
	return strings.TrimSuffix(head, " "), true
}

// isPlace reports whether s is "@source:line".
func isPlace(s string) bool {
	source, line, ok := strings.Cut(strings.TrimPrefix(s, "@"), ":")
	if !ok || source == "" || line == "" {
		return false
	}
	for i := range len(source) {
		if c := source[i]; c != '_' && !codeByte(c) && (c < 'a' || c > 'z') {
			return false
		}
	}
	for i := range len(line) {
		if c := line[i]; (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// cutLocation peels one layer of the older ways to say where in a script a
// line came up:
//
//	Error running script (call to f_<sha>): @user_script:1: ...
//	@user_script: 1: -OOM ...
//	user_script:1: ...
//
// The middle one, alone on a line, was returned by the script after a pcall;
// within the first it was raised.
func cutLocation(s string) (inner string, from origin, ok bool) {
	if rest, found := strings.CutPrefix(s, "Error running script (call to "); found {
		if _, inner, ok = strings.Cut(rest, "): "); !ok {
			return "", byRaise, true
		}
		return inner, byRaise, true
	}
	from = byReturned
	rest, dotted := strings.CutPrefix(s, "@")
	if !dotted {
		if from = byRaise; !strings.HasPrefix(s, "user_") {
			return s, 0, false
		}
	}
	source, rest, ok := strings.Cut(rest, ":")
	if !ok || source == "" || strings.IndexByte(source, ' ') >= 0 || len(source) > 32 {
		return s, 0, false
	}
	rest = strings.TrimPrefix(rest, " ")
	n := 0
	for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	if n == 0 || !strings.HasPrefix(rest[n:], ": ") {
		return s, 0, false
	}
	return strings.TrimPrefix(rest[n+2:], "-"), from, true
}

// raised is the verdict on a line that stopped a script: what the script wrote
// before stays written, so the effect is partial and nothing is sent again.
// Redirections and the codes that a script makes up are the script's failure.
func raised(v Verdict, r *reading) Verdict {
	switch r.kind {
	case errs.ReadOnly, errs.OOM, errs.Misconf, errs.NoReplicas:
		// The server checks these before the first write of a script.
		if r.inner != "" && isGenuine(r.kind, r.text) {
			return v
		}
	case errs.ScriptKilled, errs.ScriptReadOnly:
		return v // likewise: nothing was written
	case errs.MasterDown, errs.NonLocalKey, errs.ScriptFailed: // MasterDown keeps its policy: the node is at fault
		v.Effect = errs.Partial
		return v
	case errs.Moved, errs.Ask, errs.RedirectTo, errs.BadRedirect, errs.UnknownTarget,
		errs.CommandRefused, errs.UnknownReply, errs.ExecAbort:
		return withCode(verdict(errs.ScriptFailed), r.code)
	}
	return Verdict{
		Kind: v.Kind, Effect: errs.Partial, Do: Return,
		Fix: v.Fix & (RefreshTopology | Rediscover), Lane: LaneSuccess, Code: r.code,
	}
}

// returned is the verdict on a line that a script returned at its end.
func returned(v Verdict) Verdict {
	return Verdict{Kind: v.Kind, Effect: errs.Executed, Do: Return, Lane: LaneSuccess, Code: v.Code}
}

// answersScript is the verdict on a line without a suffix that answers EVAL or
// FCALL: the server refused to start the script, or the script wrote the line
// and ran to its end.
func answersScript(v Verdict, r *reading, op *Op) Verdict {
	switch v.Kind {
	case errs.Moved, errs.Ask, errs.UnknownTarget:
		if op.Slot != 0 && v.Slot == op.Slot {
			return v
		}
	case errs.RedirectTo, errs.BadRedirect:
	case errs.NonLocalKey, errs.ScriptFailed, errs.ScriptKilled:
		return v
	default:
		if !refusesScripts(v.Kind, r, op) {
			return returned(v)
		}
		if v.Do != Return && !isGenuine(v.Kind, r.text) {
			v.Effect = errs.Unknown // refused in other words, or made up at the end of a script
		}
		return v
	}
	return returned(withCode(verdict(errs.UnknownReply), v.Code))
}

// refusesScripts reports whether a server refuses to start a script with this
// kind of line.
func refusesScripts(k errs.Kind, r *reading, op *Op) bool {
	switch k {
	case errs.Loading, errs.ReadOnly, errs.NotPrimary, errs.MasterDown, errs.Busy, errs.OOM, errs.Misconf,
		errs.NoReplicas, errs.MaxClients, errs.ClusterDown, errs.TryAgain, errs.CrossSlot,
		errs.ClusterRefused, errs.NoAuth, errs.NoPerm, errs.Denied, errs.CommandLocked,
		errs.NoScript, errs.FunctionNotFound, errs.ScriptMisuse, errs.ScriptCompile,
		errs.ScriptReadOnly, errs.SubscriberMode, errs.Protocol, errs.ProxyFailed:
		return true
	case errs.UnknownCommand, errs.WrongArity:
		// A script that met these inside tells of another command.
		return strings.EqualFold(quotedName(r.text), op.Name)
	}
	return false
}

// isGenuine reports whether the text behind a code is how servers put it,
// product names aside. Only scripts can make these codes up, so only for them
// the words count; a wording that is not known here costs a retry, no more.
func isGenuine(k errs.Kind, text string) bool {
	_, verb, _ := strings.Cut(text, " ") // behind the name of the product
	switch k {
	case errs.ReadOnly:
		return hasPrefixFold(text, "you can't write against") || hasPrefixFold(text, "can not run script")
	case errs.OOM:
		return hasPrefixFold(text, "command not allowed when used memory") || hasPrefixFold(text, "allow-oom flag")
	case errs.Misconf:
		return hasPrefixFold(verb, "is configured to") || hasPrefixFold(text, "errors writing to the aof")
	case errs.NoReplicas:
		return hasPrefixFold(text, "not enough good")
	case errs.Loading:
		return hasPrefixFold(verb, "is loading the dataset")
	case errs.Busy:
		return hasPrefixFold(verb, "is busy running") || hasPrefixFold(text, "slow module operation")
	case errs.MasterDown:
		return hasPrefixFold(text, "link with ")
	case errs.ClusterDown:
		return hasPrefixFold(text, "the cluster is down") || hasPrefixFold(text, "hash slot not served") ||
			hasPrefixFold(text, "cluster is not")
	case errs.TryAgain:
		return hasPrefixFold(text, "multiple keys request") || hasPrefixFold(text, "slot is being")
	case errs.NoAuth:
		return hasPrefixFold(text, "authentication required")
	case errs.NoScript:
		return hasPrefixFold(text, "no matching script")
	case errs.FunctionNotFound, errs.MaxClients, errs.NotPrimary, errs.Protocol:
		return true // known by the whole sentence only
	}
	return false
}
