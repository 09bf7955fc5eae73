package classify

import (
	"strings"

	"github.com/redoubt-go/redoubt/errs"
)

// refusesSetup is the verdict on a line that came while a connection was set
// up. Whatever it is, no command was sent yet. What says something about the
// server or the user keeps its kind; the rest refused AUTH or HELLO, or the
// set-up in general.
func refusesSetup(v Verdict, op *Op) Verdict {
	code := v.Code
	switch {
	case setupKeeps(v.Kind):
	case op.Name == "AUTH" || op.Name == "HELLO":
		v = verdict(errs.AuthRefused)
	default:
		v = verdict(errs.Handshake)
	}
	v.Effect, v.Code = errs.NotExecuted, code
	return v
}

// setupKeeps reports whether a kind says more than "the set-up failed".
func setupKeeps(k errs.Kind) bool {
	switch k.Class() {
	case errs.Auth, errs.Permission, errs.ServerState:
		return true
	}
	return k == errs.ClusterDown || k == errs.Protocol
}

// refusesAuth is the verdict on an AUTH or HELLO that a caller sent: modules
// and services refuse credentials in words of their own.
func refusesAuth(v Verdict) Verdict {
	if v.Kind == errs.CommandRefused || v.Kind == errs.UnknownReply {
		return withCode(verdict(errs.AuthRefused), v.Code)
	}
	return v
}

// lastWords is the verdict on the last error line of a connection that ended,
// if the line is one of those that a server closes a connection with.
func lastWords(line string) (Verdict, bool) {
	if line == "" {
		return Verdict{}, false
	}
	r := read(line, !strings.HasPrefix(line, "ERR "))
	switch r.kind {
	case errs.MaxClients, errs.Denied:
		return r.verdict(), true
	case errs.Protocol:
		return withCode(verdict(errs.Protocol), r.code), true
	}
	return Verdict{}, false
}

// trackingRefused looks behind ErrNoCache: rueidis prints the server's refusal
// of any CLIENT command of the set-up in front of it.
func trackingRefused(err error) Verdict {
	text := err.Error()
	if i := strings.Index(text, ": [CLIENT "); i > 0 {
		r := read(text[:i], true)
		if setupKeeps(r.kind) {
			v := r.verdict()
			v.Effect = errs.NotExecuted
			return v
		}
	}
	return verdict(errs.TrackingUnsupported)
}
