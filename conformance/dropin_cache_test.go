package conformance_test

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// cacheScenes: the client-side cache. Without RESP3 it is off, and every door
// asks the server.
var cacheScenes = []scene{
	{name: "DoCache", play: func(st *stage) {
		st.other("SET", "k", "v1")
		st.other("HSET", "h", "a", "1")
		st.cached("miss", "GET", "k")
		st.cached("hit", "GET", "k")
		st.cached("nil", "GET", "none")
		st.cached("nil again", "GET", "none")
		st.cached("map", "HGETALL", "h")
		st.cached("map again", "HGETALL", "h")
		st.cached("error", "HGETALL", "k")
		st.cached("error again", "HGETALL", "k")
		st.other("SET", "k", "v2")
		until(st.t, "the new value", func() bool {
			v, _ := st.c.DoCache(st.ctx, st.c.B().Get().Key("k").Cache(), time.Minute).ToString()
			return v == "v2"
		})
		st.cached("after the invalidation", "GET", "k")
		st.other("DEL", "k")
		until(st.t, "no value", func() bool {
			return rueidis.IsRedisNil(st.c.DoCache(st.ctx, st.c.B().Get().Key("k").Cache(), time.Minute).Error())
		})
		st.do("GET", "k")
		ttl := st.c.DoCache(st.ctx, st.c.B().Get().Key("none").Cache(), time.Minute).CacheTTL()
		st.show("CacheTTL", ttl > 0)
	}},
	{name: "DoMultiCache", play: func(st *stage) {
		for i := range 5 {
			st.other("SET", "k"+strconv.Itoa(i), "v"+strconv.Itoa(i))
		}
		st.cached("one is there", "GET", "k1")
		batch := func() []rueidis.CacheableTTL {
			var multi []rueidis.CacheableTTL
			for i := range 6 { // k5 is missing
				multi = append(multi, rueidis.CT(st.c.B().Get().Key("k"+strconv.Itoa(i)).Cache(), time.Minute))
			}
			return append(multi, rueidis.CT(st.c.B().Hgetall().Key("k0").Cache(), time.Minute)) // WRONGTYPE
		}
		st.cachedAll("first", st.c.DoMultiCache(st.ctx, batch()...))
		st.cachedAll("second", st.c.DoMultiCache(st.ctx, batch()...))
		st.results("none", st.c.DoMultiCache(st.ctx))
		st.other("SET", "k2", "new")
		until(st.t, "the new value", func() bool {
			v, _ := st.c.DoCache(st.ctx, st.c.B().Get().Key("k2").Cache(), time.Minute).ToString()
			return v == "new"
		})
		st.cachedAll("third", st.c.DoMultiCache(st.ctx, batch()...))
	}},
	{name: "MGET through the cache", play: func(st *stage) {
		st.other("MSET", "a", "1", "b", "2", "c", "3")
		mget := func(keys ...string) rueidis.RedisResult {
			return st.c.DoCache(st.ctx, st.c.B().Mget().Key(keys...).Cache(), time.Minute)
		}
		st.agedResult("some", mget("a", "none"))
		st.agedResult("more", mget("a", "b", "none", "c"))
		st.agedResult("all are there", mget("c", "b", "a"))
	}},
	{name: "OnInvalidations", play: func(st *stage) {
		if st.v.resp2 {
			return
		}
		var mu sync.Mutex
		var keys []string
		flushed := false
		c := st.open(func(opt *rueidis.ClientOption) {
			opt.OnInvalidations = func(messages []rueidis.RedisMessage) {
				mu.Lock()
				defer mu.Unlock()
				flushed = flushed || messages == nil
				for _, m := range messages {
					key, _ := m.ToString()
					keys = append(keys, key)
				}
			}
		})
		defer c.Close()
		for _, key := range []string{"k", "none"} {
			st.agedResult(key, c.DoCache(st.ctx, c.B().Get().Key(key).Cache(), time.Minute))
			st.other("SET", key, "x")
			until(st.t, "its invalidation", func() bool { mu.Lock(); defer mu.Unlock(); return slices.Contains(keys, key) })
		}
		st.agedResult("k", c.DoCache(st.ctx, c.B().Get().Key("k").Cache(), time.Minute))
		st.other("FLUSHALL")
		until(st.t, "a flush", func() bool { mu.Lock(); defer mu.Unlock(); return flushed })
		mu.Lock()
		defer mu.Unlock()
		st.show("keys", keys)
	}},
	{name: "tracking on a dedicated connection", play: func(st *stage) {
		if st.v.resp2 {
			return
		}
		d, cancel := st.c.Dedicate()
		got := make(chan string, 4)
		ended := d.SetOnInvalidations(func(messages []rueidis.RedisMessage) {
			for _, m := range messages {
				key, _ := m.ToString()
				got <- key
			}
		})
		st.result("OFF", d.Do(st.ctx, d.B().ClientTracking().Off().Build()))
		st.result("BCAST", d.Do(st.ctx, d.B().ClientTracking().On().Prefix().Prefix("p:").Bcast().Build()))
		st.other("SET", "q:1", "x")
		st.other("SET", "p:1", "x")
		st.show("invalidated", take(st, got))
		cancel()
		st.err("ended", take(st, ended))
	}},
}

// cached reads through the cache and shows the result. The age of a value
// depends on the clock and is left out.
func (st *stage) cached(what string, args ...string) {
	st.t.Helper()
	cmd := rueidis.Cacheable(st.c.B().Arbitrary(args[0]).Keys(args[1:]...).ReadOnly())
	st.agedResult(what, st.c.DoCache(st.ctx, cmd, time.Minute))
}

func (st *stage) cachedAll(what string, all []rueidis.RedisResult) {
	st.t.Helper()
	for i, res := range all {
		st.agedResult(what+" "+strconv.Itoa(i), res)
	}
}

// agedResult shows a result without its TTL.
func (st *stage) agedResult(what string, res rueidis.RedisResult) {
	st.t.Helper()
	st.show(what+" is a hit", res.IsCacheHit())
	if err := res.Error(); err != nil {
		st.err(what, err)
		return
	}
	v, err := res.ToAny()
	st.show(what, v)
	st.accessor(what, err)
}
