package client

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// failure makes the error that the caller gets: the verdict on the last
// attempt, and why there was no other.
func (r *run) failure(t *try, why errs.Why) *errs.Error {
	e := classify.Wrap(t.v, t.err, &t.op)
	if e.Addr == "" {
		e.Addr = t.n.addr
	}
	redirected(e)
	e.Attempts, e.Elapsed = r.attempts, time.Duration(nano()-r.start)
	if t.doubt && e.Effect == errs.NotExecuted {
		e.Effect = errs.Unknown // the last attempt was not executed, an earlier one may have been
	}
	switch {
	case why == errs.WhyCaller && r.ctxErr != nil:
		return r.left(e)
	case why == errs.WhyClosed:
		closed := *e
		closed.Kind, closed.Code = errs.Closed, ""
		closed.Err = &errs.ExhaustedError{Why: why, Err: errors.Join(rueidis.ErrClosing, e)}
		return &closed
	case why != "":
		e.Err = &errs.ExhaustedError{Why: why, Err: e.Err}
	}
	return e
}

// left is the failure of a caller who went away during a pause: its own
// context ended, and the last failure stands behind.
func (r *run) left(last *errs.Error) *errs.Error {
	e := *last
	e.Kind, e.Code = errs.Canceled, ""
	if errors.Is(r.ctxErr, context.DeadlineExceeded) {
		e.Kind = errs.Deadline
	}
	e.Err = &errs.ExhaustedError{Why: errs.WhyCaller, Err: errors.Join(r.ctxErr, last)}
	return &e
}

// redirected completes what is known of a redirection: who sent it, and the
// host where the reply leaves it out, for then it is the same. A reply whose
// target cannot be used gets its payload here.
func redirected(e *errs.Error) {
	switch e.Kind {
	case errs.BadRedirect:
		e.Err = &errs.RedirectError{From: e.Addr, Slot: -1, Err: e.Err}
		return
	case errs.UnknownTarget:
		slot, _ := e.Slot()
		e.Err = &errs.RedirectError{From: e.Addr, Slot: slot, Err: e.Err}
		return
	}
	re, ok := e.Err.(*errs.RedirectError) //nolint:errorlint // it would be the payload itself
	if !ok || re.From != "" {
		return
	}
	full := *re
	full.From = e.Addr
	if port, ok := strings.CutPrefix(re.To, ":"); ok {
		if host, _, err := net.SplitHostPort(e.Addr); err == nil {
			full.To = net.JoinHostPort(host, port)
		}
	}
	e.Err = &full
}
