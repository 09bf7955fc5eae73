package client_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"pgregory.net/rapid"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// loadingThenEcho refuses each command the first time it comes, and then
// answers with its words.
func loadingThenEcho() respfake.Handler {
	var mu sync.Mutex
	seen := map[string]bool{}
	return func(c *respfake.Conn, cmd []string) {
		id := strings.Join(cmd, "\x00")
		mu.Lock()
		again := seen[id]
		seen[id] = !again
		mu.Unlock()
		if !again {
			c.Write(respfake.Error(loading))
			return
		}
		words := make([]string, len(cmd))
		for i, word := range cmd {
			words[i] = respfake.Bulk(word)
		}
		c.Write(respfake.Array(words...))
	}
}

// hasty makes the pauses so short that a test may run on the real clock.
func hasty(opt *rueidis.ClientOption) {
	opt.RetryDelay = func(int, rueidis.Completed, error) time.Duration { return 0 }
}

// unlimited keeps the budget out of tests with many failures on purpose.
var unlimited = client.RetryBudget(client.RetryBudgetPolicy{Disabled: true})

// echoed sends a command that is refused the first time, and reports what the
// server got the second time.
func echoed(c rueidis.Client, words []string) ([]string, error) {
	cmd := c.B().Arbitrary(words[0])
	for _, word := range words[1:] {
		cmd = cmd.Args(word)
	}
	return c.Do(context.Background(), cmd.Build()).AsStrSlice()
}

func TestSecondAttemptCarriesTheSameBytes(t *testing.T) {
	t.Parallel()
	for name, pipelining := range map[string]bool{"adaptive": false, "pipelining": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := respfake.New(loadingThenEcho())
			defer fake.Close()
			c := dial(t, fake, patient, unlimited, hasty, func(opt *rueidis.ClientOption) { opt.AlwaysPipelining = pipelining })
			word := rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 20), func(b []byte) string { return string(b) })
			command := rapid.SliceOfN(word, 1, 40)
			rapid.Check(t, func(t *rapid.T) {
				words := command.Draw(t, "words")
				words[0] = "X.ECHO"
				got, err := echoed(c, words)
				if err != nil || !slices.Equal(got, words) {
					t.Fatalf("got %q, %v; want %q", got, err, words)
				}
			})
		})
	}
}

// rueidis recycles a command with the first reply, so while one caller pauses
// another one builds over the same memory.
func TestRecycledCommandsDoNotMix(t *testing.T) {
	t.Parallel()
	fake := respfake.New(loadingThenEcho())
	defer fake.Close()
	c := dial(t, fake, patient, unlimited, client.Retry(client.RetryPolicy{MinDelay: 10 * time.Microsecond, MaxDelay: time.Millisecond}))
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			for round := range 40 {
				words := []string{"X.ECHO"}
				for i := range 1 + (worker+round)%20 {
					words = append(words, strings.Repeat(string(rune('a'+worker)), 1+round%5)+string(rune('a'+i))+string(rune('0'+round)))
				}
				if got, err := echoed(c, words); err != nil || !slices.Equal(got, words) {
					t.Errorf("got %q, %v; want %q", got, err, words)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestSecondAttemptTakesTheSameKindOfConnection(t *testing.T) {
	t.Parallel()
	script := plan{
		"BLPOP": {respfake.Error(loading), respfake.Array(respfake.Bulk("q"), respfake.Bulk("v"))},
		"GET":   {respfake.Error(loading), respfake.Bulk("v")},
		"SET":   {respfake.Error(loading), respfake.OK},
	}.script
	conns := func(fake *respfake.Server, name string) (ids []int) {
		for _, cmd := range fake.Commands() {
			if cmd.Args[0] == name {
				ids = append(ids, cmd.Conn)
			}
		}
		return ids
	}
	bubble(t, script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		ctx := context.Background()
		if err := c.Do(ctx, c.B().Blpop().Key("q").Timeout(0).Build()).Error(); err != nil {
			t.Fatal(err)
		}
		if err := get(ctx, c, "k"); err != nil {
			t.Fatal(err)
		}
		if ids := conns(fake, "BLPOP"); len(ids) != 2 || ids[0] == 1 || ids[1] == 1 {
			t.Errorf("BLPOP came on connections %v; want twice, not on the shared one", ids)
		}
		if ids := conns(fake, "GET"); !slices.Equal(ids, []int{1, 1}) {
			t.Errorf("GET came on connections %v; want twice on the shared one", ids)
		}
	})
	bubble(t, script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		ctx := context.Background()
		if err := c.Do(ctx, c.B().Set().Key("k").Value("v").Build()).Error(); err != nil {
			t.Fatal(err)
		}
		if err := c.Do(ctx, c.B().Get().Key("k").Build().ToPipe()).Error(); err != nil {
			t.Fatal(err)
		}
		if ids := conns(fake, "SET"); len(ids) != 2 || ids[0] == 1 || ids[1] == 1 {
			t.Errorf("without auto-pipelining SET came on connections %v; want twice, not on the shared one", ids)
		}
		if ids := conns(fake, "GET"); !slices.Equal(ids, []int{1, 1}) {
			t.Errorf("piped GET came on connections %v; want twice on the shared one", ids)
		}
	}, func(opt *rueidis.ClientOption) { opt.DisableAutoPipelining = true })
}

// Arbitrary refuses to build a subscription, and a rebuilt command is one.
func TestSubscribeThroughDoIsSentAgainAfterARefusedDial(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		subscribed := respfake.Push(respfake.Bulk("subscribe"), respfake.Bulk("ch"), respfake.Int(1))
		fake := respfake.New(plan{"LOSE": {drop}, "SUBSCRIBE": {subscribed}}.script())
		defer fake.Close()
		c := dial(t, fake, mode, slow)
		lose(t, c)
		fake.Refuse(refused)
		time.AfterFunc(500*time.Millisecond, func() { fake.Refuse(nil) })
		if err := c.Do(context.Background(), c.B().Subscribe().Channel("ch").Build()).Error(); err != nil {
			t.Errorf("got %v; want it sent when the server is back", err)
		}
		wantCount(t, fake, "SUBSCRIBE", 1)
	})
}
