package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// marker stands for a password that must not be seen.
const marker = "s3cr3t-marker"

// jsonKeys are the keys of an object in their order.
func jsonKeys(t *testing.T, object string) (keys []string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(object))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key.(string))
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

// badTargets are arguments that no command can connect with.
var badTargets = []struct{ url, want string }{
	{"redis://:" + marker + "@127.0.0.1:1", "DialRefused"},
	{"rediss://u:" + marker + "@127.0.0.1:1", "DialRefused"},
	{"unix://u:" + marker + "@/nowhere/at/all.sock", "DialRefused"},
	{"http://u:" + marker + "@127.0.0.1:1", "BadURL"},
	{"u:" + marker + "@127.0.0.1:1", "BadURL"},
	{"127.0.0.1:6379", "BadURL"},
	{"redis://", "BadURL"},
	{"unix://", "BadURL"},
	{"redis://127.0.0.1:1/" + marker, "BadURL"},
	{"redis://127.0.0.1:1?db=" + marker, "BadURL"},
	{"redis://127.0.0.1:1?dial_timeout=" + marker, "BadURL"},
	{"redis://:" + marker + "/x@127.0.0.1:1", "BadURL"},
	{"redis://" + marker + "#x@127.0.0.1:1", "BadURL"},
	{"redis://" + marker + "?x@127.0.0.1:1", "BadURL"},
	{"redis://" + marker + "/x@127.0.0.1:1", "BadURL"},
	{"redis://%zz" + marker, "BadURL"},
	{"redis://127.0.0.1:1\n" + marker, "BadURL"},
}

// checkTargets tries them all on a command, whose last argument is a URL.
func checkTargets(t *testing.T, args ...string) {
	t.Helper()
	for _, tt := range badTargets {
		code, stdout, stderr := redoubt(t, "", append(slices.Clip(args), tt.url)...)
		name := "redoubt " + args[0] + ": "
		if code != exitUsage || stdout != "" || !strings.HasPrefix(stderr, name+tt.want+": ") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v %q: exit code %d, stdout %q, stderr %q; want 2 and one line of %s", args, tt.url, code, stdout, stderr, tt.want)
		}
		if strings.Contains(stderr, marker) {
			t.Errorf("%v %q: the password is printed: %s", args, tt.url, stderr)
		}
	}
}

// checkArguments tries arguments that a command does not take, and --help.
func checkArguments(t *testing.T, name string, bad ...[]string) {
	t.Helper()
	for _, args := range bad {
		code, stdout, stderr := redoubt(t, "", append([]string{name}, args...)...)
		if code != exitUsage || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "--help") {
			t.Errorf("%s %v: exit code %d, stdout %q, stderr %q; want 2 and one line", name, args, code, stdout, stderr)
		}
	}
	code, stdout, stderr := redoubt(t, "", name, "--help")
	if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "Usage: redoubt "+name) {
		t.Errorf("%s --help: exit code %d, stdout %q, stderr %q", name, code, stdout, stderr)
	}
}
