package classify

import (
	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/errs"
)

// transport is the verdict on everything that is not plainly a reply or one of
// ours: dialling, the connection, contexts, rueidis' own errors, and wrappers
// around any of them. alone says that the caller gave no operation.
func transport(err error, op *Op, alone bool) Verdict {
	var f findings
	f.look(err, 0)
	v := f.verdict(err, op, alone)
	switch {
	case op.Unsent && v.Effect == errs.Unknown:
		v.Effect = errs.NotExecuted
	case op.Dialing && v.Effect != errs.NotExecuted && v.Kind != 0:
		v = beforeCommands(v)
	}
	return v
}

// verdict weighs the findings. A reply says more than the connection it came
// through, and an error that is typed already more than its causes.
func (f *findings) verdict(err error, op *Op, alone bool) Verdict {
	if f.fault != nil {
		if v, ok := lastWords(f.fault.ServerLine()); ok {
			return v
		}
	}
	switch {
	case f.ours != nil:
		return typed(f.ours, op)
	case f.reply != nil:
		return redisError(f.reply, op)
	case f.hasLine:
		return reply(f.line, false, op)
	case f.kind == errs.TrackingUnsupported:
		return trackingRefused(err)
	case f.canceled || f.deadline && !f.dns:
		return f.context(op, alone)
	case f.cert:
		v := verdict(errs.TLS)
		v.Do, v.Fix = Return, 0 // another attempt meets the same certificate
		return v
	case f.dns:
		return verdict(errs.DNS)
	case f.tls || f.alert && op.Dialing:
		return verdict(errs.TLS)
	case f.alert:
		return withEffect(errs.TLS, errs.Unknown)
	case f.dial && f.timeout && op.ended():
		v := ended(op)
		v.Effect = errs.NotExecuted
		return v
	case f.dial && f.timeout:
		return verdict(errs.DialTimeout)
	case f.dial && f.refused:
		return verdict(errs.DialRefused)
	case f.dial:
		return verdict(errs.DialFailed)
	case f.timeout && op.ended():
		return ended(op)
	case f.timeout:
		return verdict(errs.IOTimeout)
	case f.kind != 0:
		return verdict(f.kind)
	case f.lost || f.fault != nil:
		return verdict(errs.ConnLost)
	}
	if rueidis.IsParseErr(err) {
		return verdict(errs.DecodeFailed)
	}
	v := verdict(kindOfClientText(err))
	if v.Kind == errs.TLS {
		v.Effect = errs.Unknown // not all of these end a handshake
	}
	return v
}

// beforeCommands is the verdict on a connection that failed while it was set
// up: no command had been sent on it.
func beforeCommands(v Verdict) Verdict {
	switch v.Kind {
	case errs.ConnLost:
		return verdict(errs.DialFailed)
	case errs.IOTimeout:
		return verdict(errs.DialTimeout)
	}
	v.Effect = errs.NotExecuted
	return v
}
