package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

func TestDoctorTakesRefusalsForUnknown(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	m.RequireAuth(marker)
	u := url.URL{Scheme: "redis", Host: m.Addr(), User: url.UserPassword("", marker)}
	r, code := examined(t, u.String())
	if code != 0 || r.Server != "miniredis" {
		t.Errorf("exit code %d, server %q; want 0, miniredis", code, r.Server)
	}
	wantFindings(t, r, map[string]string{
		"tracking-unavailable": severityWarning, "info-unknown": severityWarning, "config-unknown": severityInfo, "acl-unknown": severityInfo,
	})
	code, stdout, _ := redoubt(t, "", "doctor", u.String())
	if code != 0 || strings.Contains(stdout, marker) || strings.Contains(stdout, "\x1b") || !strings.Contains(stdout, "warning  tracking-unavailable") {
		t.Errorf("exit code %d, page:\n%s", code, stdout)
	}
}

func TestPortThatAnswersIsNotTakenForOneWithTLS(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	m.Server().SetPreHook(func(c *server.Peer, cmd string, _ ...string) bool {
		if cmd == "SELECT" {
			c.WriteError("ERR DB index is out of range")
		}
		return cmd == "SELECT"
	})
	code, _, stderr := redoubt(t, "", "doctor", "redis://"+m.Addr()+"/99")
	if code != exitUsage || !strings.Contains(stderr, "SelectDB") || strings.Contains(stderr, "rediss://") {
		t.Errorf("exit code %d, stderr %q; want 2, the database, and no word of TLS", code, stderr)
	}
}
