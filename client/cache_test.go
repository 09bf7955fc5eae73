package client_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// cacheServer answers reads inside of the transactions that rueidis makes for
// its cache. refuse says what a read gets instead of being queued.
func cacheServer(refuse func(c *respfake.Conn, cmd []string, nth int) string) func() respfake.Handler {
	return func() respfake.Handler {
		var mu sync.Mutex
		seen := map[string]int{}
		return func(c *respfake.Conn, cmd []string) {
			open, _ := c.State.(*tx)
			switch {
			case cmd[0] == "MULTI":
				c.State = new(tx)
				c.Write(respfake.OK)
			case cmd[0] == "EXEC" && open.dirty:
				c.Write(respfake.Error("EXECABORT Transaction discarded because of previous errors."))
			case cmd[0] == "EXEC":
				var replies []string
				for _, queued := range open.queue {
					replies = append(replies, cachedReply(queued))
				}
				c.Write(respfake.Array(replies...))
			default:
				mu.Lock()
				nth := seen[strings.Join(cmd, " ")]
				seen[strings.Join(cmd, " ")]++
				mu.Unlock()
				switch instead := refuse(c, cmd, nth); {
				case instead == drop:
					c.Close()
				case instead == hang:
				case instead != "" && open != nil:
					open.dirty = true
					c.Write(instead)
				case instead != "":
					c.Write(instead)
				case open != nil:
					open.queue = append(open.queue, cmd)
					c.Write(respfake.Simple("QUEUED"))
				default:
					c.Write(cachedReply(cmd))
				}
			}
		}
	}
}

func cachedReply(cmd []string) string {
	switch cmd[0] {
	case "PTTL":
		return respfake.Int(60000)
	case "MGET":
		var all []string
		for _, key := range cmd[1:] {
			all = append(all, respfake.Bulk("v of "+key))
		}
		return respfake.Array(all...)
	case "EVAL_RO", "EVALSHA_RO", "FCALL_RO":
		return respfake.Bulk("script of " + cmd[3])
	}
	return respfake.Bulk("v of " + cmd[1])
}

// firstly refuses the first arrival of each command of a name.
func firstly(name, reply string) func(*respfake.Conn, []string, int) string {
	return func(_ *respfake.Conn, cmd []string, nth int) string {
		if cmd[0] == name && nth == 0 {
			return reply
		}
		return ""
	}
}

func never(*respfake.Conn, []string, int) string { return "" }

func cachedGet(ctx context.Context, c rueidis.Client, key string) rueidis.RedisResult {
	return c.DoCache(ctx, c.B().Get().Key(key).Cache(), time.Minute)
}

// wantValue checks a reply, and whether it came from the cache.
//
//nolint:revive // hit is what is wanted
func wantValue(t *testing.T, res rueidis.RedisResult, want string, hit bool) {
	t.Helper()
	if got, err := res.ToString(); got != want || err != nil || res.IsCacheHit() != hit {
		t.Errorf("got %q, %v, hit %v; want %q, hit %v", got, err, res.IsCacheHit(), want, hit)
	}
}

func TestSecondReadIsAnsweredFromTheCache(t *testing.T) {
	t.Parallel()
	bubble(t, cacheServer(never), func(t *testing.T, c *client.Client, fake *respfake.Server) {
		wantValue(t, cachedGet(t.Context(), c, "k"), "v of k", false)
		wantValue(t, cachedGet(t.Context(), c, "k"), "v of k", true)
		results := c.DoMultiCache(t.Context(), rueidis.CT(c.B().Get().Key("k").Cache(), time.Minute), rueidis.CT(c.B().Get().Key("l").Cache(), time.Minute))
		wantValue(t, results[0], "v of k", true)
		wantValue(t, results[1], "v of l", false)
		wantCount(t, fake, "GET", 2)
		time.Sleep(2 * time.Minute)
		wantValue(t, cachedGet(t.Context(), c, "k"), "v of k", false)
	})
}

func TestCachedReadOutlivesWhatPasses(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]string{
		"loading": respfake.Error(loading), "lost": drop, "masterdown": respfake.Error("MASTERDOWN Link with MASTER is down"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, cacheServer(firstly("GET", reply)), func(t *testing.T, c *client.Client, fake *respfake.Server) {
				wantValue(t, cachedGet(t.Context(), c, "k"), "v of k", false)
				wantValue(t, cachedGet(t.Context(), c, "k"), "v of k", true)
				wantCount(t, fake, "GET", 2)
				for i, res := range c.DoMultiCache(t.Context(), rueidis.CT(c.B().Get().Key("l").Cache(), time.Minute), rueidis.CT(c.B().Get().Key("m").Cache(), time.Minute)) {
					wantValue(t, res, "v of "+[]string{"l", "m"}[i], false)
				}
			})
		})
	}
}

func TestRefusalOfACachedReadIsTyped(t *testing.T) {
	t.Parallel()
	always := func(_ *respfake.Conn, cmd []string, _ int) string {
		if cmd[0] == "HGETALL" {
			return respfake.Error(wrongType)
		}
		return ""
	}
	bubble(t, cacheServer(always), func(t *testing.T, c *client.Client, fake *respfake.Server) {
		err := c.DoCache(t.Context(), c.B().Hgetall().Key("k").Cache(), time.Minute).Error()
		e := wantErr(t, err, errs.WrongType, errs.NotExecuted, 1)
		if e.Code != "WRONGTYPE" || e.Op != "HGETALL" {
			t.Errorf("got code %q of %q; want WRONGTYPE of HGETALL", e.Code, e.Op)
		}
		results := c.DoMultiCache(t.Context(), rueidis.CT(c.B().Hgetall().Key("l").Cache(), time.Minute), rueidis.CT(c.B().Get().Key("m").Cache(), time.Minute))
		if e := mine(t, results[0].Error()); e.Kind != errs.WrongType || e.Code != "WRONGTYPE" {
			t.Errorf("got %v, code %q; want WrongType", e, e.Code)
		}
		wantValue(t, results[1], "v of m", false)
		wantCount(t, fake, "HGETALL", 2)
	})
}

func TestScriptIsCachedUnderItsKeyAfterARetry(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]func(b rueidis.Builder) rueidis.Cacheable{
		"EVAL_RO": func(b rueidis.Builder) rueidis.Cacheable {
			return b.EvalRo().Script("return 1").Numkeys(1).Key("k").Arg("a").Cache()
		},
		"EVALSHA_RO": func(b rueidis.Builder) rueidis.Cacheable {
			return b.EvalshaRo().Sha1("f00").Numkeys(1).Key("k").Arg("a").Cache()
		},
		"FCALL_RO": func(b rueidis.Builder) rueidis.Cacheable {
			return b.FcallRo().Function("f").Numkeys(1).Key("k").Arg("a").Cache()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, cacheServer(firstly(name, respfake.Error(loading))), func(t *testing.T, c *client.Client, fake *respfake.Server) {
				wantValue(t, c.DoCache(t.Context(), build(c.B()), time.Minute), "script of k", false)
				wantValue(t, c.DoCache(t.Context(), build(c.B()), time.Minute), "script of k", true)
				wantCount(t, fake, name, 2)
				for _, cmd := range fake.Commands() {
					if cmd.Args[0] == "PTTL" && cmd.Args[1] != "k" {
						t.Errorf("asked for the age of %q; want k", cmd.Args[1])
					}
				}
				// An invalidation of the key must reach the entry of the script.
				for _, conn := range fake.Conns() {
					conn.Write(respfake.Push(respfake.Bulk("invalidate"), respfake.Array(respfake.Bulk("k"))))
				}
				synctest.Wait()
				if err := do(t.Context(), c, "ECHO", "x"); err != nil { // the adaptive mode reads pushes with replies
					t.Error(err)
				}
				wantValue(t, c.DoCache(t.Context(), build(c.B()), time.Minute), "script of k", false)
			})
		})
	}
}

func TestMGetIsCachedKeyByKeyAfterARetry(t *testing.T) {
	t.Parallel()
	bubble(t, cacheServer(firstly("MGET", respfake.Error(loading))), func(t *testing.T, c *client.Client, fake *respfake.Server) {
		mget := func(keys ...string) []string {
			list, err := c.DoCache(t.Context(), c.B().Mget().Key(keys...).Cache(), time.Minute).AsStrSlice()
			if err != nil {
				t.Error(err)
			}
			return list
		}
		if got := mget("a", "b"); !slices.Equal(got, []string{"v of a", "v of b"}) {
			t.Errorf("got %q", got)
		}
		if got := mget("b", "a"); !slices.Equal(got, []string{"v of b", "v of a"}) {
			t.Errorf("from the cache: got %q", got)
		}
		wantCount(t, fake, "MGET", 2)
		batch := c.DoMultiCache(t.Context(), rueidis.CT(c.B().Mget().Key("a").Cache(), time.Minute))
		if errs.KindOf(batch[0].Error()) != errs.Misuse {
			t.Errorf("MGET in DoMultiCache: got %v; want Misuse", batch[0].Error())
		}
	})
}

func TestAbortedCacheReadIsRetried(t *testing.T) {
	t.Parallel()
	// PTTL is refused, so EXEC aborts although the read itself was queued.
	bubble(t, cacheServer(firstly("PTTL", respfake.Error(loading))), func(t *testing.T, c *client.Client, fake *respfake.Server) {
		wantValue(t, cachedGet(t.Context(), c, "k"), "v of k", false)
		wantCount(t, fake, "GET", 2)
	})
}

func TestFollowersOfACancelledFlightAskAgain(t *testing.T) {
	t.Parallel()
	bubble(t, cacheServer(firstly("GET", hang)), func(t *testing.T, c *client.Client, fake *respfake.Server) {
		leading, leave := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		calls.Go(func() {
			err := cachedGet(leading, c, "k").Error()
			if !errors.Is(err, errs.Canceled) || !errors.Is(err, context.Canceled) {
				t.Errorf("leader: got %v; want Canceled", err)
			}
		})
		synctest.Wait()
		for range 3 {
			calls.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				if got, err := cachedGet(ctx, c, "k").ToString(); got != "v of k" {
					t.Errorf("follower: got %q, %v", got, err)
				}
			})
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		for _, conn := range fake.Conns() {
			conn.Close() // the read that hangs would hold up its followers on the wire
		}
		calls.Wait()
	})
}

func TestDisableCacheMakesCachedReadsPlain(t *testing.T) {
	t.Parallel()
	off := func(opt *rueidis.ClientOption) { opt.DisableCache = true }
	bubble(t, cacheServer(firstly("GET", respfake.Error(loading))), func(t *testing.T, c *client.Client, fake *respfake.Server) {
		wantValue(t, cachedGet(t.Context(), c, "k"), "v of k", false)
		wantValue(t, cachedGet(t.Context(), c, "k"), "v of k", false)
		wantValue(t, c.DoMultiCache(t.Context(), rueidis.CT(c.B().Get().Key("l").Cache(), time.Minute))[0], "v of l", false)
		wantCount(t, fake, "GET", 5)
		wantCount(t, fake, "MULTI", 0)
		for _, cmd := range fake.Log() {
			if strings.HasPrefix(cmd.String(), "CLIENT TRACKING") {
				t.Error("tracking was switched on")
			}
		}
	}, off)
}

func TestCachedReadsMeetTheirKeysOverSeveralWires(t *testing.T) {
	t.Parallel()
	four := func(opt *rueidis.ClientOption) { opt.PipelineMultiplex = 2 }
	bubble(t, cacheServer(firstly("GET", respfake.Error(loading))), func(t *testing.T, c *client.Client, fake *respfake.Server) {
		keys := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
		multi := make([]rueidis.CacheableTTL, len(keys))
		for i, key := range keys {
			wantValue(t, cachedGet(t.Context(), c, key), "v of "+key, false)
			multi[i] = rueidis.CT(c.B().Get().Key(key).Cache(), time.Minute)
		}
		for i, res := range c.DoMultiCache(t.Context(), multi...) {
			wantValue(t, res, "v of "+keys[i], true)
		}
		wires := map[int]bool{}
		for _, cmd := range fake.Commands() {
			wires[cmd.Conn] = true
		}
		if len(wires) < 2 {
			t.Errorf("all keys went over %d wire; want several", len(wires))
		}
		wantCount(t, fake, "GET", 2*len(keys))
	}, four)
}

func TestBatchOfCachedReadsOverSeveralWiresIsInOrder(t *testing.T) {
	t.Parallel()
	four := func(opt *rueidis.ClientOption) { opt.PipelineMultiplex = 2 }
	bubble(t, cacheServer(firstly("GET", respfake.Error(loading))), func(t *testing.T, c *client.Client, fake *respfake.Server) {
		keys := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
		multi := make([]rueidis.CacheableTTL, len(keys))
		for i, key := range keys {
			multi[i] = rueidis.CT(c.B().Get().Key(key).Cache(), time.Minute)
		}
		for i, res := range c.DoMultiCache(t.Context(), multi...) {
			wantValue(t, res, "v of "+keys[i], false)
		}
		wantCount(t, fake, "GET", 2*len(keys))
	}, four)
}

func TestCachedReadOfNothingIsMisuse(t *testing.T) {
	t.Parallel()
	bubble(t, cacheServer(never), func(t *testing.T, c *client.Client, _ *respfake.Server) {
		if err := c.DoCache(t.Context(), rueidis.Cacheable{}, time.Minute).Error(); !errors.Is(err, errs.Misuse) {
			t.Errorf("got %v; want Misuse", err)
		}
		if got := c.DoMultiCache(t.Context()); got != nil {
			t.Errorf("got %v; want nil", got)
		}
		c.Close()
		if err := cachedGet(t.Context(), c, "k").Error(); !errors.Is(err, errs.Closed) {
			t.Errorf("got %v; want Closed", err)
		}
	})
}
