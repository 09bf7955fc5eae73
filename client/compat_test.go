package client_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

func TestCompatGivesTheErrorsOfRueidis(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"INCR": {respfake.Error(wrongType)}, "HGET": {respfake.Null}}.script, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		raw := c.Compat()
		incrOf := func() rueidis.Completed { return raw.B().Incr().Key("n").Build() }
		dedicated, giveBack := raw.Dedicate()
		defer giveBack()
		var inside rueidis.RedisResult
		if err := raw.Dedicated(func(d rueidis.DedicatedClient) error { inside = d.Do(t.Context(), incrOf()); return nil }); err != nil {
			t.Fatal(err)
		}
		for door, res := range map[string]rueidis.RedisResult{
			"Do": raw.Do(t.Context(), incrOf()), "DoMulti": raw.DoMulti(t.Context(), raw.B().Ping().Build(), incrOf())[1],
			"Dedicate": dedicated.Do(t.Context(), incrOf()), "Dedicated": inside,
		} {
			re, ok := res.Error().(*rueidis.RedisError)
			if !ok || re.Error() != wrongType {
				t.Errorf("%s: got %T %v; want the *rueidis.RedisError", door, res.Error(), res.Error())
			}
			if _, ok := rueidis.IsRedisErr(res.Error()); !ok || res.NonRedisError() != nil {
				t.Errorf("%s: IsRedisErr %v, NonRedisError %v", door, ok, res.NonRedisError())
			}
			if e := mine(t, classify.Typed(res.Error())); e.Kind != errs.WrongType {
				t.Errorf("%s: Typed gives %v; want WrongType", door, e)
			}
		}
		if err := raw.Do(t.Context(), raw.B().Hget().Key("k").Field("f").Build()).Error(); err != rueidis.Nil || !rueidis.IsRedisNil(err) {
			t.Errorf("got %v; want rueidis.Nil", err)
		}
	})
}

func TestCompatGivesTheErrorsOfContextAndClientByValue(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"GET": {hang}}.script, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		raw := c.Compat()
		getOf := func() rueidis.Completed { return raw.B().Get().Key("k").Build() }
		subscribe := func() rueidis.Completed { return raw.B().Subscribe().Channel("ch").Build() }
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		over, end := context.WithDeadline(t.Context(), time.Now())
		defer end()
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := raw.Do(short, getOf()).Error(); err != context.DeadlineExceeded { //nolint:errorlint // the very value
			t.Errorf("in flight: got %v; want context.DeadlineExceeded itself", err)
		}
		for ctx, want := range map[context.Context]error{canceled: context.Canceled, over: context.DeadlineExceeded} {
			stream, several := raw.DoStream(ctx, getOf()), raw.DoMultiStream(ctx, getOf(), getOf())
			for door, err := range map[string]error{
				"Do":            raw.Do(ctx, getOf()).Error(),
				"DoMulti":       raw.DoMulti(ctx, getOf())[0].Error(),
				"DoCache":       raw.DoCache(ctx, raw.B().Get().Key("k").Cache(), time.Minute).Error(),
				"DoMultiCache":  raw.DoMultiCache(ctx, rueidis.CT(raw.B().Get().Key("k").Cache(), time.Minute))[0].Error(),
				"DoStream":      stream.Error(),
				"DoMultiStream": several.Error(),
				"Receive":       raw.Receive(ctx, subscribe(), func(rueidis.PubSubMessage) {}),
			} {
				if err != want { //nolint:errorlint // the very value
					t.Errorf("%s: got %v; want %v itself", door, err, want)
				}
			}
		}
		_, giveBack := raw.Dedicate() // open when the client closes
		defer giveBack()
		c.Close()
		stream := raw.DoStream(t.Context(), getOf())
		refused, _ := raw.Dedicate()
		for door, err := range map[string]error{
			"Do":           raw.Do(t.Context(), getOf()).Error(),
			"DoMulti":      raw.DoMulti(t.Context(), getOf())[0].Error(),
			"DoCache":      raw.DoCache(t.Context(), raw.B().Get().Key("k").Cache(), time.Minute).Error(),
			"DoMultiCache": raw.DoMultiCache(t.Context(), rueidis.CT(raw.B().Get().Key("k").Cache(), time.Minute))[0].Error(),
			"DoStream":     stream.Error(),
			"Receive":      raw.Receive(t.Context(), subscribe(), func(rueidis.PubSubMessage) {}),
			"Dedicated":    raw.Dedicated(func(rueidis.DedicatedClient) error { return nil }),
			"Dedicate":     refused.Do(t.Context(), getOf()).Error(),
		} {
			if err != rueidis.ErrClosing { //nolint:errorlint // the very value
				t.Errorf("%s: got %v; want rueidis.ErrClosing itself", door, err)
			}
		}
	})
}

func TestCompatHasTheSameResilience(t *testing.T) {
	t.Parallel()
	fates := map[string]fate{"SET a 1": {line: loading}, "GET b": {lost: true}}
	keeping(t, refuse(fates), func(t *testing.T, c *client.Client, fake *respfake.Server, l *ledger) {
		raw := c.Compat()
		if got, err := raw.Do(t.Context(), commands(raw.B(), "SET a 1")[0]).ToString(); got != "1" || err != nil {
			t.Errorf("got %q, %v; want the second attempt", got, err)
		}
		if got, err := raw.DoMulti(t.Context(), commands(raw.B(), "GET b", "GET c")...)[0].ToString(); got != "b" || err != nil {
			t.Errorf("got %q, %v; want the second attempt", got, err)
		}
		l.wantExecuted(t, "SET a 1", "GET b", "GET c")
		if nodes := raw.Nodes(); len(nodes) != 1 || nodes[addr] == nil || raw.Mode() != rueidis.ClientModeStandalone {
			t.Errorf("got nodes %v, mode %v", nodes, raw.Mode())
		}
		if err := raw.Nodes()[addr].Do(t.Context(), commands(raw.B(), "SET d 4")[0]).Error(); err != nil {
			t.Error(err)
		}
		raw.Close()
		if err := do(t.Context(), c, "SET", "a", "1"); !errors.Is(err, errs.Closed) {
			t.Errorf("the other face is open: %v", err)
		}
	})
}

func TestCompatHasOurErrorsWhereRueidisHasNone(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"SET": {respfake.Error("OOM command not allowed when used memory > 'maxmemory'.")}}.script,
		func(t *testing.T, c *client.Client, _ *respfake.Server) {
			raw := c.Compat()
			set := func() rueidis.Completed { return raw.B().Set().Key("k").Value("v").Build() }
			raw.Do(t.Context(), set())
			if err := raw.Do(t.Context(), set()).Error(); !errors.Is(err, errs.BreakerOpen) {
				t.Errorf("got %v; want BreakerOpen", err)
			}
			if err := raw.DoMulti(t.Context(), set())[0].Error(); !errors.Is(err, errs.BreakerOpen) || mine(t, err).Op != "SET" {
				t.Errorf("got %v; want BreakerOpen of SET", err)
			}
			_, giveBack := raw.Dedicate()
			defer giveBack()
			if err := raw.Dedicated(nil); !errors.Is(err, errs.BulkheadFull) {
				t.Errorf("got %v; want BulkheadFull", err)
			}
			if err := raw.Do(t.Context(), rueidis.Completed{}).Error(); !errors.Is(err, errs.Misuse) {
				t.Errorf("got %v; want Misuse", err)
			}
			none := raw.DoMultiStream(t.Context())
			if none.Error() != io.EOF || raw.DoMulti(t.Context()) != nil { //nolint:errorlint // the very value
				t.Error("an empty call is not what rueidis makes of it")
			}
		}, client.Bulkhead(1, 0), client.Breaker(client.BreakerPolicy{Failures: 1}))
}

// rueidis.MGetCache gives up when NonRedisError is not nil, and puts the slice
// of results into a pool.
func TestMGetCacheOfRueidisRunsOverCompat(t *testing.T) {
	t.Parallel()
	bubble(t, cacheServer(firstly("GET", respfake.Error(loading))), func(t *testing.T, c *client.Client, fake *respfake.Server) {
		for range 10 {
			got, err := rueidis.MGetCache(c.Compat(), t.Context(), time.Minute, []string{"a", "b", "c"})
			if err != nil || len(got) != 3 {
				t.Fatalf("got %v, %v", got, err)
			}
			for key, msg := range got {
				if v, _ := msg.ToString(); v != "v of "+key {
					t.Errorf("%s: got %q", key, v)
				}
			}
		}
		wantCount(t, fake, "GET", 6)
		synctest.Wait()
	})
}

func TestLuaOfRueidisHealsOverBothFaces(t *testing.T) {
	t.Parallel()
	script := plan{"EVALSHA": {respfake.Error("NOSCRIPT No matching script. Please use EVAL.")}, "EVAL": {respfake.Int(1)}}
	bubble(t, script.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		lua := rueidis.NewLuaScript("return 1")
		for _, face := range []rueidis.Client{c, c.Compat()} {
			if n, err := lua.Exec(t.Context(), face, []string{"k"}, nil).AsInt64(); n != 1 || err != nil {
				t.Errorf("got %d, %v; want 1", n, err)
			}
		}
		wantCount(t, fake, "EVAL", 2)
	})
}

func TestCompatGivesTheContextThatEndedInAPause(t *testing.T) {
	t.Parallel()
	loading := func() respfake.Handler {
		return plan{"SET": {respfake.Error("LOADING not yet")}}.script()
	}
	bubble(t, loading, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		ctx, cancel := context.WithCancel(t.Context())
		stop := time.AfterFunc(40*time.Millisecond, cancel)
		defer stop.Stop()
		raw := c.Compat()
		if err := do(ctx, raw, "SET", "k", "v"); err != context.Canceled { //nolint:errorlint // the very value
			t.Errorf("Do: got %v; want context.Canceled", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(40*time.Millisecond, cancel)
		results := raw.DoMulti(ctx, commands(raw.B(), "SET a 1", "SET b 2")...)
		for i, res := range results {
			if err := res.Error(); err != context.Canceled { //nolint:errorlint // the very value
				t.Errorf("DoMulti %d: got %v; want context.Canceled", i, err)
			}
		}
	})
}
