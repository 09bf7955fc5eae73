package client_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

func TestStreamIsReadByItsReceiver(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 100_000)
	bubble(t, plan{"GET": {respfake.Bulk(big)}, "STRLEN": {respfake.Int(100_000)}}.script,
		func(t *testing.T, c *client.Client, _ *respfake.Server) {
			var got bytes.Buffer
			stream := c.DoStream(t.Context(), c.B().Get().Key("k").Build())
			if err := stream.Error(); err != nil {
				t.Fatal(err)
			}
			if n, err := stream.WriteTo(&got); n != 100_000 || err != nil || got.String() != big {
				t.Errorf("got %d bytes, %v", n, err)
			}
			if _, err := stream.WriteTo(io.Discard); err != io.EOF { //nolint:errorlint // the very value
				t.Errorf("a second WriteTo: got %v; want EOF", err)
			}
			got.Reset()
			several := c.DoMultiStream(t.Context(), c.B().Strlen().Key("k").Build(), c.B().Get().Key("k").Build())
			for several.HasNext() {
				if _, err := several.WriteTo(&got); err != nil {
					t.Fatal(err)
				}
			}
			if got.String() != "100000"+big {
				t.Errorf("got %d bytes of both replies", got.Len())
			}
		})
}

func TestErrorInsideOfAStreamIsTypedOnRequest(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"GET": {respfake.Error(wrongType), respfake.Null}}.script,
		func(t *testing.T, c *client.Client, fake *respfake.Server) {
			stream := c.DoStream(t.Context(), c.B().Get().Key("k").Build())
			_, err := stream.WriteTo(io.Discard)
			if got := errs.KindOf(classify.Typed(err)); got != errs.WrongType {
				t.Errorf("got %v (%v); want WrongType", got, err)
			}
			stream = c.DoStream(t.Context(), c.B().Get().Key("k").Build())
			if _, err := stream.WriteTo(io.Discard); err != rueidis.Nil {
				t.Errorf("got %v; want rueidis.Nil", err)
			}
			wantCount(t, fake, "GET", 2)
		})
}

func TestStreamIsOpenedAgainAfterARefusedDial(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"INCR": {respfake.Int(7)}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		fake.Refuse(syscall.ECONNREFUSED)
		go func() {
			time.Sleep(50 * time.Millisecond)
			fake.Refuse(nil)
		}()
		var got bytes.Buffer
		stream := c.DoMultiStream(t.Context(), c.B().Incr().Key("n").Build(), c.B().Incr().Key("n").Build())
		for stream.HasNext() {
			if _, err := stream.WriteTo(&got); err != nil {
				t.Fatal(err)
			}
		}
		if got.String() != "77" {
			t.Errorf("got %q, %v; want 77", got.String(), stream.Error())
		}
		wantCount(t, fake, "INCR", 2)
	})
}

func TestStreamThatCannotBeOpenedIsTyped(t *testing.T) {
	t.Parallel()
	bubble(t, plan{}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		fake.Refuse(syscall.ECONNREFUSED)
		stream := c.DoStream(t.Context(), c.B().Get().Key("k").Build())
		e := wantErr(t, stream.Error(), errs.DialRefused, errs.NotExecuted, 3)
		if e.Op != "GET" {
			t.Errorf("got op %q; want GET", e.Op)
		}
		if _, err := stream.WriteTo(io.Discard); err != stream.Error() { //nolint:errorlint // the very value
			t.Errorf("WriteTo: got %v; want the same failure", err)
		}
		several := c.DoMultiStream(t.Context(), c.B().Get().Key("k").Build(), c.B().Get().Key("l").Build())
		wantErr(t, several.Error(), errs.DialRefused, errs.NotExecuted, 3)
		wantCount(t, fake, "GET", 0)
	}, client.Retry(client.RetryPolicy{MaxAttempts: 3}), client.Breaker(client.BreakerPolicy{Disabled: true}))
}

func TestStreamThatWasWrittenIsNotOpenedAgain(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"GET": {drop}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		stream := c.DoStream(t.Context(), c.B().Get().Key("k").Build())
		_, err := stream.WriteTo(io.Discard)
		if e := classify.Typed(err); errs.KindOf(e) != errs.ConnLost || errs.EffectOf(e) != errs.Unknown {
			t.Errorf("got %v; want ConnLost, Unknown", e)
		}
		wantCount(t, fake, "GET", 1)
	})
}

func TestOpeningAStreamGivesItsSeatBack(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"GET": {respfake.Bulk("v")}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		streams := make([]rueidis.RedisResultStream, 3)
		for i := range streams {
			if streams[i] = c.DoStream(t.Context(), c.B().Get().Key("k").Build()); streams[i].Error() != nil {
				t.Fatalf("stream %d: %v", i, streams[i].Error())
			}
		}
		_, giveBack := c.Dedicate()
		refused := c.DoStream(t.Context(), c.B().Get().Key("k").Build())
		if err := refused.Error(); !errors.Is(err, errs.BulkheadFull) || mine(t, err).Op != "GET" {
			t.Errorf("got %v; want BulkheadFull of GET", err)
		}
		giveBack()
		for i := range streams {
			streams[i].WriteTo(io.Discard)
		}
	}, client.Bulkhead(1, 0))
}

func TestStreamOfNothingIsTold(t *testing.T) {
	t.Parallel()
	bubble(t, plan{}.script, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		empty := c.DoStream(t.Context(), rueidis.Completed{})
		if err := empty.Error(); !errors.Is(err, errs.Misuse) {
			t.Errorf("got %v; want Misuse", err)
		}
		none := c.DoMultiStream(t.Context())
		if _, err := none.WriteTo(io.Discard); err != io.EOF || none.HasNext() { //nolint:errorlint // the very value
			t.Errorf("got %v; want EOF", err)
		}
		c.Close()
		closed := c.DoStream(t.Context(), c.B().Get().Key("k").Build())
		if err := closed.Error(); !errors.Is(err, errs.Closed) {
			t.Errorf("got %v; want Closed", err)
		}
		synctest.Wait()
	})
}
