package client_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// station is a server for subscribers.
type station struct {
	*respfake.Server
	push   func(...string) string // RESP3 pushes, RESP2 has arrays
	refuse atomic.Pointer[string] // what a subscription gets instead
}

//nolint:revive // the protocol is a fact
func newStation(resp2 bool) *station {
	s := &station{push: respfake.Push}
	if resp2 {
		s.push = respfake.Array
	}
	s.Server = respfake.New(s.serve)
	return s
}

func (s *station) serve(c *respfake.Conn, cmd []string) {
	if !strings.HasSuffix(cmd[0], "SUBSCRIBE") {
		c.Write(respfake.OK)
		return
	}
	if instead := s.refuse.Load(); instead != nil && *instead == drop {
		c.Close()
		return
	} else if instead != nil {
		c.Write(*instead)
		return
	}
	for i, channel := range cmd[1:] {
		c.Write(s.push(respfake.Bulk(strings.ToLower(cmd[0])), respfake.Bulk(channel), respfake.Int(i+1)))
	}
}

// subscriptions are the subscriptions that arrived, one line each.
func (s *station) subscriptions() []string {
	return slices.DeleteFunc(arrived(s.Server), func(line string) bool { return !strings.Contains(line, "SUBSCRIBE") })
}

// say sends words to the subscribers: a message, or the end of a subscription.
func (s *station) say(words ...string) {
	var bulks []string
	for _, word := range words {
		bulks = append(bulks, respfake.Bulk(word))
	}
	if strings.HasSuffix(words[0], "unsubscribe") {
		bulks = append(bulks, respfake.Int(0))
	}
	for _, conn := range s.subscribed() {
		conn.Write(s.push(bulks...))
	}
	synctest.Wait()
}

// subscribed are the open connections that have subscribed.
func (s *station) subscribed() (conns []*respfake.Conn) {
	on := map[int]bool{}
	for _, cmd := range s.Commands() {
		on[cmd.Conn] = on[cmd.Conn] || strings.HasSuffix(cmd.Args[0], "SUBSCRIBE")
	}
	return slices.DeleteFunc(s.Conns(), func(c *respfake.Conn) bool { return !on[c.ID] })
}

// cut breaks the connections of the subscribers.
func (s *station) cut() {
	for _, conn := range s.subscribed() {
		conn.Reset()
	}
	synctest.Wait()
}

// gaps records the EventResubscribe of a client.
type gaps struct {
	mu   sync.Mutex
	seen []client.Event
}

func (g *gaps) Start(ctx context.Context, _ client.Op) context.Context { return ctx }
func (g *gaps) Done(context.Context, client.Outcome)                   {}

func (g *gaps) Event(_ context.Context, ev client.Event) {
	if ev.Type != client.EventResubscribe {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = append(g.seen, ev)
}

func (g *gaps) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.seen)
}

// listener is a Receive that runs.
type listener struct {
	ended chan error
	mu    sync.Mutex
	heard []string
}

func (l *listener) got() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.heard)
}

func listen(ctx context.Context, c rueidis.Client, subscribe rueidis.Completed) *listener {
	l := &listener{ended: make(chan error, 1)}
	go func() {
		l.ended <- c.Receive(ctx, subscribe, func(m rueidis.PubSubMessage) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.heard = append(l.heard, m.Message)
		})
	}()
	synctest.Wait()
	return l
}

func (l *listener) wantHeard(t *testing.T, want ...string) {
	t.Helper()
	if got := l.got(); !slices.Equal(got, want) {
		t.Errorf("heard %q; want %q", got, want)
	}
}

func (l *listener) wantRunning(t *testing.T) {
	t.Helper()
	select {
	case err := <-l.ended:
		t.Fatalf("Receive ended: %v", err)
	default:
	}
}

// onAir runs a test with a client of a station, in both modes and protocols.
func onAir(t *testing.T, run func(t *testing.T, c *client.Client, s *station), changes ...setup) {
	t.Helper()
	for name, resp2 := range map[string]bool{"RESP3": false, "RESP2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modes(t, func(t *testing.T, mode setup) {
				s := newStation(resp2)
				defer s.Close()
				protocol := func(opt *rueidis.ClientOption) { opt.AlwaysRESP2, opt.DisableCache = resp2, resp2 }
				run(t, dial(t, s.Server, append(slices.Clone(changes), mode, protocol)...), s)
			})
		})
	}
}

func TestReceiveEndsWithNilWhenUnsubscribed(t *testing.T) {
	t.Parallel()
	onAir(t, func(t *testing.T, c *client.Client, s *station) {
		l := listen(t.Context(), c, c.B().Subscribe().Channel("ch").Build())
		s.say("message", "ch", "one")
		s.say("message", "ch", "two")
		s.say("unsubscribe", "ch")
		if err := <-l.ended; err != nil {
			t.Errorf("got %v; want nil", err)
		}
		l.wantHeard(t, "one", "two")
	})
}

func TestReceiveSubscribesAgainToTheSameChannels(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		build   func(rueidis.Builder) rueidis.Completed
		line    string
		message []string
	}{
		"SUBSCRIBE":  {func(b rueidis.Builder) rueidis.Completed { return b.Subscribe().Channel("a", "b").Build() }, "SUBSCRIBE a b", []string{"message", "a"}},
		"PSUBSCRIBE": {func(b rueidis.Builder) rueidis.Completed { return b.Psubscribe().Pattern("a*", "b*").Build() }, "PSUBSCRIBE a* b*", []string{"pmessage", "a*", "ab"}},
		"SSUBSCRIBE": {func(b rueidis.Builder) rueidis.Completed { return b.Ssubscribe().Channel("{a}1", "{a}2").Build() }, "SSUBSCRIBE {a}1 {a}2", []string{"smessage", "{a}1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onAir(t, func(t *testing.T, _ *client.Client, s *station) {
				seen := &gaps{}
				c := dial(t, s.Server, client.WithObserver(seen), func(opt *rueidis.ClientOption) {
					resp2 := strings.Contains(t.Name(), "RESP2")
					opt.AlwaysRESP2, opt.DisableCache = resp2, resp2
				})
				ctx, cancel := context.WithCancel(t.Context())
				l := listen(ctx, c, test.build(c.B()))
				for i, word := range []string{"one", "two", "three", "four", "five"} {
					if i > 0 {
						s.cut()
						time.Sleep(10 * time.Second)
					}
					l.wantRunning(t)
					s.say(append(slices.Clone(test.message), word)...)
				}
				l.wantHeard(t, "one", "two", "three", "four", "five")
				if got, want := s.subscriptions(), slices.Repeat([]string{test.line}, 5); !slices.Equal(got, want) {
					t.Errorf("subscriptions %q; want %q", got, want)
				}
				if got := seen.count(); got != 4 {
					t.Errorf("got %d EventResubscribe; want one for each of 4 gaps", got)
				}
				cancel()
				if err := <-l.ended; !errors.Is(err, errs.Canceled) || !errors.Is(err, context.Canceled) {
					t.Errorf("got %v; want Canceled", err)
				}
			})
		})
	}
}

func TestReceiveOutlivesALongOutageOnceItStood(t *testing.T) {
	t.Parallel()
	onAir(t, func(t *testing.T, c *client.Client, s *station) {
		l := listen(t.Context(), c, c.B().Subscribe().Channel("ch").Build())
		s.Refuse(syscall.ECONNREFUSED)
		s.cut()
		s.Drop()
		time.Sleep(time.Hour)
		l.wantRunning(t)
		s.Refuse(nil)
		time.Sleep(10 * time.Second)
		s.say("message", "ch", "back")
		l.wantHeard(t, "back")
		s.say("unsubscribe", "ch")
		if err := <-l.ended; err != nil {
			t.Error(err)
		}
	}, client.RetryBudget(client.RetryBudgetPolicy{Burst: 1, PerSecond: 0.001}))
}

func TestReceiveGivesUpWhatNeverStood(t *testing.T) {
	t.Parallel()
	onAir(t, func(t *testing.T, c *client.Client, s *station) {
		gone := drop
		s.refuse.Store(&gone)
		within(t, 0, 5*time.Second, func() {
			err := c.Receive(t.Context(), c.B().Subscribe().Channel("ch").Build(), func(rueidis.PubSubMessage) {})
			e := mine(t, err)
			if e.Kind != errs.ConnLost || e.Op != "SUBSCRIBE" || e.Attempts < 2 || e.Addr != addr {
				t.Errorf("got %v, op %q, %d attempts at %q; want ConnLost of several attempts", e, e.Op, e.Attempts, e.Addr)
			}
		})
		s.Refuse(syscall.ECONNREFUSED)
		s.Drop()
		within(t, 0, 10*time.Second, func() {
			err := c.Receive(t.Context(), c.B().Subscribe().Channel("ch").Build(), func(rueidis.PubSubMessage) {})
			if !errors.Is(err, errs.Transport) && !errors.Is(err, errs.BreakerOpen) {
				t.Errorf("got %v; want a failed dial", err)
			}
		})
	})
}

func TestRefusedSubscriptionIsTyped(t *testing.T) {
	t.Parallel()
	onAir(t, func(t *testing.T, c *client.Client, s *station) {
		refusal := respfake.Error("NOPERM User default has no permissions to access one of the channels used as arguments")
		s.refuse.Store(&refusal)
		err := c.Receive(t.Context(), c.B().Subscribe().Channel("ch").Build(), func(rueidis.PubSubMessage) {})
		e := wantErr(t, err, errs.NoPerm, errs.NotExecuted, 1)
		if e.Code != "NOPERM" || e.Op != "SUBSCRIBE" {
			t.Errorf("got code %q of %q; want NOPERM of SUBSCRIBE", e.Code, e.Op)
		}
		if got := len(s.subscriptions()); got != 1 {
			t.Errorf("%d subscriptions arrived; want 1", got)
		}
	})
}

func TestReceiveEndsWithItsContext(t *testing.T) {
	t.Parallel()
	onAir(t, func(t *testing.T, c *client.Client, s *station) {
		subscribe := func() rueidis.Completed { return c.B().Subscribe().Channel("ch").Build() }
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		l := listen(ctx, c, subscribe())
		within(t, time.Minute, time.Minute, func() {
			if err := <-l.ended; !errors.Is(err, errs.Deadline) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v; want Deadline", err)
			}
		})
		// Also in the middle of an outage.
		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		l = listen(ctx, c, subscribe())
		s.Refuse(syscall.ECONNREFUSED)
		s.cut()
		within(t, time.Minute, time.Minute, func() {
			if err := <-l.ended; !errors.Is(err, errs.Deadline) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("in an outage: got %v; want Deadline", err)
			}
		})
		over, end := context.WithCancel(t.Context())
		end()
		e := mine(t, c.Receive(over, subscribe(), func(rueidis.PubSubMessage) {}))
		if e.Kind != errs.Canceled || e.Effect != errs.NotExecuted || e.Op != "SUBSCRIBE" {
			t.Errorf("got %v; want Canceled, NotExecuted", e)
		}
	})
}

func TestReceiveEndsWithTheClient(t *testing.T) {
	t.Parallel()
	onAir(t, func(t *testing.T, c *client.Client, s *station) {
		l := listen(t.Context(), c, c.B().Subscribe().Channel("ch").Build())
		go c.Close()
		if err := <-l.ended; !errors.Is(err, errs.Closed) {
			t.Errorf("got %v; want Closed", err)
		}
		err := c.Receive(t.Context(), c.B().Subscribe().Channel("ch").Build(), func(rueidis.PubSubMessage) {})
		if !errors.Is(err, errs.Closed) {
			t.Errorf("afterwards: got %v; want Closed", err)
		}
		if got := len(s.subscriptions()); got > 2 { // rueidis may say goodbye
			t.Errorf("%d subscriptions arrived; want 1", got)
		}
	})
}

func TestReceiveEndsWithTheClientInAnOutage(t *testing.T) {
	t.Parallel()
	onAir(t, func(t *testing.T, c *client.Client, s *station) {
		l := listen(t.Context(), c.Compat(), c.B().Subscribe().Channel("ch").Build())
		s.Refuse(syscall.ECONNREFUSED)
		s.cut()
		time.Sleep(time.Minute)
		c.Close()
		if err := <-l.ended; err != rueidis.ErrClosing { //nolint:errorlint // the very value
			t.Errorf("got %v; want rueidis.ErrClosing itself", err)
		}
	})
}

func TestPolicyOfOneAttemptEndsReceiveWithTheLoss(t *testing.T) {
	t.Parallel()
	onAir(t, func(t *testing.T, c *client.Client, s *station) {
		l := listen(t.Context(), c, c.B().Subscribe().Channel("ch").Build())
		s.cut()
		err := <-l.ended
		wantErr(t, err, errs.ConnLost, errs.Unknown, 1)
	}, func(opt *rueidis.ClientOption) { opt.DisableRetry = true })
}

func TestHooksOfTheCallerSeeEverySubscription(t *testing.T) {
	t.Parallel()
	onAir(t, func(t *testing.T, c *client.Client, s *station) {
		var confirmed atomic.Int32
		ctx := rueidis.WithOnSubscriptionHook(t.Context(), func(rueidis.PubSubSubscription) { confirmed.Add(1) })
		ctx, cancel := context.WithCancel(ctx)
		l := listen(ctx, c, c.B().Subscribe().Channel("a", "b").Build())
		s.cut()
		time.Sleep(10 * time.Second)
		if got := confirmed.Load(); got != 4 {
			t.Errorf("the caller's hook was called %d times; want 4", got)
		}
		cancel()
		<-l.ended
	})
}

func TestMisuseOfReceiveIsTyped(t *testing.T) {
	t.Parallel()
	onAir(t, func(t *testing.T, c *client.Client, s *station) {
		for name, cmd := range map[string]rueidis.Completed{
			"nothing":      {},
			"GET":          c.B().Get().Key("k").Build(),
			"UNSUBSCRIBE":  c.B().Unsubscribe().Channel("ch").Build(),
			"PUNSUBSCRIBE": c.B().Punsubscribe().Build(),
		} {
			for face, err := range map[string]error{
				"typed":  c.Receive(t.Context(), cmd, func(rueidis.PubSubMessage) {}),
				"compat": c.Compat().Receive(t.Context(), cmd, func(rueidis.PubSubMessage) {}),
			} {
				if e := mine(t, err); e.Kind != errs.Misuse || e.Effect != errs.NotExecuted {
					t.Errorf("%s, %s: got %v; want Misuse, NotExecuted", name, face, err)
				}
			}
		}
		wantArrived(t, s.Server)
	})
}

func TestOtherCommandsAndSubscribersShareTheClient(t *testing.T) {
	t.Parallel()
	onAir(t, func(t *testing.T, c *client.Client, s *station) {
		ctx, cancel := context.WithCancel(t.Context())
		var all []*listener
		for _, channel := range []string{"a", "b", "c"} {
			all = append(all, listen(ctx, c, c.B().Subscribe().Channel(channel).Build()))
		}
		s.cut()
		time.Sleep(10 * time.Second)
		for i, channel := range []string{"a", "b", "c"} {
			s.say("message", channel, "to "+channel)
			all[i].wantHeard(t, "to "+channel)
		}
		if err := do(t.Context(), c, "SET", "k", "v"); err != nil {
			t.Error(err)
		}
		cancel()
		for _, l := range all {
			if err := <-l.ended; !errors.Is(err, errs.Canceled) {
				t.Errorf("got %v; want Canceled", err)
			}
		}
	})
}
