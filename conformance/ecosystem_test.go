package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/redis/rueidis/rueidiscompat"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/servers"
)

// onEachFace runs a test with the typed client and with Compat, on every
// server, over RESP3 and over RESP2 with pipelining. What works on one face
// only says so where it looks at face.name.
func onEachFace(t *testing.T, run func(t *testing.T, s *servers.Server, v variant, face subject)) {
	t.Helper()
	onEachServer(t, func(t *testing.T, bin servers.Binary) {
		for _, v := range []variant{variants[0], variants[3]} {
			for _, face := range []subject{ours, compat} {
				t.Run(face.name+" "+v.name, func(t *testing.T) {
					t.Parallel()
					run(t, servers.Start(t, bin), v, face)
				})
			}
		}
	})
}

// use makes a client of the face that is closed with the test.
func (who subject) use(t *testing.T, opt rueidis.ClientOption) rueidis.Client {
	t.Helper()
	c, err := who.open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// seesReplies reports whether rueidis.IsRedisErr finds the server's error: with
// Compat only. This is why code that tests for it takes Compat.
func (who subject) seesReplies(t *testing.T, what string, err error) {
	t.Helper()
	_, got := rueidis.IsRedisErr(err)
	if want := who.name == compat.name; got != want {
		t.Errorf("%s: IsRedisErr(%v) = %v over %s; want %v", what, err, got, who.name, want)
	}
	if reply, ok := errors.AsType[*rueidis.RedisError](err); !ok {
		t.Errorf("%s: got %v; want a *rueidis.RedisError in it", what, err)
	} else if reply.Error() == "" {
		t.Errorf("%s: the reply has no text", what)
	}
}

// TestGoRedisAdapter: rueidiscompat runs over both faces as long as commands
// succeed or find nothing. Code that looks at the server's errors takes Compat.
func TestGoRedisAdapter(t *testing.T) {
	t.Parallel()
	onEachFace(t, func(t *testing.T, s *servers.Server, v variant, face subject) {
		ctx := context.Background()
		var nothing error = rueidiscompat.Nil
		rdb := rueidiscompat.NewAdapter(face.use(t, v.option(s)))

		check(t, "Set", rdb.Set(ctx, "k", "v", time.Minute).Err(), nil)
		check(t, "Get", rdb.Get(ctx, "k").Val(), "v")
		check(t, "SetNX", rdb.SetNX(ctx, "k", "x", 0).Val(), false)
		check(t, "Incr", rdb.Incr(ctx, "n").Val(), int64(1))
		check(t, "HSet", rdb.HSet(ctx, "h", "a", 1, "b", "2").Val(), int64(2))
		check(t, "HGetAll", fmt.Sprint(rdb.HGetAll(ctx, "h").Val()), "map[a:1 b:2]")
		check(t, "nothing there", rdb.Get(ctx, "none").Err(), nothing)
		check(t, "nothing there", errors.Is(rdb.HGet(ctx, "h", "none").Err(), rueidiscompat.Nil), true)
		check(t, "ZAdd", rdb.ZAdd(ctx, "z", rueidiscompat.Z{Score: 1.5, Member: "m"}).Val(), int64(1))
		check(t, "ZScore", rdb.ZScore(ctx, "z", "m").Val(), 1.5)
		check(t, "Eval", rdb.Eval(ctx, "return ARGV[1]", nil, "x").Val(), "x")
		check(t, "cached Get", rdb.Cache(time.Minute).Get(ctx, "k").Val(), "v")
		face.seesReplies(t, "Incr of a text", rdb.Incr(ctx, "k").Err())

		var in, missing *rueidiscompat.StringCmd
		_, err := rdb.Pipelined(ctx, func(p rueidiscompat.Pipeliner) error {
			p.Incr(ctx, "n")
			in, missing = p.Get(ctx, "n"), p.Get(ctx, "none")
			return nil
		})
		check(t, "Pipelined", err, nothing)
		check(t, "in the pipeline", in.Val(), "2")
		check(t, "missing in the pipeline", missing.Err(), nothing)

		var n *rueidiscompat.IntCmd
		_, err = rdb.TxPipelined(ctx, func(p rueidiscompat.Pipeliner) error {
			p.Set(ctx, "tx", "1", 0)
			n = p.Incr(ctx, "tx")
			return nil
		})
		check(t, "TxPipelined", err, nil)
		check(t, "in the transaction", n.Val(), int64(2))

		for _, conflict := range []bool{false, true} {
			err = rdb.Watch(ctx, func(tx rueidiscompat.Tx) error {
				if conflict {
					must(t, s, "SET", "tx", "9")
				}
				_, err := tx.TxPipelined(ctx, func(p rueidiscompat.Pipeliner) error { p.Incr(ctx, "tx"); return nil })
				return err
			}, "tx")
			check(t, fmt.Sprint("Watch, conflict ", conflict), errors.Is(err, rueidiscompat.TxFailedErr), conflict)
		}

		sub := rdb.Subscribe(ctx, "ch")
		messages := sub.Channel()
		until(t, "a subscriber", func() bool {
			v, _ := must(t, s, "PUBSUB", "NUMSUB", "ch").([]any)
			return v[1] == int64(1)
		})
		check(t, "Publish", rdb.Publish(ctx, "ch", "hello").Val(), int64(1))
		check(t, "message", (<-messages).Payload, "hello")
		check(t, "Close", sub.Close(), nil)
	})
}

// check compares; errors by identity, as the ecosystem does.
func check[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v; want %v", what, got, want)
	}
}

// TestLuaOfRueidisHeals: both faces. rueidis.Lua finds the raw NOSCRIPT and
// sends the source, however often the scripts are flushed, and every call is
// executed once.
func TestLuaOfRueidisHeals(t *testing.T) {
	t.Parallel()
	onEachFace(t, func(t *testing.T, s *servers.Server, v variant, face subject) {
		const callers, calls = 4, 50
		ctx := context.Background()
		c := face.use(t, v.option(s))
		add := rueidis.NewLuaScript(`return redis.call('INCRBY', KEYS[1], ARGV[1])`)
		var work sync.WaitGroup
		for range callers {
			work.Go(func() {
				for range calls {
					if err := add.Exec(ctx, c, []string{counter}, []string{"1"}).Error(); err != nil {
						t.Errorf("Exec: %v", err)
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { work.Wait(); close(done) }()
		for flushing := true; flushing; {
			must(t, s, "SCRIPT", "FLUSH")
			select {
			case <-done:
				flushing = false
			default:
			}
		}
		check(t, "increments", must(t, s, "GET", counter).(string), strconv.Itoa(callers*calls))

		for i, res := range add.ExecMulti(ctx, c, rueidis.LuaExec{Keys: []string{"m"}, Args: []string{"2"}}, rueidis.LuaExec{Keys: []string{"m"}, Args: []string{"3"}}) {
			n, err := res.AsInt64()
			check(t, "ExecMulti", err, nil)
			check(t, "ExecMulti", n, int64(2+3*i))
		}
		face.seesReplies(t, "an argument that does not fit", add.Exec(ctx, c, []string{"m"}, []string{"x"}).Error())
	})
}

// TestBatchHelpersOfRueidis: MGet, MSet, MSetNX and MDel work on both faces, as
// one command a key, for rueidis knows only its own clients by type. MGetCache
// returns the values on both, but stops at a key of another type on the typed
// face, where rueidis leaves the error in the map: it takes Compat. With
// DisableCache rueidis would send its own clients one MGET, to which a list is
// nil; any other client gets the error.
func TestBatchHelpersOfRueidis(t *testing.T) {
	t.Parallel()
	onEachFace(t, func(t *testing.T, s *servers.Server, v variant, face subject) {
		ctx := context.Background()
		c, plain := face.use(t, v.option(s)), bare.use(t, v.option(s))
		keys := []string{"a", "b", "none"}
		sameErrors(t, "MSet", rueidis.MSet(c, ctx, map[string]string{"a": "1", "b": "2"}), nil)
		for range 2 {
			want, wantErr := rueidis.MGetCache(plain, ctx, time.Minute, keys)
			got, err := rueidis.MGetCache(c, ctx, time.Minute, keys)
			check(t, "MGetCache", errors.Is(err, wantErr), true)
			check(t, "MGetCache", texts(got), texts(want))
		}
		want, _ := rueidis.MGet(plain, ctx, keys)
		got, err := rueidis.MGet(c, ctx, keys)
		check(t, "MGet", err, nil)
		check(t, "MGet", texts(got), texts(want))

		nx := rueidis.MSetNX(c, ctx, map[string]string{"a": "9", "new": "9"})
		check(t, "MSetNX of a new key", nx["new"], nil)
		check(t, "MSetNX of an old key", rueidis.IsRedisNil(nx["a"]), true)
		sameErrors(t, "MDel", rueidis.MDel(c, ctx, keys), nil)
		check(t, "MDel", must(t, s, "EXISTS", "a", "b").(int64), 0)

		must(t, s, "RPUSH", "list", "x")
		must(t, s, "SET", "a", "1")
		all, err := rueidis.MGetCache(c, ctx, time.Minute, []string{"a", "list"})
		switch wanted, wantErr := rueidis.MGetCache(plain, ctx, time.Minute, []string{"a", "list"}); {
		case face.name == ours.name:
			if !errors.Is(err, errs.WrongType) {
				t.Errorf("MGetCache of a list: got %v; want WrongType", err)
			}
		case v.resp2:
			check(t, "MGetCache of a list", err, nil)
			msg := all["list"]
			if _, err := msg.ToString(); classify.KindOf(err) != errs.WrongType {
				t.Errorf("MGetCache of a list: got %v in the map; want WRONGTYPE", err)
			}
		default:
			check(t, "MGetCache of a list", fmt.Sprint(err), fmt.Sprint(wantErr))
			check(t, "MGetCache of a list", texts(all), texts(wanted))
		}
	})
}

// texts is a map of messages in the order of its keys.
func texts(m map[string]rueidis.RedisMessage) string {
	var all []string
	for key, msg := range m {
		text, err := msg.ToString()
		all = append(all, fmt.Sprintf("%s=%s,%v", key, text, err))
	}
	slices.Sort(all)
	return fmt.Sprint(all)
}

func sameErrors(t *testing.T, what string, got map[string]error, want error) {
	t.Helper()
	for key, err := range got {
		if err != want { //nolint:errorlint // by identity, as callers of rueidis compare
			t.Errorf("%s: %s: got %v; want %v", what, key, err, want)
		}
	}
}
