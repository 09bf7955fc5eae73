package classify

import "github.com/redoubt-go/redoubt/errs"

// typed is the verdict on an error that is ours already, from the dial seam or
// from a layer below: its kind and effect stand, the policy is the kind's.
func typed(e *errs.Error, op *Op) Verdict {
	if !e.Kind.Valid() {
		return verdict(errs.Unclassified)
	}
	v := verdict(e.Kind)
	v.Effect, v.Code = e.Effect, e.Code
	if slot, ok := e.Slot(); ok {
		v.Slot = slot + 1
	}
	switch {
	case e.Kind == errs.ForeignContext && op.ended():
		v = ended(op) // the one who dials cannot tell whose context it was
		v.Effect = e.Effect
	case e.Kind == errs.ExecAbort:
		if in, ok := e.Err.(*errs.Error); ok && in != nil && in.Kind != errs.ExecAbort {
			p := typed(in, op)
			v.Do, v.Fix, v.Lane, v.Addr = p.Do, p.Fix, p.Lane, p.Addr
		}
	case v.Do == Redirect || v.Do == Ask:
		v.Addr = targetOf(e.Err)
	case e.Kind == errs.DialFailed:
		if fault, ok := e.Err.(ConnFault); ok {
			if w, ok := lastWords(fault.ServerLine()); ok { // the server has said why it hung up
				w.Effect = e.Effect
				return w
			}
		}
	case e.Kind == errs.TLS:
		var f findings
		if f.look(e.Err, 0); f.cert {
			v.Do, v.Fix = Return, 0
		}
	}
	if (v.Do == Redirect || v.Do == Ask) && (v.Addr == "" || v.Slot == 0 && e.Kind != errs.RedirectTo) {
		v.Do = Return // an address that nobody kept cannot be followed
	}
	if v.Effect == errs.Partial || v.Effect == errs.Executed {
		v.Do = Return
	}
	return v
}

// targetOf finds where a redirection that is typed already pointed to.
func targetOf(err error) string {
	for range maxDepth {
		if e, ok := err.(*errs.RedirectError); ok && e != nil {
			if addr, known, ok := target(e.To); ok && known {
				return addr
			}
			return ""
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return ""
		}
		err = u.Unwrap()
	}
	return ""
}
