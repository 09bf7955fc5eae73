package conformance_test

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// endScenes: contexts that end and clients that are closed.
var endScenes = []scene{
	{name: "a context that has ended before", play: func(st *stage) {
		canceled, cancel := context.WithCancel(st.ctx)
		cancel()
		expired, cancel := context.WithDeadline(st.ctx, time.Now().Add(-time.Hour))
		defer cancel()
		st.everyDoor(canceled, "canceled", st.c)
		st.everyDoor(expired, "expired", st.c)
		st.do("GET", "n")
	}},
	{name: "a context that ends during the command", play: func(st *stage) {
		for _, how := range []string{"canceled", "expired"} {
			st.result(how+" while blocked", st.abandoned(how, func(ctx context.Context) rueidis.RedisResult {
				return st.c.Do(ctx, st.c.B().Blpop().Key("l").Timeout(0).Build())
			}))
			st.result(how+" while blocked, unblocked by the client", st.abandoned(how, func(ctx context.Context) rueidis.RedisResult {
				return st.c.Do(ctx, st.c.B().Blpop().Key("l").Timeout(0).Build().UnblockOnCancel())
			}))
		}
		st.do("PING")
	}},
	{name: "a deadline while the server is silent", play: func(st *stage) {
		st.do("PING")
		doors := map[string]func(context.Context) rueidis.RedisResult{
			"Do":      func(ctx context.Context) rueidis.RedisResult { return st.c.Do(ctx, st.c.B().Incr().Key("n").Build()) },
			"Do read": func(ctx context.Context) rueidis.RedisResult { return st.c.Do(ctx, st.c.B().Get().Key("n").Build()) },
			"DoMulti": func(ctx context.Context) rueidis.RedisResult {
				return st.c.DoMulti(ctx, st.c.B().Incr().Key("n").Build(), st.c.B().Get().Key("n").Build())[0]
			},
			"DoCache": func(ctx context.Context) rueidis.RedisResult {
				return st.c.DoCache(ctx, st.c.B().Get().Key("n").Cache(), time.Minute)
			},
		}
		for _, door := range []string{"Do", "Do read", "DoMulti", "DoCache"} {
			st.s.Pause()
			ctx, cancel := context.WithTimeout(st.ctx, 40*time.Millisecond)
			res := doors[door](ctx)
			cancel()
			st.s.Continue()
			st.result(door, res)
		}
		st.do("PING")
	}},
	{name: "a context that ends while a connection is made", play: func(st *stage) {
		for _, door := range []string{"Do", "DoMulti", "DoCache"} {
			ctx, cancel := context.WithCancel(st.ctx)
			c := st.open(func(opt *rueidis.ClientOption) { opt.DialCtxFn = oneDial(cancel) })
			st.other("CLIENT", "KILL", "TYPE", "normal")
			var res rueidis.RedisResult
			switch get := c.B().Get().Key("k"); door {
			case "Do":
				res = c.Do(ctx, get.Build())
			case "DoMulti":
				res = c.DoMulti(ctx, get.Build())[0]
			default:
				res = c.DoCache(ctx, get.Cache(), time.Minute)
			}
			st.cause(door, res.Error())
			c.Close()
		}
	}},
	{name: "Close", play: func(st *stage) {
		st.do("SET", "k", "v")
		st.c.Close()
		st.c.Close()
		st.everyDoor(st.ctx, "closed", st.c)
		err := st.c.Dedicated(func(d rueidis.DedicatedClient) error { return d.Do(st.ctx, d.B().Get().Key("k").Build()).Error() })
		st.err("Dedicated", err)
		d, cancel := st.c.Dedicate()
		st.err("Dedicate", d.Do(st.ctx, d.B().Get().Key("k").Build()).Error())
		cancel()
		for _, node := range st.c.Nodes() {
			st.err("Nodes", node.Do(st.ctx, node.B().Get().Key("k").Build()).Error())
		}
		st.show("Mode", st.c.Mode())
	}},
}

// oneDial lets the first dial through. All others call cancel, and fail with
// the end of their context.
func oneDial(cancel func()) func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
	var dialled atomic.Bool
	return func(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
		if !dialled.Swap(true) {
			return d.DialContext(ctx, "tcp", addr)
		}
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
}

// everyDoor calls all doors that take a context.
func (st *stage) everyDoor(ctx context.Context, what string, c rueidis.Client) {
	st.t.Helper()
	b := c.B
	st.err(what+": Do", c.Do(ctx, b().Incr().Key("n").Build()).Error())
	st.err(what+": Do of a read", c.Do(ctx, b().Get().Key("n").Build()).Error())
	st.err(what+": Do of a blocking command", c.Do(ctx, b().Blpop().Key("l").Timeout(0).Build()).Error())
	for _, res := range c.DoMulti(ctx, b().Incr().Key("n").Build(), b().Get().Key("n").Build()) {
		st.err(what+": DoMulti", res.Error())
	}
	st.err(what+": DoCache", c.DoCache(ctx, b().Get().Key("n").Cache(), time.Minute).Error())
	for _, res := range c.DoMultiCache(ctx, rueidis.CT(b().Get().Key("n").Cache(), time.Minute), rueidis.CT(b().Get().Key("m").Cache(), time.Minute)) {
		st.err(what+": DoMultiCache", res.Error())
	}
	out := c.DoStream(ctx, b().Get().Key("n").Build())
	st.err(what+": DoStream", out.Error())
	out = c.DoMultiStream(ctx, b().Get().Key("n").Build(), b().Get().Key("n").Build())
	st.err(what+": DoMultiStream", out.Error())
	st.cause(what+": Receive", c.Receive(ctx, b().Subscribe().Channel("ch").Build(), func(rueidis.PubSubMessage) {}))
}

// abandoned runs a command that blocks, and ends its context once the server
// knows it.
func (st *stage) abandoned(how string, call func(context.Context) rueidis.RedisResult) rueidis.RedisResult {
	st.t.Helper()
	ctx, cancel := context.WithCancel(st.ctx)
	if how == "expired" {
		ctx, cancel = context.WithTimeout(st.ctx, 100*time.Millisecond)
	}
	defer cancel()
	done := make(chan rueidis.RedisResult, 1)
	go func() { done <- call(ctx) }()
	if how == "canceled" {
		st.blocks()
		cancel()
	}
	res := <-done
	until(st.t, "no blocked client", func() bool {
		st.other("RPUSH", "l", "x") // whoever still waits takes it
		st.other("DEL", "l")
		return info(st.s, "clients", "blocked_clients:0")
	})
	return res
}
