package client_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"
	"pgregory.net/rapid"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// calm keeps the bounds out of tests with many failures on purpose.
func calm(changes ...setup) []setup {
	return append(changes,
		client.Retry(client.RetryPolicy{MaxAttempts: 100, MaxUnknown: 100, MaxElapsed: time.Hour}),
		client.Breaker(client.BreakerPolicy{Disabled: true}),
		client.RetryBudget(client.RetryBudgetPolicy{Disabled: true}))
}

// keeping runs a test over a server that keeps the books.
func keeping(t *testing.T, f func([]string, int) fate, run func(t *testing.T, c *client.Client, fake *respfake.Server, l *ledger), changes ...setup) {
	t.Helper()
	modes(t, func(t *testing.T, mode setup) {
		l := newLedger(f)
		fake := respfake.New(l.serve)
		defer fake.Close()
		run(t, dial(t, fake, append(slices.Clip(changes), mode)...), fake, l)
	})
}

func TestBatchOfNothingIsNothing(t *testing.T) {
	t.Parallel()
	keeping(t, refuse(nil), func(t *testing.T, c *client.Client, fake *respfake.Server, _ *ledger) {
		if got := c.DoMulti(t.Context()); got != nil {
			t.Errorf("got %v; want nil", got)
		}
		wantArrived(t, fake)
	})
}

func TestBatchSendsOnlyWhatFailedAgain(t *testing.T) {
	t.Parallel()
	fates := map[string]fate{
		"SET a 1": {line: loading},
		"INCR b":  {line: wrongType},
		"GET c":   {line: loading},
	}
	keeping(t, refuse(fates), func(t *testing.T, c *client.Client, fake *respfake.Server, l *ledger) {
		results := c.DoMulti(t.Context(), commands(c.B(), "SET a 1", "INCR b", "GET c", "SET d 4", "INCR e")...)
		wantOutcomes(t, results, "1", "wrong_type not-executed", "c", "4", "e")
		wantArrived(t, fake, "SET a 1", "INCR b", "GET c", "SET d 4", "INCR e", "SET a 1", "GET c")
		l.wantExecuted(t, "SET d 4", "INCR e", "SET a 1", "GET c")
		e := mine(t, results[1].Error())
		if e.Op != "INCR" || e.Addr != addr || e.Attempts < 1 {
			t.Errorf("got op %q at %q after %d attempts; want INCR at %q", e.Op, e.Addr, e.Attempts, addr)
		}
	})
}

func TestBatchNeverOvertakesALaterCommandOfItsSlot(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		batch []string
		fates map[string]fate
		want  []string
		ran   []string
	}{
		"a write behind a write": {
			batch: []string{"SET k 1", "SET k 2"},
			fates: map[string]fate{"SET k 1": {line: loading}},
			want:  []string{"loading not-executed", "2"},
			ran:   []string{"SET k 2"},
		},
		"a read behind a write": {
			batch: []string{"GET k 1", "SET k 2"},
			fates: map[string]fate{"GET k 1": {line: loading}},
			want:  []string{"loading not-executed", "2"},
			ran:   []string{"SET k 2"},
		},
		"a write behind a read": {
			batch: []string{"SET k 1", "GET k 2"},
			fates: map[string]fate{"SET k 1": {line: loading}},
			want:  []string{"loading not-executed", "2"},
			ran:   []string{"GET k 2"},
		},
		"a write behind a lost write": {
			batch: []string{"SET k 1", "SET k 2"},
			fates: map[string]fate{"SET k 1": {line: loading}, "SET k 2": {lost: true}},
			want:  []string{"loading not-executed", "conn_lost unknown"},
			ran:   nil,
		},
		"two reads are free": {
			batch: []string{"GET k 1", "GET k 2"},
			fates: map[string]fate{"GET k 1": {line: loading}},
			want:  []string{"1", "2"},
			ran:   []string{"GET k 2", "GET k 1"},
		},
		"another slot is free": {
			batch: []string{"SET k 1", "SET l 2"},
			fates: map[string]fate{"SET k 1": {line: loading}},
			want:  []string{"1", "2"},
			ran:   []string{"SET l 2", "SET k 1"},
		},
		"another slot, same hash tag": {
			batch: []string{"SET {k}a 1", "SET {k}b 2"},
			fates: map[string]fate{"SET {k}a 1": {line: loading}},
			want:  []string{"loading not-executed", "2"},
			ran:   []string{"SET {k}b 2"},
		},
		"several keys reach any slot": {
			batch: []string{"SET k 1", "MSET l 2 k 3"},
			fates: map[string]fate{"SET k 1": {line: loading}},
			want:  []string{"loading not-executed", "3"},
			ran:   []string{"MSET l 2 k 3"},
		},
		"no key reaches any slot": {
			batch: []string{"SET k 1", "FLUSHALL"},
			fates: map[string]fate{"SET k 1": {line: loading}},
			want:  []string{"loading not-executed", "FLUSHALL"},
			ran:   []string{"FLUSHALL"},
		},
		"both again keep their order": {
			batch: []string{"SET k 1", "INCR k", "GET k 3"},
			fates: map[string]fate{"SET k 1": {line: loading}, "INCR k": {line: loading}, "GET k 3": {line: loading}},
			want:  []string{"1", "k", "3"},
			ran:   []string{"SET k 1", "INCR k", "GET k 3"},
		},
		"a refusal that stays is no obstacle": {
			batch: []string{"SET k 1", "INCR k"},
			fates: map[string]fate{"SET k 1": {line: loading}, "INCR k": {line: wrongType}},
			want:  []string{"1", "wrong_type not-executed"},
			ran:   []string{"SET k 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keeping(t, refuse(test.fates), func(t *testing.T, c *client.Client, _ *respfake.Server, l *ledger) {
				results := c.DoMulti(t.Context(), commands(c.B(), test.batch...)...)
				if name == "a write behind a lost write" && outcomes(t, results)[0] == "conn_lost unknown" {
					return // the adaptive mode has lost the first reply with the second
				}
				wantOutcomes(t, results, test.want...)
				l.wantExecuted(t, test.ran...)
				if err := results[0].Error(); err != nil {
					wantOrderWhy(t, err)
				}
			})
		})
	}
}

func TestPingInABatchHoldsNobodyBack(t *testing.T) {
	t.Parallel()
	keeping(t, refuse(map[string]fate{"SET k 1": {line: loading}}), func(t *testing.T, c *client.Client, _ *respfake.Server, _ *ledger) {
		multi := append(commands(c.B(), "SET k 1"), c.B().Ping().Build())
		wantOutcomes(t, c.DoMulti(t.Context(), multi...), "1", "PONG")
	})
}

// In the adaptive mode rueidis gives every command of a batch the failure of
// its connection, also those whose replies had come: nothing may be told then.
func TestRepliesOverwrittenByALossAreUnknown(t *testing.T) {
	t.Parallel()
	fates := map[string]fate{"INCR b": {lost: true}}
	keeping(t, refuse(fates), func(t *testing.T, c *client.Client, fake *respfake.Server, _ *ledger) {
		results := c.DoMulti(t.Context(), commands(c.B(), "INCR a", "INCR b", "INCR c")...)
		for i, got := range outcomes(t, results) {
			if got != "conn_lost unknown" && (i > 0 || got != "a") {
				t.Errorf("result %d: got %s; want a reply or an unknown effect", i, got)
			}
		}
		if got := arrived(fake); len(got) > 3 {
			t.Errorf("writes were sent again: %q", got)
		}
	})
}

func TestLostReadsOfABatchAreReplayedAndLostWritesAreNot(t *testing.T) {
	t.Parallel()
	fates := map[string]fate{"GET a": {lost: true}}
	keeping(t, refuse(fates), func(t *testing.T, c *client.Client, _ *respfake.Server, l *ledger) {
		results := c.DoMulti(t.Context(), commands(c.B(), "GET a", "INCR b", "GET c")...)
		wantOutcomes(t, results, "a", "conn_lost unknown", "c")
		l.wantExecuted(t, "GET a", "GET c")
	})
}

func TestReplayLiftsTheLimitForABatch(t *testing.T) {
	t.Parallel()
	fates := map[string]fate{"SET a 1": {lost: true, runs: true}}
	keeping(t, refuse(fates), func(t *testing.T, c *client.Client, _ *respfake.Server, l *ledger) {
		ctx := client.With(t.Context(), client.Replay(classify.LastWins))
		wantOutcomes(t, c.DoMulti(ctx, commands(c.B(), "SET a 1", "SET a 2", "INCR b")...), "1", "2", "conn_lost unknown")
		l.wantExecuted(t, "SET a 1", "SET a 1", "SET a 2")
	})
}

func TestBigBatchIsCompleteAndInOrder(t *testing.T) {
	t.Parallel()
	for _, size := range []int{3000, 40} {
		lines := make([]string, size)
		for i := range lines {
			lines[i] = "SET k" + strconv.Itoa(i) + " " + strconv.Itoa(i)
		}
		third := func(cmd []string, nth int) fate {
			if n, _ := strconv.Atoi(cmd[2]); n%3 == 0 && nth == 0 {
				return fate{line: loading}
			}
			return fate{}
		}
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			t.Parallel()
			pool := func(opt *rueidis.ClientOption) { opt.BlockingPipeline = 2000 }
			keeping(t, third, func(t *testing.T, c *client.Client, fake *respfake.Server, _ *ledger) {
				for i, got := range outcomes(t, c.DoMulti(t.Context(), commands(c.B(), lines...)...)) {
					// slots may meet: then the order holds a command back
					if got != strconv.Itoa(i) && (got != "loading not-executed" || size < 2000) {
						t.Fatalf("result %d: got %s", i, got)
					}
				}
				onPool := fake.Commands()[0].Conn > 1
				if onPool != (size >= 2000) {
					t.Errorf("a connection of the pool: got %v for a batch of %d", onPool, size)
				}
			}, pool)
		})
	}
}

func TestBatchRefusedAsAWholeNamesEveryCommand(t *testing.T) {
	t.Parallel()
	keeping(t, refuse(nil), func(t *testing.T, c *client.Client, fake *respfake.Server, _ *ledger) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for i, res := range c.DoMulti(ctx, commands(c.B(), "SET a 1", "GET b")...) {
			e := mine(t, res.Error())
			if e.Kind != errs.Canceled || e.Effect != errs.NotExecuted || e.Op != []string{"SET", "GET"}[i] || !errors.Is(e, context.Canceled) {
				t.Errorf("result %d: got %v of %q; want Canceled", i, e, e.Op)
			}
		}
		wantOutcomes(t, c.DoMulti(t.Context(), c.B().Ping().Build(), rueidis.Completed{}), "misuse not-executed", "misuse not-executed")
		c.Close()
		wantOutcomes(t, c.DoMulti(t.Context(), commands(c.B(), "SET a 1")...), "closed not-executed")
		wantArrived(t, fake)
	})
}

func TestRefusedDialOfABatchIsRetried(t *testing.T) {
	t.Parallel()
	keeping(t, func(cmd []string, _ int) fate { return fate{lost: cmd[0] == "LOSE"} },
		func(t *testing.T, c *client.Client, fake *respfake.Server, l *ledger) {
			lose(t, c)
			fake.Refuse(errors.New("not now"))
			go func() {
				synctest.Wait()
				fake.Refuse(nil)
			}()
			wantOutcomes(t, c.DoMulti(t.Context(), commands(c.B(), "INCR a", "MULTI", "INCR b", "EXEC")...),
				"a", "OK", "QUEUED", "[b]")
			l.wantExecuted(t, "INCR a", "INCR b")
		})
}

func TestBatchFeedsTheBreakerOncePerAttempt(t *testing.T) {
	t.Parallel()
	script := plan{"SET": {respfake.Error("OOM command not allowed when used memory > 'maxmemory'.")}, "INCR": {respfake.Error(loading), respfake.Int(1)}}
	bubble(t, script.script, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		// The OOM of the first attempt must not count for the second, which only
		// sent what was loading.
		c.DoMulti(t.Context(), commands(c.B(), "SET a 1", "INCR b")...)
		if err := incr(t.Context(), c); err != nil {
			t.Errorf("the write lane is open after one failure: %v", err)
		}
	}, client.Breaker(client.BreakerPolicy{Failures: 2}))
}

func TestBatchErrorJoinsFailuresWithTheirPositions(t *testing.T) {
	t.Parallel()
	keeping(t, refuse(map[string]fate{"INCR a": {line: wrongType}, "SET c 3": {line: "OOM command not allowed when used memory > 'maxmemory'."}}),
		func(t *testing.T, c *client.Client, _ *respfake.Server, _ *ledger) {
			err := client.BatchError(c.DoMulti(t.Context(), commands(c.B(), "INCR a", "GET b", "SET c 3")...))
			e := mine(t, err)
			batch, ok := errors.AsType[*errs.BatchError](err)
			if !ok || batch.Total != 3 || len(batch.Failed) != 2 || batch.Failed[0].Index != 0 || batch.Failed[1].Index != 2 {
				t.Fatalf("got %+v; want the failures 0 and 2 of 3", batch)
			}
			if e.Kind != errs.WrongType || e.Effect != errs.Partial || e.Addr != addr {
				t.Errorf("got %v, %v at %q; want the kind of the first, Partial", e.Kind, e.Effect, e.Addr)
			}
			if !errors.Is(err, errs.WrongType) || !errors.Is(err, errs.OOM) || !errors.Is(err, errs.Command) || errors.Is(err, errs.Loading) {
				t.Errorf("errors.Is does not find exactly what failed in %v", err)
			}
			if _, ok := errors.AsType[*rueidis.RedisError](err); !ok {
				t.Error("the server's reply is out of reach")
			}
		})
}

func TestBatchErrorSaysWhatMayHaveRun(t *testing.T) {
	t.Parallel()
	ok := rueidis.NewResult(rueidis.RedisMessage{}, nil)
	not := rueidis.NewErrorResult(&errs.Error{Kind: errs.Loading, Effect: errs.NotExecuted})
	unsure := rueidis.NewErrorResult(&errs.Error{Kind: errs.ConnLost})
	partly := rueidis.NewErrorResult(&errs.Error{Kind: errs.ScriptFailed, Effect: errs.Partial})
	for _, test := range []struct {
		results []rueidis.RedisResult
		want    errs.Effect
	}{
		{[]rueidis.RedisResult{not, not}, errs.NotExecuted},
		{[]rueidis.RedisResult{not, ok}, errs.Partial},
		{[]rueidis.RedisResult{not, unsure}, errs.Unknown},
		{[]rueidis.RedisResult{ok, unsure}, errs.Unknown},
		{[]rueidis.RedisResult{partly}, errs.Partial},
	} {
		if got := errs.EffectOf(client.BatchError(test.results)); got != test.want {
			t.Errorf("%v: got %v; want %v", test.results, got, test.want)
		}
	}
	for _, results := range [][]rueidis.RedisResult{nil, {ok}, {ok, rueidis.NewErrorResult(rueidis.Nil)}} {
		if err := client.BatchError(results); err != nil {
			t.Errorf("got %v; want nil", err)
		}
	}
}

func TestScriptMissingInABatchStaysRawForItsCommand(t *testing.T) {
	t.Parallel()
	const noScript = "NOSCRIPT No matching script. Please use EVAL."
	bubble(t, plan{"EVALSHA": {respfake.Error(noScript)}, "INCR": {respfake.Int(1)}}.script,
		func(t *testing.T, c *client.Client, fake *respfake.Server) {
			evalsha := c.B().Evalsha().Sha1("abc").Numkeys(1).Key("k").Build()
			results := c.DoMulti(t.Context(), c.B().Incr().Key("n").Build(), evalsha, c.B().Incr().Key("n").Build())
			if re, ok := rueidis.IsRedisErr(results[1].Error()); !ok || !re.IsNoScript() {
				t.Errorf("got %v; want the raw NOSCRIPT", results[1].Error())
			}
			if err := client.BatchError(results); errs.KindOf(err) != errs.NoScript || errs.EffectOf(err) != errs.Partial {
				t.Errorf("got %v; want NoScript, Partial", err)
			}
			wantCount(t, fake, "INCR", 2)
			wantCount(t, fake, "EVALSHA", 1)
		})
}

// rueidis' helpers put the slice they get from a client into a pool.
func TestResultsMayBeReusedByTheirReceiver(t *testing.T) {
	t.Parallel()
	keeping(t, refuse(nil), func(t *testing.T, c *client.Client, _ *respfake.Server, _ *ledger) {
		for range 20 {
			results := c.DoMulti(t.Context(), commands(c.B(), "SET a 1", "SET b 2")...)
			wantOutcomes(t, results, "1", "2")
			clear(results)
		}
		for range 20 {
			if err := rueidis.MSet(c, t.Context(), map[string]string{"a": "1", "b": "2"}); err["a"] != nil || err["b"] != nil {
				t.Fatal(err)
			}
			if _, err := rueidis.MGet(c, t.Context(), []string{"a", "b"}); err == nil {
				t.Fatal("the reply is not an array, and MGet does not say so")
			}
		}
	})
}

// op is a drawn command and its fate at the first attempt.
type op struct {
	line  string
	key   string // "" reaches any slot
	write bool
	fate  fate
}

var opGen = rapid.Custom(func(t *rapid.T) op {
	o := op{key: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")}
	switch name := rapid.SampledFrom([]string{"GET", "GET", "SET", "INCR", "MGET", "MSET"}).Draw(t, "name"); name {
	case "MGET", "MSET":
		o.line, o.write, o.key = name+" "+o.key+" b", name == "MSET", ""
	default:
		o.line, o.write = name+" "+o.key, name != "GET"
	}
	switch rapid.SampledFrom([]string{"ok", "ok", "ok", "loading", "loading", "lost", "ran"}).Draw(t, "fate") {
	case "loading":
		o.fate.line = loading
	case "lost":
		o.fate.lost = true
	case "ran":
		o.fate = fate{lost: true, runs: true}
	}
	return o
})

func (o op) conflicts(p op) bool {
	return (o.write || p.write) && (o.key == "" || p.key == "" || o.key == p.key)
}

func TestAnyBatchKeepsOrderAndRunsNoWriteTwice(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		var fates map[string]fate
		l := newLedger(func(cmd []string, nth int) fate { return refuse(fates)(cmd, nth) })
		fake := respfake.New(l.serve)
		defer fake.Close()
		c := dial(t, fake, calm(mode)...)
		noDeadline := struct{ rapid.TB }{t} // there is none in a bubble
		rapid.Check(noDeadline, func(t *rapid.T) {
			ops := rapid.SliceOfN(opGen, 1, 10).Draw(t, "ops")
			lines := make([]string, len(ops))
			fates = map[string]fate{}
			for i := range ops {
				ops[i].line += " " + strconv.Itoa(i) // tells equal commands apart
				lines[i] = ops[i].line
				fates[lines[i]] = ops[i].fate
			}
			clear(l.seen)
			l.ran = nil
			results := c.DoMulti(context.Background(), commands(c.B(), lines...)...)
			synctest.Wait()
			checkBatch(t, ops, results, l.executed())
		})
	})
}

func checkBatch(t *rapid.T, ops []op, results []rueidis.RedisResult, ran []string) {
	if len(results) != len(ops) {
		t.Fatalf("%d results for %d commands", len(results), len(ops))
	}
	last, count := make([]int, len(ops)), make([]int, len(ops))
	for at, line := range ran {
		i, _ := strconv.Atoi(line[strings.LastIndexByte(line, ' ')+1:])
		last[i] = at + 1
		count[i]++
	}
	failed := make([]*errs.Error, len(ops))
	for i, res := range results {
		if err := res.Error(); err != nil {
			failed[i] = err.(*errs.Error)
		}
		switch e := failed[i]; {
		case ops[i].write && count[i] > 1:
			t.Fatalf("write %q ran %d times", ops[i].line, count[i])
		case e == nil && count[i] == 0:
			t.Fatalf("%q was answered and never ran", ops[i].line)
		case e != nil && e.Effect == errs.NotExecuted && count[i] > 0:
			t.Fatalf("%q ran and is said not to have: %v", ops[i].line, e)
		case e != nil && e.Kind == errs.Loading && !excused(ops, failed, i):
			t.Fatalf("%q could have been sent again: %v", ops[i].line, e)
		}
	}
	for i := range ops {
		for j := i + 1; j < len(ops); j++ {
			answered := failed[j] == nil || ops[j].write
			if last[i] > 0 && last[j] > 0 && answered && ops[i].conflicts(ops[j]) && last[i] > last[j] {
				t.Fatalf("%q overtook %q: %q", ops[i].line, ops[j].line, ran)
			}
		}
	}
}

// excused reports whether a later command that ran, or may have, stood in the
// way of sending i again.
func excused(ops []op, failed []*errs.Error, i int) bool {
	return slices.ContainsFunc(ops[i+1:], func(p op) bool {
		j := slices.IndexFunc(ops, func(q op) bool { return q.line == p.line })
		return ops[i].conflicts(p) && (failed[j] == nil || failed[j].Effect != errs.NotExecuted)
	})
}

func BenchmarkBatchAgain(b *testing.B) {
	for _, size := range []int{100, 3000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			l := newLedger(func(_ []string, nth int) fate {
				if nth%2 == 0 {
					return fate{line: loading}
				}
				return fate{}
			})
			fake := respfake.New(l.serve)
			defer fake.Close()
			opt := rueidis.ClientOption{InitAddress: []string{addr}, DialCtxFn: fake.Dial}
			hasty(&opt)
			c, err := client.New(opt, client.RetryBudget(client.RetryBudgetPolicy{Disabled: true}))
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			lines := make([]string, size)
			for i := range lines {
				lines[i] = "SET k" + strconv.Itoa(i) + " v"
			}
			for b.Loop() {
				c.DoMulti(b.Context(), commands(c.B(), lines...)...)
			}
		})
	}
}
