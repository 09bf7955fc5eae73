package classify

import (
	"strings"

	"github.com/redoubt-go/redoubt/errs"
)

// readCode decides by the code, and where one code has several meanings by
// the words behind it. It reports false for a code that it does not know.
func (r *reading) readCode() bool {
	switch r.inner {
	case "MOVED":
		r.kind = errs.Moved
	case "ASK":
		r.kind = errs.Ask
	case "REDIRECT":
		r.kind = errs.RedirectTo
	case "CLUSTERDOWN":
		r.kind = errs.ClusterDown
	case "TRYAGAIN":
		r.kind = errs.TryAgain
	case "CROSSSLOT":
		r.kind = errs.CrossSlot
	case "LOADING":
		r.kind = errs.Loading
	case "READONLY":
		r.kind = errs.ReadOnly
	case "MASTERDOWN", "PRIMARYDOWN":
		r.kind = errs.MasterDown
	case "BUSY":
		r.kind = errs.Busy
	case "OOM":
		if strings.HasPrefix(r.text, "in ") { // "ERR OOM in dictTryExpand"
			return false
		}
		r.kind = errs.OOM
	case "MISCONF":
		r.kind = errs.Misconf
	case "NOREPLICAS":
		r.kind = errs.NoReplicas
	case "UNBLOCKED":
		r.kind = unblocked(r.text)
	case "NOTREADY", "NOMASTERLINK", "NOPRIMARYLINK", "ERRCLUSTER", "UNAVAILABLE":
		r.kind = errs.NotReady
	case "NOAUTH":
		r.kind = errs.NoAuth
	case "WRONGPASS":
		r.kind = errs.WrongPass
	case "NOPROTO":
		r.kind = errs.NoProto
	case "NOPERM":
		r.kind = errs.NoPerm
		if strings.HasPrefix(r.text, "ACLs rules changed") { // an element of EXEC: the others ran
			r.effect, r.known = errs.Partial, true
		}
	case "DENIED":
		r.kind = errs.Denied
	case "NOSCRIPT":
		r.kind = errs.NoScript
	case "NOTBUSY":
		r.kind = errs.NotBusy
	case "UNKILLABLE":
		r.kind = errs.Unkillable
	case "EXECABORT":
		r.kind = errs.ExecAbort
	case "WRONGTYPE":
		r.kind = errs.WrongType
	case "BUSYKEY":
		r.kind = errs.BusyKey
	case "BUSYGROUP":
		r.kind = errs.BusyGroup
	case "NOGROUP":
		r.kind = errs.NoGroup
	case "INVALIDOBJ":
		r.kind = errs.BadValue
	case "IOERR":
		r.kind = errs.MigrateFailed
		if strings.HasPrefix(r.text, "error or timeout connecting") { // nothing was sent to the target
			r.effect, r.known = errs.NotExecuted, true
		}
	case "DISABLED":
		r.kind = errs.ConfigRefused
	case "NOSUB":
		r.kind = errs.NoSubscription
	case "NOGOODSLAVE", "NOGOODREPLICA":
		r.kind = errs.NoGoodReplica
	case "NOGOODPRIMARY":
		r.kind = errs.SentinelRefused
	case "INPROG":
		r.kind = errs.FailoverInProgress
	case "NOQUORUM":
		r.kind = errs.NoQuorum
	case "IDONTKNOW":
		r.kind = errs.PrimaryNotFound
	default:
		return r.readModuleCode()
	}
	return true
}

// readModuleCode knows the families of codes that modules use.
func (r *reading) readModuleCode() bool {
	if !strings.HasPrefix(r.inner, "SEARCH_") {
		return false
	}
	r.kind = errs.ModuleFailed
	switch {
	case strings.HasSuffix(r.inner, "_NOT_FOUND"):
		r.kind = errs.NoSuchKey
	case strings.HasSuffix(r.inner, "_EXISTS"):
		r.kind = errs.BusyKey
	case strings.HasSuffix(r.inner, "_TIMEOUT"):
		r.like = errs.NotReady // as "Timeout limit was reached"
	}
	return true
}

// unblocked tells the three meanings of UNBLOCKED apart.
func unblocked(text string) errs.Kind {
	switch {
	case strings.HasPrefix(text, "client unblocked"):
		return errs.UnblockedByHand
	case strings.HasPrefix(text, "the stream key"):
		return errs.StreamKeyGone
	}
	return errs.Unblocked
}
