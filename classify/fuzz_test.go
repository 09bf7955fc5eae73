package classify_test

import (
	"errors"
	"net"
	"strconv"
	"testing"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

var seeds = []string{
	"", "ERR", "ERR ", "-X y", "MOVED", "MOVED 1", "MOVED 3999 127.0.0.1:6381", "ASK 3999 ::1:6381", "REDIRECT :1", "MOVED 1 ?:1",
	replica + suffix, running + "@user_script:1: @user_script: 1: -" + replica, "ERR user_script:1: MOVED 1 a:1" + suffix,
	"EXECABORT Transaction discarded because of: MOVED 1 a:1", "ERR unknown command 'x', with args beginning with: ", "@user_script: 1: -OOM x",
	"NOPERM User", "UNBLOCKED", "ERR (' `\"", "ERR  x", "ERR A is", ", on @a:1.", "script: on @a:1.",
}

// FuzzOf holds for any bytes: no panic, a kind, no redirection without a target
// that can be dialled, none for what a script may have written, and no replay
// of what was executed.
func FuzzOf(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, "", 0)
		f.Add(s, "EVALSHA", 4000)
	}
	f.Fuzz(func(t *testing.T, line, name string, slot int) {
		op := &classify.Op{Name: name, Slot: slot}
		v := classify.Of(classify.Line(line), op)
		checkVerdict(t, v, name, slot)
		checkVerdict(t, classify.OfReply(line, op), name, slot)
		e := classify.Wrap(v, classify.Line(line), op)
		if e.Kind != v.Kind || errors.Unwrap(e) == nil {
			t.Errorf("got %v without cause or of another kind than %v", e, v.Kind.String())
		}
		if e.Error() == "" {
			t.Error("got an error without text")
		}
	})
}

// checkVerdict holds what is true of the verdict on any reply.
func checkVerdict(t *testing.T, v classify.Verdict, name string, slot int) {
	t.Helper()
	if !v.Kind.Valid() {
		t.Errorf("got kind %d; want a kind for every line", v.Kind)
	}
	if v.Do != classify.Return && v.Effect == errs.Executed {
		t.Errorf("got %v after an execution; want return", v.Do)
	}
	if v.Do == classify.Redirect || v.Do == classify.Ask {
		checkTarget(t, v)
		if name == "EVALSHA" && v.Slot != slot {
			t.Errorf("got a redirection of slot+1 %d; want the script's own, %d", v.Slot, slot)
		}
	} else if v.Addr != "" {
		t.Errorf("got address %q with %v; want none", v.Addr, v.Do)
	}
}

func checkTarget(t *testing.T, v classify.Verdict) {
	t.Helper()
	host, port, err := net.SplitHostPort(v.Addr)
	if err != nil || host == "?" {
		t.Errorf("got address %q; want one that can be dialled", v.Addr)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		t.Errorf("got port %q; want 1 to 65535", port)
	}
	if v.Effect != errs.NotExecuted {
		t.Errorf("got %v with a redirection; want not-executed", v.Effect)
	}
	if v.Slot < 0 || v.Slot > 16384 || v.Slot == 0 && v.Kind != errs.RedirectTo && v.Kind != errs.ExecAbort {
		t.Errorf("got slot+1 %d; want 1 to 16384", v.Slot)
	}
}

// FuzzTyped holds that Typed types every line and does so once.
func FuzzTyped(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		once := classify.Typed(classify.Line(line))
		e, ok := once.(*errs.Error)
		if !ok || !e.Kind.Valid() {
			t.Fatalf("got %v; want an *errs.Error with a kind", once)
		}
		if classify.Typed(once) != once {
			t.Error("typed twice gives another error")
		}
		if v := classify.Of(once, nil); v.Kind != e.Kind || v.Effect != e.Effect {
			t.Errorf("classified again: got %v, %v; want %v, %v", v.Kind.String(), v.Effect, e.Kind.String(), e.Effect)
		}
	})
}
