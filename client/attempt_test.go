package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

const wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"

func TestStatesThatPassAreWaitedOut(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"LOADING Redis is loading the dataset in memory",
		"TRYAGAIN Multiple keys request during rehashing of slot",
		"CLUSTERDOWN The cluster is down",
		"BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
		"NOREPLICAS Not enough good replicas to write.",
		"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
	} {
		script := plan{
			"SET":  {respfake.Error(line), respfake.Error(line), respfake.OK},
			"INCR": {respfake.Error(line), respfake.Int(7)},
		}
		t.Run(line[:6], func(t *testing.T) {
			t.Parallel()
			bubble(t, script.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
				within(t, 8*time.Millisecond, time.Second, func() {
					if err := do(context.Background(), c, "SET", "k", "v"); err != nil {
						t.Errorf("SET: %v", err)
					}
				})
				if n, err := c.Do(context.Background(), c.B().Incr().Key("n").Build()).AsInt64(); n != 7 || err != nil {
					t.Errorf("INCR: got %d, %v; want 7", n, err)
				}
				wantCount(t, fake, "SET", 3)
				wantCount(t, fake, "INCR", 2)
			})
		})
	}
}

func TestWrongTypeIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"INCR": {respfake.Error(wrongType)}, "GET": {respfake.Error(wrongType)}}.script,
		func(t *testing.T, c *client.Client, fake *respfake.Server) {
			ctx := client.With(context.Background(), client.Replay(classify.Accumulating))
			e := wantErr(t, c.Do(ctx, c.B().Incr().Key("n").Build().ToRetryable()).Error(), errs.WrongType, errs.NotExecuted, 1)
			if e.Code != "WRONGTYPE" || e.Op != "INCR" {
				t.Errorf("got code %q, op %q; want WRONGTYPE, INCR", e.Code, e.Op)
			}
			wantErr(t, get(ctx, c, "k"), errs.WrongType, errs.NotExecuted, 1)
			wantCount(t, fake, "INCR", 1)
			wantCount(t, fake, "GET", 1)
		})
}

func TestLostIncrIsSentOnceAndUnknown(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"INCR": {drop, respfake.Int(1)}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		err := incr(context.Background(), c)
		e := wantErr(t, err, errs.ConnLost, errs.Unknown, 1)
		if !errs.MayHaveExecuted(err) || !errors.Is(err, io.EOF) {
			t.Errorf("MayHaveExecuted %v, Is(EOF) %v; want both", errs.MayHaveExecuted(err), errors.Is(err, io.EOF))
		}
		if want := "INCR: " + errs.ConnLost.Error() + ", node " + addr + ", slot 3432, may have been executed"; e.Error() != want {
			t.Errorf("got %q; want %q", e.Error(), want)
		}
		wantCount(t, fake, "INCR", 1)
	})
}

func TestLostReadIsReplayed(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"GET": {drop, respfake.Bulk("v")}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		if v, err := c.Do(context.Background(), c.B().Get().Key("k").Build()).ToString(); v != "v" || err != nil {
			t.Errorf("got %q, %v; want v", v, err)
		}
		wantCount(t, fake, "GET", 2)
	})
}

func TestReplayLevelDecidesOverLostWrites(t *testing.T) {
	t.Parallel()
	always := client.Replay(classify.LastWins)
	tests := []struct {
		name   string
		client []setup
		call   []client.CallOption
		cmd    func(b rueidis.Builder) rueidis.Completed
		sends  int
	}{
		{"SET by default", nil, nil, set, 1},
		{"SET by the client's level", []setup{always}, nil, set, 2},
		{"SET by the call's level", nil, []client.CallOption{always}, set, 2},
		{"SET below the call's level", []setup{always}, []client.CallOption{client.Replay(classify.Checked)}, set, 1},
		{"SET by the author's word", nil, nil, func(b rueidis.Builder) rueidis.Completed { return set(b).ToRetryable() }, 2},
		{"INCR by LastWins", []setup{always}, nil, count, 1},
		{"INCR by Accumulating", nil, []client.CallOption{client.Replay(classify.Accumulating)}, count, 2},
		{"INCR by the author's word", nil, nil, func(b rueidis.Builder) rueidis.Completed { return count(b).ToRetryable() }, 2},
		{"unknown command", nil, []client.CallOption{client.Replay(classify.Accumulating)}, stranger, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lost := []string{drop, respfake.OK}
			script := plan{"SET": lost, "INCR": lost, "MY.THING": lost}.script
			bubble(t, script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
				cmd := tt.cmd(c.B())
				name := cmd.Commands()[0]
				err := c.Do(client.With(context.Background(), tt.call...), cmd).Error()
				if (err == nil) != (tt.sends == 2) {
					t.Errorf("got %v", err)
				}
				wantCount(t, fake, name, tt.sends)
			}, tt.client...)
		})
	}
}

func set(b rueidis.Builder) rueidis.Completed   { return b.Set().Key("k").Value("v").Build() }
func count(b rueidis.Builder) rueidis.Completed { return b.Incr().Key("n").Build() }

func stranger(b rueidis.Builder) rueidis.Completed { return b.Arbitrary("MY.THING", "k").Build() }

func TestLostBlockingPopIsNeverReplayed(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{
		{"BLPOP", "q", "0"},
		{"BLMOVE", "a", "b", "LEFT", "LEFT", "0"},
		{"BZPOPMIN", "z", "0"},
		{"XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"},
	} {
		t.Run(words[0], func(t *testing.T) {
			t.Parallel()
			bubble(t, plan{words[0]: {drop}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
				cmd := c.B().Arbitrary(words...).Blocking().ToRetryable()
				wantErr(t, c.Do(context.Background(), cmd).Error(), errs.ConnLost, errs.Unknown, 1)
				wantCount(t, fake, words[0], 1)
			}, client.Replay(classify.Accumulating))
		})
	}
}

func TestPoisonousReadReachesTheServerThreeTimes(t *testing.T) {
	t.Parallel()
	script := func() respfake.Handler {
		return func(c *respfake.Conn, cmd []string) {
			if slices.Contains(cmd, "poison") {
				c.Close()
				return
			}
			c.Write(respfake.Bulk("v"))
		}
	}
	bubble(t, script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		wantErr(t, c.Do(context.Background(), c.B().Eval().Script("poison").Numkeys(0).Build()).Error(), errs.ConnLost, errs.Unknown, 1)
		if err := get(context.Background(), c, "fine"); err != nil {
			t.Errorf("GET fine: %v", err)
		}
		err := get(context.Background(), c, "poison")
		wantErr(t, err, errs.ConnLost, errs.Unknown, 3)
		wantWhy(t, err, errs.WhyAttempts)
		wantCount(t, fake, "GET", 4)
		if err := get(context.Background(), c, "fine"); err != nil {
			t.Errorf("GET fine: %v", err)
		}
	})
}

func TestMaxUnknownBoundsReplays(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"GET": {drop}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		wantErr(t, get(context.Background(), c, "k"), errs.ConnLost, errs.Unknown, 2)
		wantCount(t, fake, "GET", 2)
	}, client.Retry(client.RetryPolicy{MaxUnknown: 2}))
}

func TestUnknownEffectSticks(t *testing.T) {
	t.Parallel()
	// The first attempt may have been executed; that later ones were not does
	// not change it.
	script := plan{"SET": {drop, respfake.Error("LOADING later")}}.script
	bubble(t, script, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		err := do(context.Background(), c, "SET", "k", "v")
		wantErr(t, err, errs.Loading, errs.Unknown, 3)
		if !errs.MayHaveExecuted(err) {
			t.Error("MayHaveExecuted: got false; want true")
		}
	}, client.Replay(classify.LastWins), client.Retry(client.RetryPolicy{MaxAttempts: 3}))
}

const loading = "LOADING Redis is loading the dataset in memory"

// alwaysLoading is a server that never finishes to load.
func alwaysLoading() respfake.Handler {
	return func(c *respfake.Conn, _ []string) { c.Write(respfake.Error(loading)) }
}

// patient keeps budget and breaker out of a test of another bound.
var patient = client.Breaker(client.BreakerPolicy{Disabled: true})

func TestMaxAttemptsEndsTheAttempts(t *testing.T) {
	t.Parallel()
	bubble(t, alwaysLoading, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		err := incr(context.Background(), c)
		e := wantErr(t, err, errs.Loading, errs.NotExecuted, 4)
		wantWhy(t, err, errs.WhyAttempts)
		wantCount(t, fake, "INCR", 4)
		if redis, ok := errors.AsType[*rueidis.RedisError](err); !ok || !redis.IsLoading() {
			t.Errorf("AsType: got %v; want the server's LOADING", redis)
		}
		if e.Elapsed < 3*8*time.Millisecond || e.Elapsed > time.Second {
			t.Errorf("Elapsed: got %v; want the sum of three pauses", e.Elapsed)
		}
	}, patient, client.Retry(client.RetryPolicy{MaxAttempts: 4}))
}

func TestMaxElapsedEndsTheAttempts(t *testing.T) {
	t.Parallel()
	bubble(t, alwaysLoading, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		within(t, 0, 300*time.Millisecond, func() {
			err := incr(context.Background(), c)
			e := wantErr(t, err, errs.Loading, errs.NotExecuted, fake.Count("INCR"))
			wantWhy(t, err, errs.WhyElapsed)
			if e.Attempts < 3 {
				t.Errorf("got %d attempts; want several", e.Attempts)
			}
		})
	}, patient, client.Retry(client.RetryPolicy{MaxAttempts: 1000, MaxElapsed: 300 * time.Millisecond}))
}

func TestRetryStopsBeforeAPauseThatTheDeadlineWouldCut(t *testing.T) {
	t.Parallel()
	bubble(t, alwaysLoading, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		within(t, 0, 100*time.Millisecond-1, func() {
			err := incr(ctx, c)
			if e := mine(t, err); e.Kind != errs.Loading || e.Effect != errs.NotExecuted {
				t.Errorf("got %v, %v; want the last failure, not executed", e.Kind.Label(), e.Effect)
			}
			wantWhy(t, err, errs.WhyDeadline)
			if errors.Is(err, context.DeadlineExceeded) {
				t.Error("the context has not ended, but errors.Is finds DeadlineExceeded")
			}
		})
	}, patient)
}

func TestRetryBudgetEndsTheAttempts(t *testing.T) {
	t.Parallel()
	bubble(t, alwaysLoading, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		err := incr(context.Background(), c)
		wantErr(t, err, errs.Loading, errs.NotExecuted, 3)
		wantWhy(t, err, errs.WhyBudget)
		wantErr(t, incr(context.Background(), c), errs.Loading, errs.NotExecuted, 1)
	}, patient, client.RetryBudget(client.RetryBudgetPolicy{Burst: 2, PerSecond: 0.001}))
}

func TestRetryDelayOfTheOptionsDecides(t *testing.T) {
	t.Parallel()
	type call struct {
		attempts int
		name     string
		words    int
		loading  bool
	}
	modes(t, func(t *testing.T, mode setup) {
		fake := respfake.New(alwaysLoading())
		defer fake.Close()
		var calls []call
		c := dial(t, fake, mode, func(opt *rueidis.ClientOption) {
			opt.RetryDelay = func(attempts int, cmd rueidis.Completed, err error) time.Duration {
				re, ok := errors.AsType[*rueidis.RedisError](err)
				calls = append(calls, call{attempts, cmd.Commands()[0], len(cmd.Commands()), ok && re.IsLoading()})
				if attempts == 3 {
					return -1
				}
				return time.Second
			}
		})
		within(t, 2*time.Second, 2*time.Second, func() {
			err := do(context.Background(), c, "SET", "k", "v")
			wantErr(t, err, errs.Loading, errs.NotExecuted, 3)
			wantWhy(t, err, errs.WhyPolicy)
		})
		want := []call{{1, "SET", 3, true}, {2, "SET", 3, true}, {3, "SET", 3, true}}
		if !slices.Equal(calls, want) {
			t.Errorf("calls: got %+v; want %+v", calls, want)
		}
	})
}

func TestDisableRetryMeansOneAttempt(t *testing.T) {
	t.Parallel()
	bubble(t, alwaysLoading, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		wantErr(t, get(context.Background(), c, "k"), errs.Loading, errs.NotExecuted, 1)
		wantCount(t, fake, "GET", 1)
	}, func(opt *rueidis.ClientOption) { opt.DisableRetry = true }, client.Retry(client.RetryPolicy{MaxAttempts: 9}))
}

// slow makes pauses long enough to do something in them.
var slow = client.Retry(client.RetryPolicy{MinDelay: time.Second, MaxDelay: time.Second, MaxElapsed: time.Minute})

func TestCallerWhoLeavesInThePauseGetsBothCauses(t *testing.T) {
	t.Parallel()
	bubble(t, alwaysLoading, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(300*time.Millisecond, cancel)
		within(t, 300*time.Millisecond, 300*time.Millisecond, func() {
			err := incr(ctx, c)
			wantErr(t, err, errs.Canceled, errs.NotExecuted, 1)
			wantWhy(t, err, errs.WhyCaller)
			if !errors.Is(err, context.Canceled) || !errors.Is(err, errs.Loading) {
				t.Errorf("%v: want context.Canceled and Loading behind it", err)
			}
			if _, ok := errors.AsType[*rueidis.RedisError](err); !ok {
				t.Error("the server's reply is lost")
			}
		})
		wantCount(t, fake, "INCR", 1)
	}, slow)
}

func TestCallerWhoLeavesAfterALostReadIsTold(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"GET": {drop}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(300*time.Millisecond, cancel)
		wantErr(t, get(ctx, c, "k"), errs.Canceled, errs.Unknown, 1)
		wantCount(t, fake, "GET", 1)
	}, slow)
}

func TestCallerWhoHasLeftGetsNoFurtherAttempt(t *testing.T) {
	t.Parallel()
	// NOAUTH is sent again without a pause.
	bubble(t, plan{"INCR": {respfake.Error("NOAUTH Authentication required.")}}.script,
		func(t *testing.T, c *client.Client, fake *respfake.Server) {
			ctx := &leaver{Context: context.Background(), stays: 2}
			err := incr(ctx, c)
			wantErr(t, err, errs.Canceled, errs.NotExecuted, 1)
			wantCount(t, fake, "INCR", 1)
		})
}

// leaver is a context that ends without anybody waiting for it: Err says so
// after it has been asked some times.
type leaver struct {
	context.Context
	stays int
}

func (l *leaver) Err() error {
	if l.stays--; l.stays >= 0 {
		return nil
	}
	return context.Canceled
}

func TestCloseInThePauseEndsTheCall(t *testing.T) {
	t.Parallel()
	bubble(t, alwaysLoading, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		time.AfterFunc(300*time.Millisecond, c.Close)
		within(t, 300*time.Millisecond, 300*time.Millisecond, func() {
			err := incr(context.Background(), c)
			wantErr(t, err, errs.Closed, errs.NotExecuted, 1)
			wantWhy(t, err, errs.WhyClosed)
			if !errors.Is(err, rueidis.ErrClosing) || !errors.Is(err, errs.Loading) {
				t.Errorf("%v: want ErrClosing and Loading behind it", err)
			}
		})
		wantErr0(t, incr(context.Background(), c), errs.Closed)
		wantCount(t, fake, "INCR", 1)
	}, slow)
}

// wantErr0 checks a call that never came to an attempt.
func wantErr0(t *testing.T, err error, kind errs.Kind) *errs.Error {
	t.Helper()
	e := mine(t, err)
	if e.Kind != kind || e.Effect != errs.NotExecuted || e.Attempts != 0 {
		t.Fatalf("got %v, %v, %d attempts; want %v, not executed, none", e.Kind.Label(), e.Effect, e.Attempts, kind.Label())
	}
	return e
}

func TestContextThatIsOverSendsNothing(t *testing.T) {
	t.Parallel()
	bubble(t, alwaysLoading, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		canceled, cancel := context.WithCancel(context.Background())
		cancel()
		if err := incr(canceled, c); !errors.Is(wantErr0(t, err, errs.Canceled), context.Canceled) {
			t.Errorf("%v: want context.Canceled behind it", err)
		}
		late, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
		defer cancel()
		if err := incr(late, c); !errors.Is(wantErr0(t, err, errs.Deadline), context.DeadlineExceeded) {
			t.Errorf("%v: want context.DeadlineExceeded behind it", err)
		}
		wantCount(t, fake, "INCR", 0)
	})
}

func TestOwnDeadlineOnASilentServerIsDeadline(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"INCR": {hang}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		within(t, time.Second, time.Second, func() {
			err := incr(ctx, c)
			wantErr(t, err, errs.Deadline, errs.Unknown, 1)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v: want context.DeadlineExceeded behind it", err)
			}
		})
		wantCount(t, fake, "INCR", 1)
	})
}

func TestSomebodyElsesDeadlineFailsNobody(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		fake := respfake.New(plan{"LOSE": {drop}}.script())
		defer fake.Close()
		// After the first connection a dial takes a second.
		dials := 0
		slowDial := func(opt *rueidis.ClientOption) {
			opt.DialCtxFn = func(ctx context.Context, a string, d *net.Dialer, tc *tls.Config) (net.Conn, error) {
				if dials++; dials > 1 {
					select {
					case <-time.After(time.Second):
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				}
				return fake.Dial(ctx, a, d, tc)
			}
		}
		c := dial(t, fake, slowDial, mode)
		lose(t, c)
		hurried, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		first := make(chan error)
		go func() { first <- incr(hurried, c) }()
		time.Sleep(50 * time.Millisecond) // the second caller waits for the first one's dial
		if err := incr(context.Background(), c); err != nil {
			t.Errorf("second caller: %v", err)
		}
		if err := <-first; !errors.Is(err, errs.Deadline) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("first caller: got %v; want its own deadline", err)
		}
		wantCount(t, fake, "INCR", 1)
	})
}

// refused is what a dial to nobody says.
var refused = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}

func TestDeadServerEndsWithinTheBounds(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		fake := respfake.New(plan{"LOSE": {drop}}.script())
		defer fake.Close()
		c := dial(t, fake, mode)
		fake.Refuse(refused)
		lose(t, c)
		within(t, 0, 6*time.Second, func() {
			for range 100 {
				err := incr(context.Background(), c)
				if e := mine(t, err); e.Effect != errs.NotExecuted || e.Addr != addr ||
					e.Kind != errs.DialRefused && e.Kind != errs.BreakerOpen {
					t.Fatalf("got %v; want a refused dial or an open breaker at %s", err, addr)
				}
			}
		})
		fake.Refuse(nil)
		time.Sleep(2 * time.Second)
		if err := incr(context.Background(), c); err != nil {
			t.Errorf("after the outage: %v", err)
		}
	})
}

func TestMuteServerEndsWithinTheBounds(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"GET": {hang}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		within(t, time.Second, 10*time.Second, func() {
			e := mine(t, get(context.Background(), c, "k"))
			if e.Kind != errs.IOTimeout || e.Effect != errs.Unknown {
				t.Errorf("got %v; want IOTimeout, unknown", e)
			}
			if errors.Is(e, context.DeadlineExceeded) {
				t.Error("nobody's context has ended")
			}
		})
		if n := fake.Count("GET"); n > 3 {
			t.Errorf("GET arrived %d times; want at most 3", n)
		}
	}, func(opt *rueidis.ClientOption) { opt.ConnWriteTimeout = time.Second; opt.Dialer.Timeout = time.Second })
}
