package client

import (
	"slices"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// singleNode is the builder of a client of one server.
func singleNode(t *testing.T) rueidis.Builder {
	t.Helper()
	fake := respfake.New(nil)
	t.Cleanup(fake.Close)
	c, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{"memory:1"}, DialCtxFn: fake.Dial, ForceSingleClient: true, PipelineMultiplex: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.B()
}

func TestRebuiltCommandHasTheMarksOfTheFirst(t *testing.T) {
	t.Parallel()
	b := singleNode(t)
	for name, cmd := range map[string]rueidis.Completed{
		"write":           b.Set().Key("k").Value("v").Px(5).Build(),
		"read":            b.Get().Key("k").Build(),
		"MGET":            b.Mget().Key("k", "k").Build(),
		"blocking":        b.Blpop().Key("q").Timeout(0).Build(),
		"unblocked":       b.Blpop().Key("q").Timeout(0).Build().UnblockOnCancel(),
		"piped":           b.Get().Key("k").Build().ToPipe(),
		"vouched":         b.Incr().Key("n").Build().ToRetryable(),
		"all but reading": b.Blpop().Key("q").Timeout(0).Build().ToPipe().ToRetryable().UnblockOnCancel(),
		"arbitrary read":  b.Arbitrary("MY.GET").Keys("k").ReadOnly(),
		"SUBSCRIBE":       b.Subscribe().Channel("a", "b").Build(),
		"PSUBSCRIBE":      b.Psubscribe().Pattern("a*", "b").Build(),
		"SSUBSCRIBE":      b.Ssubscribe().Channel("a").Build(),
		"UNSUBSCRIBE":     b.Unsubscribe().Channel("a").Build(),
		"UNSUBSCRIBE all": b.Unsubscribe().Build(),
		"PUNSUBSCRIBE":    b.Punsubscribe().Pattern("a").Build(),
		"SUNSUBSCRIBE":    b.Sunsubscribe().Channel("a").Build(),
	} {
		var k call
		k.note(&cmd)
		again := rebuild(b, k.args(), k.flags)
		if got, want := again.Commands(), cmd.Commands(); !slices.Equal(got, want) {
			t.Errorf("%s: words %q; want %q", name, got, want)
		}
		if got := flagsOf(&again); got != k.flags {
			t.Errorf("%s: marks %08b; want %08b", name, got, k.flags)
		}
		k.release()
	}
}

func TestRebuiltCacheableAsksForTheSame(t *testing.T) {
	t.Parallel()
	b := singleNode(t)
	for name, cmd := range map[string]rueidis.Cacheable{
		"GET":        b.Get().Key("k").Cache(),
		"HGET":       b.Hget().Key("k").Field("f").Cache(),
		"MGET":       b.Mget().Key("{k}1", "{k}2").Cache(),
		"JSON.MGET":  b.JsonMget().Key("{k}1", "{k}2").Path("$").Cache(),
		"EVAL_RO":    b.EvalRo().Script("return 1").Numkeys(1).Key("k").Arg("a", "b").Cache(),
		"EVALSHA_RO": b.EvalshaRo().Sha1("abc").Numkeys(1).Key("k").Cache(),
		"FCALL_RO":   b.FcallRo().Function("f").Numkeys(1).Key("k").Arg("a").Cache(),
	} {
		var k call
		k.noteCacheable(&cmd)
		again := rebuildCacheable(b, k.args(), k.flags)
		if got, want := again.Commands(), cmd.Commands(); !slices.Equal(got, want) {
			t.Errorf("%s: words %q; want %q", name, got, want)
		}
		if again.IsMGet() != cmd.IsMGet() {
			t.Errorf("%s: IsMGet %v; want %v", name, again.IsMGet(), cmd.IsMGet())
		}
	}
}

// The words of a long command live in a pool that must keep none of them. The
// test looks into the pool, so it runs alone.
func TestReleasedWordsAreForgotten(t *testing.T) {
	args := strings.Fields("SET k v " + strings.Repeat("w ", 20))
	cmd := command(args...)
	var k call
	k.note(&cmd)
	pooled := *k.more
	if !slices.Equal(k.args(), args) {
		t.Errorf("args %q; want %q", k.args(), args)
	}
	k.release()
	for _, word := range pooled[:len(args)] {
		if word != "" {
			t.Fatalf("a released slice still holds %q", word)
		}
	}
	k.release() // a second time is harmless
}

func TestNameOfACommandHoldsNoArgument(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ line, want string }{
		{"get secret", "GET"},
		{"CLIENT kill secret", "CLIENT KILL"},
		{"config SET requirepass secret", "CONFIG SET"},
		{"FT.SEARCH secret", "FT.SEARCH"},
		{"JSON.SET k $ secret", "JSON.SET"},
		{"MY_APP.do-it secret", "MY_APP.DO-IT"},
		{"SCRIPT secret!", "SCRIPT"},
		{"pass:word secret", ""},
		{"gét", ""},
		{strings.Repeat("a", 33), ""},
	} {
		if got := opName(strings.Fields(tt.line)); got != tt.want {
			t.Errorf("%q: got %q; want %q", tt.line, got, tt.want)
		}
	}
	if got := opName(nil); got != "" {
		t.Errorf("no words: got %q; want none", got)
	}
}

func TestSlotOfACommandIsFoundWithAnyBuilder(t *testing.T) {
	t.Parallel()
	for key, slot := range map[string]int{"k": 7629, "{user}1": 5474} {
		bare := command("GET", key).SetSlot(key)
		if got := slotOf(bare.Slot()); got != slot+1 {
			t.Errorf("%s: slot+1 = %d; want %d", key, got, slot+1)
		}
		if got := slotOf(bare.Slot() | 1<<15); got != slot+1 {
			t.Errorf("%s with bit 15: slot+1 = %d; want %d", key, got, slot+1)
		}
	}
	for _, none := range []uint16{0, 1 << 15, 1<<15 | 16384, 16384} {
		if got := slotOf(none); got != 0 {
			t.Errorf("%x: slot+1 = %d; want none", none, got)
		}
	}
}

func TestSafetyHeedsTheAuthorButNotForBlockingPops(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line  string
		flags flags
		want  classify.Safety
	}{
		{"INCR n", 0, classify.Accumulating},
		{"INCR n", retryable, classify.ReadOnly},
		{"MY.GET k", 0, classify.Never},
		{"MY.GET k", readOnly, classify.ReadOnly},
		{"BLPOP q 0", blocking, classify.Never},
		{"BLPOP q 0", blocking | retryable, classify.Never},
		{"XREAD BLOCK 0 STREAMS s 0", blocking | readOnly, classify.ReadOnly},
	} {
		if got := safetyOf(strings.Fields(tt.line), tt.flags); got != tt.want {
			t.Errorf("%s with marks %08b: got %v; want %v", tt.line, tt.flags, got, tt.want)
		}
	}
}
