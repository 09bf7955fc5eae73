package errs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/redoubt-go/redoubt/errs"
)

// Whatever the cause says and the payload holds, no way of printing an Error
// shows it: those texts quote keys, values and URLs with passwords.
func FuzzNothingSecretIsPrinted(f *testing.F) {
	f.Add("hunter2", uint8(0), uint8(0))
	f.Add("s3cr3t%20word", uint8(7), uint8(1))
	f.Add("läuft\x00\xff", uint8(255), uint8(3))
	f.Fuzz(func(t *testing.T, secret string, kind, effect uint8) {
		marker := "<" + secret + "|planted>"
		for _, cause := range planted(marker) {
			e := (&errs.Error{
				Kind: errs.Kind(kind), Effect: errs.Effect(effect), Code: "ERR", Op: "SET",
				Addr: "10.0.0.7:6379", Attempts: 2, Elapsed: time.Second, Err: cause,
			}).WithSlot(7)
			for how, text := range printed(t, e) {
				if strings.Contains(text, "planted") {
					t.Errorf("%s of a %T shows the secret: %s", how, cause, text)
				}
			}
			if got := e.Detail(); got != cause.Error() {
				t.Errorf("Detail got %q; want the text of the cause", got)
			}
		}
	})
}

// planted are causes that hold the marker wherever a cause can hold text.
func planted(marker string) []error {
	cause := errors.New("ERR unknown command, with args beginning with: " + marker)
	return []error{
		cause,
		fmt.Errorf("dial: %w", cause),
		errors.Join(cause, cause),
		&url.Error{Op: "Get", URL: "redis://user:" + marker + "@host/0", Err: cause},
		errs.Shield(errors.Join(errs.Canceled, cause)),
		&errs.RedirectError{From: marker, To: marker, Hops: []string{marker}, Err: cause},
		&errs.OpenError{Addr: marker, Lane: marker, Err: cause},
		&errs.ExhaustedError{Why: errs.Why(marker), Err: cause},
		&errs.BatchError{Total: 1, Failed: []errs.Indexed{{Err: cause}}},
		&errs.PermissionError{User: marker, Command: marker, Err: cause},
		&errs.CrossSlotError{Command: marker, Err: cause},
		&errs.DurabilityError{Err: cause},
		&errs.FanoutError{ByNode: map[string]error{marker: cause}},
		&errs.LockLostError{Reason: marker, Err: cause},
		&errs.UnknownCommandError{Command: marker, Err: cause},
		&errs.VersionError{Command: marker, Server: marker, Err: cause},
		&errs.Error{Kind: errs.Loading, Err: cause},
	}
}

// printed is the error in every form that reaches a screen or a log.
func printed(t *testing.T, e *errs.Error) map[string]string {
	t.Helper()
	object, err := json.Marshal(map[string]any{"err": e})
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string]string{"JSON": string(object), "Error": e.Error()}
	wrapped := fmt.Errorf("load: %w", e)
	batch := &errs.BatchError{Total: 1, Failed: []errs.Indexed{{Err: e}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		forms[verb] = fmt.Sprintf(verb, e)
		forms["wrapped "+verb] = fmt.Sprintf(verb, wrapped.Error())
		forms["batched "+verb] = fmt.Sprintf(verb, batch)
		forms["in a struct "+verb] = fmt.Sprintf(verb, struct{ Err error }{e})
	}
	attrs := []any{slog.Any("err", e), slog.Any("wrapped", wrapped), slog.Any("batch", batch)}
	var text, lines bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Error("failed", attrs...)
	slog.New(slog.NewJSONHandler(&lines, nil)).Error("failed", attrs...)
	forms["text log"], forms["JSON log"] = text.String(), lines.String()
	return forms
}
