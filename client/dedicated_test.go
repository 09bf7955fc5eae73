package client_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

func TestDedicatedClientIsTypedAndNeverReplays(t *testing.T) {
	t.Parallel()
	script := plan{
		"GET": {respfake.Error(loading)}, "SET": {respfake.Error(loading)}, "INCR": {respfake.Error(wrongType)}, "HGET": {respfake.Null},
	}
	bubble(t, script.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		err := c.Dedicated(func(d rueidis.DedicatedClient) error {
			wantErr(t, d.Do(t.Context(), d.B().Get().Key("k").Build()).Error(), errs.Loading, errs.NotExecuted, 1)
			results := d.DoMulti(t.Context(), commands(d.B(), "SET k v", "ECHO x", "INCR n")...)
			wantErr(t, results[0].Error(), errs.Loading, errs.NotExecuted, 1)
			if e := wantErr(t, results[2].Error(), errs.WrongType, errs.NotExecuted, 1); e.Op != "INCR" {
				t.Errorf("got op %q; want INCR", e.Op)
			}
			if err := d.Do(t.Context(), d.B().Hget().Key("k").Field("f").Build()).Error(); err != rueidis.Nil {
				t.Errorf("got %v; want rueidis.Nil", err)
			}
			if got := d.DoMulti(t.Context()); got != nil {
				t.Errorf("got %v; want nil", got)
			}
			return errors.New("of fn")
		})
		if err == nil || err.Error() != "of fn" {
			t.Errorf("got %v; want the error of fn itself", err)
		}
		wantCount(t, fake, "GET", 1)
		wantCount(t, fake, "SET", 1)
	})
}

func TestLossOnADedicatedConnectionIsUnknown(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"GET": {drop}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		d, cancel := c.Dedicate()
		defer cancel()
		wantErr(t, d.Do(t.Context(), d.B().Get().Key("k").Build()).Error(), errs.ConnLost, errs.Unknown, 1)
		if err := d.Do(t.Context(), d.B().Get().Key("k").Build()).Error(); !errors.Is(err, errs.ConnLost) {
			t.Errorf("got %v; want ConnLost", err)
		}
		wantCount(t, fake, "GET", 1)
	})
}

func TestWatchConflictOnADedicatedConnectionIsNil(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"SET": {respfake.Simple("QUEUED")}, "EXEC": {respfake.Null}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		d, cancel := c.Dedicate()
		defer cancel()
		if err := d.Do(t.Context(), d.B().Watch().Key("k").Build()).Error(); err != nil {
			t.Fatal(err)
		}
		results := d.DoMulti(t.Context(), commands(d.B(), "MULTI", "SET k v", "EXEC")...)
		if err := results[2].Error(); err != rueidis.Nil {
			t.Errorf("got %v; want rueidis.Nil", err)
		}
		for _, cmd := range fake.Commands() {
			if cmd.Conn == 1 || cmd.Conn != fake.Commands()[0].Conn {
				t.Errorf("%v went over connection %d", cmd, cmd.Conn)
			}
		}
	})
}

func TestRefusedDedicatedClientFailsEveryCall(t *testing.T) {
	t.Parallel()
	bubble(t, plan{}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		_, giveBack := c.Dedicate()
		refusedClient(t, c, errs.BulkheadFull)
		giveBack()
		giveBack() // harmless
		if err := c.Dedicated(func(rueidis.DedicatedClient) error { return nil }); err != nil {
			t.Errorf("the seat is lost: %v", err)
		}
		_, giveBack = c.Dedicate()
		if d, _ := c.Dedicate(); !errors.Is(d.Do(t.Context(), d.B().Ping().Build()).Error(), errs.BulkheadFull) {
			t.Error("giving back twice has given two seats")
		}
		giveBack()
		c.Close()
		refusedClient(t, c, errs.Closed)
		wantCount(t, fake, "GET", 0)
	}, client.Bulkhead(1, 0))
}

// refusedClient checks that no dedicated client can be had, at every method.
func refusedClient(t *testing.T, c *client.Client, kind errs.Kind) {
	t.Helper()
	d, cancel := c.Dedicate()
	defer cancel()
	subscribe := d.B().Subscribe().Channel("ch").Build()
	for name, err := range map[string]error{
		"Dedicated":          c.Dedicated(func(rueidis.DedicatedClient) error { t.Error("fn was called"); return nil }),
		"Do":                 d.Do(t.Context(), d.B().Get().Key("k").Build()).Error(),
		"DoMulti":            d.DoMulti(t.Context(), d.B().Get().Key("k").Build(), d.B().Get().Key("l").Build())[1].Error(),
		"Receive":            d.Receive(t.Context(), subscribe, func(rueidis.PubSubMessage) {}),
		"SetPubSubHooks":     <-d.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: func(rueidis.PubSubMessage) {}}),
		"SetOnInvalidations": <-d.SetOnInvalidations(func([]rueidis.RedisMessage) {}),
	} {
		e := mine(t, err)
		if e.Kind != kind || e.Effect != errs.NotExecuted || e.Op == "" {
			t.Errorf("%s: got %v of %q; want %v, NotExecuted, with an op", name, e, e.Op, kind.Label())
		}
	}
	d.Close()
}

func TestPanicInDedicatedGivesTheConnectionBack(t *testing.T) {
	t.Parallel()
	bubble(t, plan{}.script, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			c.Dedicated(func(rueidis.DedicatedClient) error { panic("of fn") })
		}()
		if err := c.Dedicated(func(d rueidis.DedicatedClient) error { return d.Do(t.Context(), d.B().Ping().Build()).Error() }); err != nil {
			t.Errorf("got %v; want the seat back", err)
		}
	}, client.Bulkhead(1, 0))
}

func TestDedicatedClientAfterItsEndIsTyped(t *testing.T) {
	t.Parallel()
	bubble(t, plan{}.script, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		given, cancel := c.Dedicate()
		cancel()
		if err := given.Do(t.Context(), given.B().Ping().Build()).Error(); !errors.Is(err, errs.Misuse) {
			t.Errorf("given back: got %v; want Misuse", err)
		}
		if err := <-given.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: func(rueidis.PubSubMessage) {}}); !errors.Is(err, errs.Misuse) {
			t.Errorf("hooks after it was given back: got %v; want Misuse", err)
		}
		shut, cancel := c.Dedicate()
		defer cancel()
		shut.Close()
		if err := shut.Do(t.Context(), shut.B().Ping().Build()).Error(); !errors.Is(err, errs.Misuse) {
			t.Errorf("closed: got %v; want Misuse", err)
		}
		held, cancel := c.Dedicate()
		defer cancel()
		over, end := context.WithCancel(t.Context())
		end()
		for _, err := range []error{
			held.Do(over, held.B().Ping().Build()).Error(),
			held.DoMulti(over, held.B().Ping().Build())[0].Error(),
			held.Receive(over, held.B().Subscribe().Channel("ch").Build(), nil),
		} {
			if e := mine(t, err); e.Kind != errs.Canceled || e.Effect != errs.NotExecuted || !errors.Is(err, context.Canceled) {
				t.Errorf("own context over: got %v; want Canceled, NotExecuted", err)
			}
		}
		c.Close()
		for _, err := range []error{
			held.Do(t.Context(), held.B().Ping().Build()).Error(),
			held.DoMulti(t.Context(), held.B().Ping().Build())[0].Error(),
			held.Receive(t.Context(), held.B().Subscribe().Channel("ch").Build(), nil),
		} {
			if e := mine(t, err); e.Kind != errs.Closed || !errors.Is(err, rueidis.ErrClosing) {
				t.Errorf("client closed: got %v; want Closed", err)
			}
		}
	})
}

func TestMisuseOfADedicatedClientIsTyped(t *testing.T) {
	t.Parallel()
	bubble(t, plan{}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		d, cancel := c.Dedicate()
		defer cancel()
		for name, err := range map[string]error{
			"Do":                     d.Do(t.Context(), rueidis.Completed{}).Error(),
			"DoMulti":                d.DoMulti(t.Context(), d.B().Ping().Build(), rueidis.Completed{})[0].Error(),
			"Receive of nothing":     d.Receive(t.Context(), rueidis.Completed{}, nil),
			"Receive of GET":         d.Receive(t.Context(), d.B().Get().Key("k").Build(), nil),
			"Receive of UNSUBSCRIBE": d.Receive(t.Context(), d.B().Unsubscribe().Channel("ch").Build(), nil),
		} {
			if e := mine(t, err); e.Kind != errs.Misuse || e.Effect != errs.NotExecuted {
				t.Errorf("%s: got %v; want Misuse, NotExecuted", name, err)
			}
		}
		wantArrived(t, fake)
	})
}

func TestHooksOfADedicatedConnectionAreTyped(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"LOSE": {drop}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		d, cancel := c.Dedicate()
		defer cancel()
		var got []string
		ch := d.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: func(m rueidis.PubSubMessage) { got = append(got, m.Message) }})
		if err := d.Do(t.Context(), d.B().Ping().Build()).Error(); err != nil {
			t.Fatal(err)
		}
		for _, conn := range fake.Conns() {
			conn.Write(respfake.Push(respfake.Bulk("message"), respfake.Bulk("ch"), respfake.Bulk("hello")))
		}
		synctest.Wait()
		fake.Drop()
		err, open := <-ch
		if !open || errs.KindOf(err) != errs.ConnLost {
			t.Errorf("got %v, %v; want ConnLost", err, open)
		}
		if _, open := <-ch; open {
			t.Error("the channel is not closed behind the error")
		}
		if len(got) != 1 || got[0] != "hello" {
			t.Errorf("got messages %q; want hello", got)
		}
		again, cancel := c.Dedicate()
		defer cancel()
		ch = again.SetOnInvalidations(func([]rueidis.RedisMessage) {})
		if reset := again.SetOnInvalidations(nil); reset != nil {
			t.Errorf("resetting hooks: got a channel; want nil")
		}
		if err, open := <-ch; open {
			t.Errorf("got %v; want a channel that was closed without an error", err)
		}
	})
}

func TestFailuresOnDedicatedConnectionsTeachTheBreaker(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"SET": {respfake.Error("OOM command not allowed when used memory > 'maxmemory'.")}}.script,
		func(t *testing.T, c *client.Client, fake *respfake.Server) {
			d, cancel := c.Dedicate()
			defer cancel()
			for range 2 {
				d.Do(t.Context(), d.B().Set().Key("k").Value("v").Build())
			}
			if err := incr(t.Context(), c); !errors.Is(err, errs.BreakerOpen) {
				t.Errorf("got %v; want BreakerOpen", err)
			}
			wantCount(t, fake, "INCR", 0)
		}, client.Breaker(client.BreakerPolicy{Failures: 2}))
}
