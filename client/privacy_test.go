package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// marker stands for a secret: it is planted in keys, values, credentials and
// replies, and must not come out of an error, a log or an observer.
const marker = "s3cr3t"

// prints are the ways in which an error gets into a log.
func prints(t *testing.T, err error) map[string]string {
	t.Helper()
	var text, object bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Error("call", slog.Any("err", err))
	slog.New(slog.NewJSONHandler(&object, nil)).Error("call", slog.Any("err", err))
	encoded, fault := json.Marshal(err)
	if fault != nil {
		t.Fatal(fault)
	}
	return map[string]string{
		"%v": fmt.Sprintf("%v", err), "%+v": fmt.Sprintf("%+v", err), "%#v": fmt.Sprintf("%#v", err),
		"%s": fmt.Sprintf("%s", err), "%q": fmt.Sprintf("%q", err), "wrapped": fmt.Errorf("x: %w", err).Error(),
		"text log": text.String(), "JSON log": object.String(), "JSON": string(encoded),
	}
}

func wantNoMarker(t *testing.T, where, text string) {
	t.Helper()
	if strings.Contains(strings.ToLower(text), marker) {
		t.Errorf("%s gives the secret away: %s", where, text)
	}
}

func TestErrorsGiveNoSecretAway(t *testing.T) {
	t.Parallel()
	m := marker
	replies := map[string]string{
		"wrong type":       respfake.Error("WRONGTYPE " + m),
		"unknown command":  respfake.Error("ERR unknown command '" + m + "', with args beginning with: '" + m + "'"),
		"no permission":    respfake.Error("NOPERM User " + m + " has no permissions to access the '" + m + "' key"),
		"script":           respfake.Error("ERR user_script:1: " + m + " script: abc, on @user_script:1."),
		"unknown code":     respfake.Error("MYCODE " + m),
		"moved":            respfake.Error("MOVED 1 " + m + ".example:6380"),
		"bad redirect":     respfake.Error("MOVED " + m),
		"exec abort":       respfake.Error("EXECABORT Transaction discarded because of: OOM " + m),
		"busy and waiting": respfake.Error("BUSY " + m),
		"plain":            respfake.Error("ERR " + m),
		"lost":             drop,
	}
	for name, reply := range replies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modes(t, func(t *testing.T, mode setup) {
				fake := respfake.New(plan{"SET": {reply}, "GET": {reply}}.script())
				defer fake.Close()
				var lines bytes.Buffer
				o := &recorder{}
				c := dial(t, fake, mode, client.WithObserver(o), client.Logger(slog.New(slog.NewJSONHandler(&lines, nil))),
					client.Breaker(client.BreakerPolicy{Failures: 2}), client.Retry(client.RetryPolicy{MaxAttempts: 3}))
				ctx := context.Background()
				for range 3 {
					for _, err := range []error{
						do(ctx, c, "SET", "key:"+m, "value:"+m),
						get(ctx, c, "key:"+m),
						client.BatchError(c.DoMulti(ctx, c.B().Get().Key(m).Build(), c.B().Set().Key(m).Value(m).Build())),
					} {
						if err == nil {
							t.Fatal("no failure to look at")
						}
						for how, text := range prints(t, err) {
							wantNoMarker(t, how, text)
						}
					}
				}
				c.Close()
				wantNoMarker(t, "the log", lines.String())
				for _, out := range o.dones {
					wantNoMarker(t, "an outcome", fmt.Sprintf("%+v", out))
				}
				for _, ev := range o.evs {
					wantNoMarker(t, "an event", fmt.Sprintf("%+v", ev))
				}
			})
		})
	}
}

func TestFailuresOfACallerGiveNoSecretAway(t *testing.T) {
	t.Parallel()
	bubble(t, func() respfake.Handler {
		return func(c *respfake.Conn, _ []string) { c.Write(respfake.Error("LOADING " + marker)) }
	}, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(100*time.Millisecond, cancel)
		left := do(ctx, c, "SET", marker, marker)
		time.AfterFunc(100*time.Millisecond, c.Close)
		closed := do(context.Background(), c, "SET", marker, marker)
		for _, err := range []error{left, closed} {
			for how, text := range prints(t, err) {
				wantNoMarker(t, how, text)
			}
		}
		if errs.KindOf(left) != errs.Canceled || errs.KindOf(closed) != errs.Closed {
			t.Errorf("got %v and %v; want Canceled and Closed", left, closed)
		}
	}, slow, patient)
}

func TestLogTellsChangesOfStateAndNothingElse(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		fake := respfake.New(plan{"SET": {respfake.Error("READONLY " + marker), respfake.Error(wrongType)}}.script())
		defer fake.Close()
		var lines bytes.Buffer
		c := dial(t, fake, mode, once, client.Logger(slog.New(slog.NewTextHandler(&lines, nil))),
			client.Breaker(client.BreakerPolicy{Failures: 1}),
			func(opt *rueidis.ClientOption) { opt.Password = marker })
		if lines.Len() != 0 {
			t.Errorf("a new client logs %q", lines.String())
		}
		_ = do(context.Background(), c, "SET", marker, marker)
		time.Sleep(time.Second)
		for range 5 {
			_ = do(context.Background(), c, "SET", marker, marker)
		}
		got := lines.String()
		wantNoMarker(t, "the log", got)
		for _, want := range []string{
			`msg="redis breaker changed" addr=` + addr + ` cause=read_only lane=write from=closed to=open`,
			`from=open to=half-open`, `from=half-open to=closed`,
			`msg="redis connections replaced" addr=` + addr + ` cause=read_only`,
		} {
			if !strings.Contains(got, want) {
				t.Errorf("no line has %q in\n%s", want, got)
			}
		}
		if n := strings.Count(got, "\n"); n != 4 {
			t.Errorf("got %d lines; want 4:\n%s", n, got)
		}
	})
}
