package client_test

import (
	"errors"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

func TestTransactionIsSentAgainAsAWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	const (
		readOnly = "READONLY You can't write against a read only replica."
		tryAgain = "TRYAGAIN Multiple keys request during rehashing of slot"
		noAuth   = "NOAUTH Authentication required."
		noPerm   = "NOPERM User default has no permissions to run the 'multi' command"
	)
	block := []string{"MULTI", "SET a 1", "INCR a", "EXEC"}
	dropped := []string{"OK", "loading not-executed", "QUEUED", "exec_abort not-executed"}
	for name, test := range map[string]struct {
		batch []string
		fates map[string]fate
		want  []string
		ran   []string
		execs int
	}{
		"well":              {block, nil, []string{"OK", "QUEUED", "QUEUED", "[1 a]"}, []string{"SET a 1", "INCR a"}, 1},
		"loading in queue":  {block, map[string]fate{"SET a 1": {line: loading}}, []string{"OK", "QUEUED", "QUEUED", "[1 a]"}, []string{"SET a 1", "INCR a"}, 2},
		"tryagain in queue": {block, map[string]fate{"INCR a": {line: tryAgain}}, []string{"OK", "QUEUED", "QUEUED", "[1 a]"}, []string{"SET a 1", "INCR a"}, 2},
		"readonly in queue": {block, map[string]fate{"INCR a": {line: readOnly}}, []string{"OK", "QUEUED", "QUEUED", "[1 a]"}, []string{"SET a 1", "INCR a"}, 2},
		"loading at exec":   {block, map[string]fate{"EXEC": {line: loading}}, []string{"OK", "QUEUED", "QUEUED", "[1 a]"}, []string{"SET a 1", "INCR a"}, 2},
		"readonly at exec":  {block, map[string]fate{"EXEC": {line: readOnly}}, []string{"OK", "QUEUED", "QUEUED", "[1 a]"}, []string{"SET a 1", "INCR a"}, 2},
		"all refused by a server that wants a password": {
			block,
			map[string]fate{"MULTI": {line: noAuth}, "SET a 1": {line: noAuth}, "INCR a": {line: noAuth}},
			[]string{"OK", "QUEUED", "QUEUED", "[1 a]"},
			[]string{"SET a 1", "INCR a"},
			2,
		},
		"a refusal that stays beside one that passes": {
			block,
			map[string]fate{"SET a 1": {line: loading}, "INCR a": {line: "ERR wrong number of arguments for 'incr' command"}},
			[]string{"OK", "loading not-executed", "wrong_arity not-executed", "exec_abort not-executed"},
			nil, 1,
		},
		"multi refused, and its commands ran outside": {
			block,
			map[string]fate{"MULTI": {line: noPerm}},
			[]string{"no_perm not-executed", "1", "a", "tx_misuse not-executed"},
			[]string{"SET a 1", "INCR a"},
			1,
		},
		"multi refused for a while, and one ran outside": {
			block,
			map[string]fate{"MULTI": {line: loading}, "INCR a": {line: loading}},
			[]string{"loading not-executed", "1", "loading not-executed", "tx_misuse not-executed"},
			[]string{"SET a 1"},
			1,
		},
		"a reply outside that reads QUEUED": {
			[]string{"MULTI", "SET a QUEUED", "EXEC"},
			map[string]fate{"MULTI": {line: loading}},
			[]string{"loading not-executed", "QUEUED", "tx_misuse not-executed"},
			[]string{"SET a QUEUED"},
			1,
		},
		"nested": {
			[]string{"MULTI", "SET a 1", "MULTI", "EXEC"},
			nil,
			[]string{"OK", "QUEUED", "tx_misuse not-executed", "[1]"},
			[]string{"SET a 1"},
			1,
		},
		"discarded": {
			[]string{"MULTI", "SET a 1", "DISCARD"},
			map[string]fate{"SET a 1": {line: loading}},
			[]string{"OK", "loading not-executed", "OK"},
			nil, 0,
		},
		"without an end": {
			[]string{"MULTI", "SET a 1"},
			map[string]fate{"SET a 1": {line: loading}},
			[]string{"OK", "loading not-executed"},
			nil, 0,
		},
		"watched": {
			append([]string{"WATCH a"}, block...),
			map[string]fate{"SET a 1": {line: loading}},
			append([]string{"a"}, dropped...),
			[]string{"WATCH a"},
			1,
		},
		"two blocks, the first again": {
			[]string{"MULTI", "SET a 1", "EXEC", "MULTI", "SET b 2", "EXEC"},
			map[string]fate{"SET a 1": {line: loading}},
			[]string{"OK", "QUEUED", "[1]", "OK", "QUEUED", "[2]"},
			[]string{"SET b 2", "SET a 1"},
			3,
		},
		"two blocks of a slot keep their order": {
			[]string{"MULTI", "SET a 1", "EXEC", "MULTI", "SET a 2", "EXEC"},
			map[string]fate{"SET a 1": {line: loading}},
			[]string{"OK", "loading not-executed", "exec_abort not-executed", "OK", "QUEUED", "[2]"},
			[]string{"SET a 2"},
			2,
		},
		"a command before a dropped block goes again": {
			[]string{"SET a 0", "MULTI", "SET a 1", "DISCARD"},
			map[string]fate{"SET a 0": {line: loading}},
			[]string{"0", "OK", "QUEUED", "OK"},
			[]string{"SET a 0"},
			0,
		},
		"a command before an executed block does not": {
			append([]string{"SET a 0"}, block...),
			map[string]fate{"SET a 0": {line: loading}},
			[]string{"loading not-executed", "OK", "QUEUED", "QUEUED", "[1 a]"},
			[]string{"SET a 1", "INCR a"},
			1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keeping(t, refuse(test.fates), func(t *testing.T, c *client.Client, fake *respfake.Server, l *ledger) {
				wantOutcomes(t, c.DoMulti(t.Context(), commands(c.B(), test.batch...)...), test.want...)
				l.wantExecuted(t, test.ran...)
				wantCount(t, fake, "EXEC", test.execs)
			}, calm()...)
		})
	}
}

func TestExecWithoutAReplyIsUnknownAndNeverRepeated(t *testing.T) {
	t.Parallel()
	for _, runs := range []bool{false, true} {
		keeping(t, refuse(map[string]fate{"EXEC": {lost: true, runs: runs}}), func(t *testing.T, c *client.Client, fake *respfake.Server, l *ledger) {
			multi := commands(c.B(), "MULTI", "INCR a", "EXEC")
			for i := range multi {
				multi[i] = multi[i].ToRetryable()
			}
			ctx := client.With(t.Context(), client.Replay(classify.Accumulating))
			results := c.DoMulti(ctx, multi...)
			wantErr(t, results[2].Error(), errs.ConnLost, errs.Unknown, 1)
			wantCount(t, fake, "EXEC", 1)
			wantCount(t, fake, "MULTI", 1)
			if got := len(l.executed()); got > 1 {
				t.Errorf("the block ran %d times", got)
			}
		})
	}
}

func TestLossInTheMiddleOfABlockIsUnknownAndNeverRepeated(t *testing.T) {
	t.Parallel()
	keeping(t, refuse(map[string]fate{"GET a": {lost: true}}), func(t *testing.T, c *client.Client, fake *respfake.Server, l *ledger) {
		results := c.DoMulti(t.Context(), commands(c.B(), "MULTI", "INCR a", "GET a", "EXEC")...)
		wantErr(t, results[3].Error(), errs.ConnLost, errs.Unknown, 1)
		wantCount(t, fake, "GET", 1)
		l.wantExecuted(t)
	})
}

func TestExecAbortCarriesItsReason(t *testing.T) {
	t.Parallel()
	always := func(cmd []string, _ int) fate {
		if cmd[0] == "EXEC" {
			return fate{line: loading}
		}
		return fate{}
	}
	keeping(t, always, func(t *testing.T, c *client.Client, fake *respfake.Server, l *ledger) {
		results := c.DoMulti(t.Context(), commands(c.B(), "MULTI", "INCR a", "EXEC")...)
		err := results[2].Error()
		wantErr(t, err, errs.ExecAbort, errs.NotExecuted, 3)
		if !errors.Is(err, errs.Loading) {
			t.Errorf("the reason is lost: %v", err)
		}
		wantWhy(t, err, errs.WhyAttempts)
		wantCount(t, fake, "EXEC", 3)
		l.wantExecuted(t)
	}, client.Retry(client.RetryPolicy{MaxAttempts: 3}))
}

func TestLostWatchIsANilReply(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"INCR": {respfake.Simple("QUEUED")}, "EXEC": {respfake.Null}}.script,
		func(t *testing.T, c *client.Client, fake *respfake.Server) {
			results := c.DoMulti(t.Context(), commands(c.B(), "MULTI", "INCR a", "EXEC")...)
			if err := results[2].Error(); err != rueidis.Nil {
				t.Errorf("got %v; want rueidis.Nil itself", err)
			}
			if err := client.BatchError(results); err != nil {
				t.Errorf("BatchError: got %v; want nil", err)
			}
			wantCount(t, fake, "EXEC", 1)
		})
}

func TestElementsOfExecAreTypedOnRequest(t *testing.T) {
	t.Parallel()
	exec := respfake.Array(respfake.Int(1), respfake.Error(wrongType), respfake.Error("NOSCRIPT No matching script. Please use EVAL."), respfake.Null)
	bubble(t, plan{"INCR": {respfake.Simple("QUEUED")}, "EXEC": {exec}}.script,
		func(t *testing.T, c *client.Client, _ *respfake.Server) {
			results := c.DoMulti(t.Context(), commands(c.B(), "MULTI", "INCR a", "EXEC")...)
			list, err := results[2].ToArray()
			if err != nil || len(list) != 4 {
				t.Fatalf("got %v, %v; want 4 elements", list, err)
			}
			for i, want := range []errs.Kind{0, errs.WrongType, errs.NoScript} {
				if got := errs.KindOf(classify.Typed(list[i].Error())); got != want {
					t.Errorf("element %d: got %v; want %v", i, got, want)
				}
			}
			if err := list[3].Error(); classify.Typed(err) != rueidis.Nil {
				t.Errorf("element 3: got %v; want rueidis.Nil", err)
			}
		})
}
