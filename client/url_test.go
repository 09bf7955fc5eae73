package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// told is what a server of a URL was told while the client was made.
func told(t *testing.T, url string) []string {
	t.Helper()
	fake := respfake.New(plan{}.script())
	defer fake.Close()
	at, err := fake.Listen()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Open(t.Context(), strings.Replace(url, "HOST", at, 1))
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	defer c.Close()
	if err := do(t.Context(), c, "SET", "k", "v"); err != nil {
		t.Errorf("%s: %v", url, err)
	}
	var lines []string
	for _, cmd := range fake.Log() {
		lines = append(lines, cmd.String())
	}
	return lines
}

func TestURLSaysHowToConnect(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"redis://HOST":                                "HELLO 3",
		"valkey://HOST":                               "HELLO 3",
		"redis://user:secret@HOST/3":                  "HELLO 3 AUTH user secret",
		"redis://:secret@HOST":                        "HELLO 3 AUTH default secret",
		"redis://HOST/3":                              "SELECT 3",
		"redis://HOST?db=4":                           "SELECT 4",
		"redis://HOST?client_name=app":                "HELLO 3 SETNAME app",
		"redis://HOST?protocol=2&client_cache=0":      "HELLO 2",
		"redis://HOST?dial_timeout=3s":                "HELLO 3",
		"redis://HOST?write_timeout=3s&max_retries=0": "HELLO 3",
		"REDIS://HOST":                                "HELLO 3",
	} {
		lines := told(t, url)
		if !strings.Contains(strings.Join(lines, "\n")+"\n", want) {
			t.Errorf("%s: the server was told %q; want %q", url, lines, want)
		}
	}
	for _, line := range told(t, "redis://HOST?client_cache=0") {
		if strings.HasPrefix(line, "CLIENT TRACKING") {
			t.Error("client_cache=0: tracking was switched on")
		}
	}
}

func TestURLOfAUnixSocketIsDialled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "redis.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skipf("no unix sockets here: %v", err)
	}
	defer l.Close()
	fake := respfake.New(plan{"GET": {respfake.Bulk("v")}}.script())
	defer fake.Close()
	go bridge(l, fake)
	c, err := client.Open(t.Context(), "unix://user:secret@"+path+"?db=2")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := get(t.Context(), c, "k"); err != nil {
		t.Error(err)
	}
	first := fake.Log()[0].String()
	if !strings.HasPrefix(first, "HELLO 3 AUTH user secret") {
		t.Errorf("the server was told %q", first)
	}
	_, err = client.Open(t.Context(), "unix://"+path+".gone")
	wantNewErr(t, err, errs.DialRefused, path+".gone")
}

// bridge connects the clients of a listener with a server in memory.
func bridge(l net.Listener, fake *respfake.Server) {
	for {
		near, err := l.Accept()
		if err != nil {
			return
		}
		far, err := fake.Dial(context.Background(), "unix", nil, nil)
		if err != nil {
			near.Close()
			return
		}
		go pour(near, far)
		go pour(far, near)
	}
}

func pour(to, from net.Conn) {
	defer to.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// urlMarker stands where a URL can hold a secret.
const urlMarker = "s3cr3t"

func TestURLThatCannotBeUsedIsRefusedWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	const m = urlMarker
	for url, kind := range map[string]errs.Kind{
		"":                                      errs.BadURL,
		m:                                       errs.BadURL,
		"127.0.0.1:6379":                        errs.BadURL,
		"http://" + m + "@host":                 errs.BadURL,
		m + "://host":                           errs.BadURL,
		"redis://" + m + ":" + m + "@host/" + m: errs.BadURL,
		"redis://:" + m + "@host/1/2":           errs.BadURL,
		"redis://:" + m + "@host?db=" + m:       errs.BadURL,
		"redis://:" + m + "@host?dial_timeout=" + m: errs.BadURL,
		"redis://:" + m + "@host:" + m:              errs.BadURL,
		"redis://user:" + m + "%zz@host":            errs.BadURL,
		"redis://[" + m:                             errs.BadURL,
		"redis://" + m + ":12#34@host":              errs.BadURL,
		"redis://" + m + ":12?34@host/0":            errs.BadURL,
		"redis://" + m + ":12/34@host":              errs.BadURL,
		"rediss://:" + m + "@h?skip_verify=" + m:    errs.BadURL,
		"unix://" + m + "@":                         errs.BadURL,
		"unix://" + m + ":" + m + "@host/a/b":       errs.BadURL,
		"redis+sentinel://:" + m + "@host/" + m:     errs.TopologyUnsupported,
		"redis+cluster://:" + m + "@host":           errs.TopologyUnsupported,
		"redis://:" + m + "@host?master_set=" + m:   errs.TopologyUnsupported,
		"redis://:" + m + "@host?addr=h2:1":         errs.TopologyUnsupported,
	} {
		_, err := client.Open(t.Context(), url)
		e := mine(t, err)
		if e.Kind != kind || e.Effect != errs.NotExecuted {
			t.Errorf("%q: got %v; want %v, NotExecuted", url, err, kind.Label())
		}
		wantNoSecret(t, err)
	}
}

func TestFailedOpenTellsNoSecret(t *testing.T) {
	t.Parallel()
	fake := greeting(plan{"HELLO": {respfake.Error("WRONGPASS invalid username-password pair " + urlMarker)}})
	defer fake.Close()
	at, err := fake.Listen()
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Open(t.Context(), "redis://"+urlMarker+":"+urlMarker+"@"+at+"/0?client_name="+urlMarker)
	if e := wantNewErr(t, err, errs.WrongPass, at); e.Code != "WRONGPASS" {
		t.Errorf("got code %q", e.Code)
	}
	wantNoSecret(t, err)
	fake.Close()
	_, err = client.Open(t.Context(), "redis://"+urlMarker+":"+urlMarker+"@"+at+"?client_name="+urlMarker)
	wantNewErr(t, err, errs.DialRefused, at)
	wantNoSecret(t, err)
}

func wantNoSecret(t *testing.T, err error) {
	t.Helper()
	js, _ := json.Marshal(err) //nolint:errchkjson // what comes out is searched
	for _, text := range []string{err.Error(), fmt.Sprintf("%v", err), fmt.Sprintf("%+v", err), mine(t, err).LogValue().String(), string(js)} {
		if strings.Contains(text, urlMarker) {
			t.Errorf("a secret in %s", text)
		}
	}
}

func TestOpenIsBoundedByItsContext(t *testing.T) {
	t.Parallel()
	mute := greeting(plan{"HELLO": {hang}})
	defer mute.Close()
	at, err := mute.Listen()
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err = client.Open(short, "redis://"+at)
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("took %v", took)
	}
	if wantNewErr(t, err, errs.Deadline, at); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v; want the caller's deadline behind it", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.Open(gone, "redis://"+at)
	if e := mine(t, err); e.Kind != errs.Canceled || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v; want Canceled", err)
	}
}

func TestClientOutlivesTheContextOfOpen(t *testing.T) {
	t.Parallel()
	fake := respfake.New(plan{}.script())
	defer fake.Close()
	at, err := fake.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c, err := client.Open(ctx, "redis://"+at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cancel()
	for range 3 {
		if err := do(t.Context(), c, "SET", "k", "v"); err != nil {
			t.Fatal(err)
		}
		fake.Drop()
		_ = get(t.Context(), c, "k") // dials again
	}
	if fake.Dials() < 2 {
		t.Error("the connection was never made again")
	}
}
