package classify_test

import (
	"testing"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

func TestRedirections(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line string
		do   classify.Do
		addr string
		slot int // -1: none
	}{
		{"MOVED 3999 127.0.0.1:6381", classify.Redirect, "127.0.0.1:6381", 3999},
		{"MOVED 0 node-b.example.com:1", classify.Redirect, "node-b.example.com:1", 0},
		{"MOVED 16383 node_b:65535", classify.Redirect, "node_b:65535", 16383},
		{"MOVED 8579 :21002", classify.Redirect, ":21002", 8579},
		{"MOVED 8579 ::1:21002", classify.Redirect, "[::1]:21002", 8579},
		{"MOVED 8579 [::1]:21002", classify.Redirect, "[::1]:21002", 8579},
		{"MOVED 8579 2001:db8::7:21002", classify.Redirect, "[2001:db8::7]:21002", 8579},
		{"MOVED 8579 fe80::1%eth0:21002", classify.Redirect, "[fe80::1%eth0]:21002", 8579},
		{"MOVED 00017 a:06381", classify.Redirect, "a:6381", 17},
		{"ASK 3999 127.0.0.1:6381", classify.Ask, "127.0.0.1:6381", 3999},
		{"ASK 3999 ::1:6381", classify.Ask, "[::1]:6381", 3999},
		{"ASK 3999 :6381", classify.Ask, ":6381", 3999},
		{"REDIRECT 127.0.0.1:6379", classify.Redirect, "127.0.0.1:6379", -1},
		{"REDIRECT ::1:6379", classify.Redirect, "[::1]:6379", -1},
	} {
		v := classify.Of(classify.Line(tt.line), nil)
		if v.Do != tt.do || v.Addr != tt.addr || v.Slot-1 != tt.slot || v.Effect != errs.NotExecuted {
			t.Errorf("%q: got %v, %q, slot %d, %v; want %v, %q, slot %d, not-executed", tt.line, v.Do, v.Addr, v.Slot-1, v.Effect, tt.do, tt.addr, tt.slot)
		}
	}
}

func TestMalformedRedirections(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"MOVED", "ASK", "REDIRECT"} {
		slot := " 3999 "
		if code == "REDIRECT" {
			slot = " "
		}
		lines := []string{code, code + " ", code + "  "}
		for _, target := range []string{
			"", ":", "a:", ":0", "a:0", "a:65536", "a:99999", "a:123456", "a:-1", "a:+1", "a:1x", "a: 1", "nohost",
			"a:6381 ", " a:6381", "a:6381 script: x", "a b:6381", "a/b:1", "a@b:1", "u:p@h:1", "a:1@2", "h\x00:1", "h\n:1", "hé:1",
			"256.1.1.1:1", "1.2.3:1", "01.2.3.4:1", "fe80::1%a b:1", "fe80::1%a/b:1",
			"[::1:1", "::1]:1", "[]:1", "[:1", "[a]:1", "[127.0.0.1]:1", "1::2::3:1", "a:b:1", ".:1", "-x:1", "?x:1", "*:1",
		} {
			lines = append(lines, code+slot+target)
		}
		if code != "REDIRECT" {
			for _, number := range []string{"16384", "99999", "-1", "+1", "1.0", "0x1", "1e3", "123456", "a", "", "１"} {
				lines = append(lines, code+" "+number+" 127.0.0.1:6381")
			}
			lines = append(lines, code+" 1", code+" 1 ", code+"  1 a:1")
		}
		for _, line := range lines {
			v := classify.Of(classify.Line(line), nil)
			if v.Kind != errs.BadRedirect || v.Do != classify.Return || v.Effect != errs.NotExecuted || v.Addr != "" || v.Slot != 0 || v.Code != code {
				t.Errorf("%q: got %v, %v, %v, %q; want BadRedirect, return, not-executed, no target", line, v.Kind.String(), v.Do, v.Effect, v.Addr)
			}
		}
	}
}

// TestUnknownHostRefreshes holds that "?" is never dialled: only the topology
// can tell where the node is.
func TestUnknownHostRefreshes(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"MOVED 8579 ?:21002", "ASK 8579 ?:21002", "REDIRECT ?:21002"} {
		v := classify.Of(classify.Line(line), nil)
		if v.Kind != errs.UnknownTarget || v.Do != classify.RetryBackoff || !v.Fix.Has(classify.RefreshTopology) || v.Addr != "" {
			t.Errorf("%q: got %v, %v, %v, %q; want UnknownTarget, retry-backoff, refresh-topology, no target", line, v.Kind.String(), v.Do, v.Fix.Names(), v.Addr)
		}
	}
}

// TestQuotedRedirectionsAreNotFollowed holds that ERR MOVED, which only a
// script or a proxy can send, leads nowhere.
func TestQuotedRedirectionsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"ERR MOVED 1 10.0.0.1:6379", "ERR ASK 1 10.0.0.1:6379", "ERR REDIRECT 10.0.0.1:6379", "ERR " + "ERR MOVED 1 10.0.0.1:6379"} {
		if v := classify.Of(classify.Line(line), nil); v.Kind != errs.BadRedirect || v.Do != classify.Return || v.Addr != "" {
			t.Errorf("%q: got %v, %v, %q; want BadRedirect, return, no target", line, v.Kind.String(), v.Do, v.Addr)
		}
	}
}
