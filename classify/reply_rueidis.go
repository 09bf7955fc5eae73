package classify

import (
	"strings"

	"github.com/redoubt-go/redoubt/errs"
)

// clientTexts are the errors of rueidis that have no name to compare with. A
// test makes rueidis produce them, so that an upgrade cannot change one
// unnoticed.
var clientTexts = [...]struct {
	text string
	kind errs.Kind
}{
	{"connection is expired", errs.ConnExpired},
	{"received unknown message type", errs.Protocol},
	{"received unexpected number byte", errs.Protocol},
	{"received unexpected simple string message ending without CRLF", errs.Protocol},
	{"unbounded redis message", errs.Protocol},
	{"RESP2 null", errs.Protocol},
	{"protocol bug", errs.Protocol},
	{"redis message is not a map/array/set", errs.DecodeFailed},
	{"unsupported redis ", errs.DecodeFailed}, // a reply that cannot be streamed
	{"the redis role is not master", errs.StalePrimary},
	{"the redis role is not slave", errs.ReplicaNotFound},
	{"not enough ready replicas", errs.ReplicaNotFound},
	{"redis: invalid ", errs.BadURL},
	{"EnableRedirect and ReplicaAddress", errs.BadOption},
	{"tls: ", errs.TLS}, // crypto/tls has many errors without a type
	{"x509: ", errs.TLS},
}

// kindOfClientText is the kind of an error that nothing but its text tells.
func kindOfClientText(err error) errs.Kind {
	text := err.Error()
	for _, t := range &clientTexts {
		if strings.HasPrefix(text, t.text) {
			return t.kind
		}
	}
	if strings.HasPrefix(text, "got ") && (strings.HasSuffix(text, ", wanted 2") || strings.HasSuffix(text, ", expected 2")) {
		return errs.DecodeFailed
	}
	return errs.Unclassified
}
