package classify

import (
	"strings"

	"github.com/redoubt-go/redoubt/errs"
)

// attach puts the payload of a reply between the error and its cause.
func attach(e *errs.Error, v Verdict, text string, plain bool) {
	switch v.Kind {
	case errs.ExecAbort:
		r := read(text, plain)
		if reason, ok := strings.CutPrefix(r.text, abortReason); ok {
			if in := read(reason, true); in.kind != errs.ExecAbort && in.kind != errs.UnknownReply {
				e.Err = &errs.Error{Kind: in.kind, Effect: v.Effect, Code: in.code, Op: e.Op, Err: e.Err}
			}
		}
	case errs.NoPerm:
		e.Err = permission(read(text, plain).text, e.Err)
	case errs.UnknownCommand:
		if name := quotedName(read(text, plain).text); name != "" && len(name) <= 64 {
			e.Err = &errs.UnknownCommandError{Command: name, Err: e.Err}
		}
	case errs.CrossSlot:
		if e.Op != "" {
			e.Err = &errs.CrossSlotError{Command: e.Op, Err: e.Err}
		}
	case errs.Moved, errs.Ask, errs.RedirectTo:
		e.Err = &errs.RedirectError{To: v.Addr, Slot: v.Slot - 1, Err: e.Err}
	}
}

// permission reads what a NOPERM refuses. It knows the wordings since 6.0.
func permission(text string, cause error) error {
	p := &errs.PermissionError{Err: cause}
	if user, ok := strings.CutPrefix(text, "User "); ok {
		p.User = word(user)
	}
	switch {
	case strings.Contains(text, "to access a key"), strings.Contains(text, "one of the keys"):
		p.Key = true
	case strings.Contains(text, "to access a channel"), strings.Contains(text, "one of the channels"):
		p.Channel = true
	case strings.Contains(text, "permissions to run"):
		p.Command = quotedName(text)
	}
	return p
}
