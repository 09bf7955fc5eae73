package conformance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/internal/servers"
)

// batchScenes: DoMulti, transactions in one batch, replies as streams.
var batchScenes = []scene{
	{name: "DoMulti", play: func(st *stage) {
		st.results("none", st.c.DoMulti(st.ctx))
		st.multi("mixed", "SET k v", "GET k", "GET none", "LPUSH k x", "NOSUCHCOMMAND", "INCR n", "HGETALL k", "MGET k none")
		st.multi("one", "INCR n")
		var many []string
		for i := range 300 {
			many = append(many, "INCRBY n "+strconv.Itoa(i))
		}
		st.multi("many", many...)
	}},
	{name: "a batch that takes a connection of its own", play: func(st *stage) {
		c := st.open(func(opt *rueidis.ClientOption) { opt.BlockingPipeline = 2 })
		defer c.Close()
		st.results("big", c.DoMulti(st.ctx, c.B().Set().Key("k").Value("v").Build(), c.B().Get().Key("k").Build(), c.B().Incr().Key("k").Build()))
	}},
	{name: "MULTI to EXEC in a batch", play: func(st *stage) {
		st.multi("good", "MULTI", "SET k v", "GET k", "INCR n", "EXEC")
		st.multi("an element fails", "MULTI", "SET k v", "INCR k", "GET none", "EXEC")
		st.multi("refused while queueing", "MULTI", "SET k", "SET k v9", "EXEC")
		st.multi("discarded", "MULTI", "SET k v9", "DISCARD")
		st.multi("two in one", "MULTI", "INCR n", "EXEC", "GET n", "MULTI", "INCR n", "EXEC")
		st.multi("empty", "MULTI", "EXEC")
		st.do("GET", "k")
	}},
	{name: "DoStream", play: func(st *stage) {
		st.other("SET", "big", strings.Repeat("x", 1<<18))
		st.other("RPUSH", "list", "a", "b")
		st.other("SET", "n", "7")
		for _, args := range [][]string{{"GET", "big"}, {"GET", "none"}, {"INCR", "n"}, {"LPUSH", "n", "x"}, {"LRANGE", "list", "0", "-1"}, {"HGETALL", "none"}, {"PING"}} {
			out := st.c.DoStream(st.ctx, st.c.B().Arbitrary(args...).Build())
			st.stream(strings.Join(args, " "), out)
		}
		out := st.c.DoMultiStream(st.ctx, st.c.B().Get().Key("big").Build(), st.c.B().Get().Key("none").Build(), st.c.B().Get().Key("n").Build())
		st.stream("several", out)
		st.stream("no command", st.c.DoMultiStream(st.ctx))
		st.do("GET", "n") // the connection is in order
	}},
	{name: "streams of entries", play: func(st *stage) {
		st.do("XADD", "s", "1-1", "f", "v", "g", "w")
		st.do("XADD", "s", "1-2", "f", "v2")
		entries, err := st.c.Do(st.ctx, st.c.B().Xrange().Key("s").Start("-").End("+").Build()).AsXRange()
		st.show("AsXRange", entries)
		st.accessor("AsXRange", err)
		read, err := st.c.Do(st.ctx, st.c.B().Xread().Streams().Key("s").Id("0").Build()).AsXRead()
		st.show("AsXRead", read)
		st.accessor("AsXRead", err)
		st.do("XREAD", "STREAMS", "s", "$")
		st.result("XREAD BLOCK times out", st.c.Do(st.ctx, st.c.B().Xread().Block(20).Streams().Key("s").Id("$").Build()))
		st.do("XGROUP", "CREATE", "s", "g", "0")
		st.do("XREADGROUP", "GROUP", "g", "me", "COUNT", "1", "STREAMS", "s", ">")
		st.do("XACK", "s", "g", "1-1")
		st.do("XPENDING", "s", "g")
		st.do("XLEN", "s")
		st.do("XDEL", "s", "1-1")
	}},
}

// sessionScenes: what needs a connection of its own, or another client.
var sessionScenes = []scene{
	{name: "blocking commands", play: func(st *stage) {
		b := st.c.B
		st.result("BLPOP times out", st.c.Do(st.ctx, b().Blpop().Key("l").Timeout(0.02).Build()))
		st.result("BZPOPMIN times out", st.c.Do(st.ctx, b().Bzpopmin().Key("z").Timeout(0.02).Build()))
		st.result("BLPOP wakes up", st.woken(b().Blpop().Key("l").Timeout(0).Build(), "RPUSH", "l", "x"))
		st.result("BLMOVE wakes up", st.woken(b().Blmove().Source("l").Destination("m").Left().Right().Timeout(0).Build(), "RPUSH", "l", "y"))
		st.result("XREAD BLOCK wakes up", st.woken(b().Xread().Block(0).Streams().Key("s").Id("$").Build(), "XADD", "s", "5-1", "f", "v"))
		st.result("BLPOP is unblocked by a wrong type", st.c.Do(st.ctx, b().Blpop().Key("s").Timeout(0).Build()))
		st.results("in a batch", st.c.DoMulti(st.ctx, b().Blpop().Key("l").Timeout(0.02).Build(), b().Lrange().Key("m").Start(0).Stop(-1).Build()))
		st.result("WAIT", st.c.Do(st.ctx, b().Wait().Numreplicas(0).Timeout(0).Build()))
	}},
	{name: "transactions", play: func(st *stage) {
		st.other("SET", "k", "1")
		for _, conflict := range []bool{false, true} {
			err := st.c.Dedicated(func(d rueidis.DedicatedClient) error {
				st.result("WATCH", d.Do(st.ctx, d.B().Watch().Key("k").Build()))
				st.result("GET", d.Do(st.ctx, d.B().Get().Key("k").Build()))
				if conflict {
					st.other("SET", "k", "2")
				}
				st.results("MULTI to EXEC", d.DoMulti(st.ctx, d.B().Multi().Build(), d.B().Incr().Key("k").Build(), d.B().Get().Key("none").Build(), d.B().Exec().Build()))
				st.result("an error", d.Do(st.ctx, d.B().Lpush().Key("k").Element("x").Build()))
				st.result("EXEC alone", d.Do(st.ctx, d.B().Exec().Build()))
				return errors.New("of the function")
			})
			st.show("Dedicated returns", err)
		}
		d, cancel := st.c.Dedicate()
		st.result("MULTI", d.Do(st.ctx, d.B().Multi().Build()))
		st.result("queued", d.Do(st.ctx, d.B().Incr().Key("n").Build()))
		st.result("EXEC", d.Do(st.ctx, d.B().Exec().Build()))
		cancel()
		st.result("after cancel", d.Do(st.ctx, d.B().Get().Key("n").Build()))
		st.results("after cancel", d.DoMulti(st.ctx, d.B().Get().Key("n").Build()))
		d, cancel = st.c.Dedicate()
		st.result("SELECT stays on its connection", d.Do(st.ctx, d.B().Arbitrary("SELECT", "1").Build()))
		d.Close()
		cancel()
		st.do("GET", "n")
	}},
	{name: "Receive", play: func(st *stage) {
		b := st.c.B
		st.received("SUBSCRIBE", b().Subscribe().Channel("ch", "ch2").Build(), func() {
			st.heard("ch")
			st.other("PUBLISH", "ch", "one")
			st.other("PUBLISH", "ch2", "")
			st.other("PUBLISH", "ch", "bin\x00\r\n")
		}, 3)
		st.received("PSUBSCRIBE", b().Psubscribe().Pattern("p*").Build(), func() {
			until(st.t, "a pattern", func() bool { return st.other("PUBSUB", "NUMPAT") == int64(1) })
			st.other("PUBLISH", "px", "1")
			st.other("PUBLISH", "py", "2")
		}, 2)
		ended, cancel := context.WithCancel(st.ctx)
		cancel()
		st.err("context that has ended", st.c.Receive(ended, b().Subscribe().Channel("ch").Build(), func(rueidis.PubSubMessage) {}))
	}},
	{name: "Receive of a shard channel", needs: servers.CanShardedPubSub, play: func(st *stage) {
		st.received("SSUBSCRIBE", st.c.B().Ssubscribe().Channel("sh").Build(), func() {
			until(st.t, "a shard subscriber", func() bool {
				v, _ := st.other("PUBSUB", "SHARDNUMSUB", "sh").([]any)
				return len(v) == 2 && v[1] == int64(1)
			})
			st.other("SPUBLISH", "sh", "x")
		}, 1)
	}},
	{name: "hooks of a dedicated client", play: func(st *stage) {
		d, cancel := st.c.Dedicate()
		subscribed, messages := make(chan rueidis.PubSubSubscription, 8), make(chan rueidis.PubSubMessage, 8)
		ended := d.SetPubSubHooks(rueidis.PubSubHooks{
			OnSubscription: func(s rueidis.PubSubSubscription) { subscribed <- s },
			OnMessage:      func(m rueidis.PubSubMessage) { messages <- m },
		})
		st.result("SUBSCRIBE", d.Do(st.ctx, d.B().Subscribe().Channel("ch").Build()))
		st.result("PSUBSCRIBE", d.Do(st.ctx, d.B().Psubscribe().Pattern("x*").Build()))
		st.show("subscription", take(st, subscribed))
		st.show("subscription", take(st, subscribed))
		st.other("PUBLISH", "ch", "m1")
		st.show("message", take(st, messages))
		st.other("PUBLISH", "xy", "m2")
		st.show("message", take(st, messages))
		st.result("UNSUBSCRIBE", d.Do(st.ctx, d.B().Unsubscribe().Channel("ch").Build()))
		st.show("subscription", take(st, subscribed))
		cancel()
		st.err("the hooks end", take(st, ended))
		st.show("hooks after cancel", take(st, d.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: func(rueidis.PubSubMessage) {}})) != nil)
	}},
	{name: "hooks of a connection that is killed", play: func(st *stage) {
		d, cancel := st.c.Dedicate()
		defer cancel()
		ended := d.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: func(rueidis.PubSubMessage) {}})
		st.result("SUBSCRIBE", d.Do(st.ctx, d.B().Subscribe().Channel("ch").Build()))
		st.heard("ch")
		st.other("CLIENT", "KILL", "TYPE", "pubsub")
		err, open := <-ended
		st.show("an error comes", err != nil && open)
		_, open = <-ended
		st.show("then the channel is closed", !open)
	}},
}

// multi sends a batch and shows its results.
func (st *stage) multi(what string, commands ...string) {
	st.t.Helper()
	multi := make([]rueidis.Completed, len(commands))
	for i, command := range commands {
		multi[i] = st.c.B().Arbitrary(words(command)...).Build()
	}
	st.results(what, st.c.DoMulti(st.ctx, multi...))
}

// stream reads a stream to its end.
func (st *stage) stream(what string, out rueidis.RedisResultStream) {
	st.t.Helper()
	if err := out.Error(); err != nil && what != "no command" {
		st.err(what+" opens", err)
		return
	}
	for i := 0; ; i++ {
		more := out.HasNext()
		var b bytes.Buffer
		n, err := out.WriteTo(&b)
		st.show(fmt.Sprintf("%s %d", what, i), fmt.Sprintf("%v %d %s", more, n, short(b.String())))
		st.accessor(what, err)
		if !more || i > 9 {
			return
		}
	}
}

// woken runs a command that blocks, and wakes it up once the server knows it.
func (st *stage) woken(cmd rueidis.Completed, waker ...string) rueidis.RedisResult {
	st.t.Helper()
	done := make(chan rueidis.RedisResult, 1)
	go func() { done <- st.c.Do(st.ctx, cmd) }()
	st.blocks()
	st.other(waker...)
	return <-done
}

func (st *stage) blocks() {
	st.t.Helper()
	until(st.t, "a blocked client", func() bool { return info(st.s, "clients", "blocked_clients:1") })
}

// heard waits for a subscriber of the channel.
func (st *stage) heard(channel string) {
	st.t.Helper()
	until(st.t, "a subscriber", func() bool {
		v, _ := st.other("PUBSUB", "NUMSUB", channel).([]any)
		return len(v) == 2 && v[1] == int64(1)
	})
}

// received subscribes, lets publish send n messages, leaves and shows them.
func (st *stage) received(what string, cmd rueidis.Completed, publish func(), n int) {
	st.t.Helper()
	ctx, leave := context.WithCancel(st.ctx)
	defer leave()
	messages, done := make(chan rueidis.PubSubMessage, n), make(chan error, 1)
	go func() { done <- st.c.Receive(ctx, cmd, func(m rueidis.PubSubMessage) { messages <- m }) }()
	publish()
	var all []string
	for range n {
		all = append(all, fmt.Sprintf("%+v", take(st, messages)))
	}
	slices.Sort(all)
	st.show(what, all)
	leave()
	st.err(what+" ends", <-done)
}

// take receives what must come.
func take[T any](st *stage, from <-chan T) T {
	st.t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(20 * time.Second):
		st.t.Fatalf("%v, %s, %s: waited in vain", st.s.Binary, st.v.name, st.who.name)
		panic("unreachable")
	}
}
