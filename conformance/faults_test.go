package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/servers"
)

// counter is the key that all callers increment.
const counter = "counter"

// tally is what callers know of their increments: acknowledged, perhaps
// executed, and certainly not executed. It collects everything that breaks the
// promise of a typed error.
type tally struct {
	mu      sync.Mutex
	acked   int64
	unknown int64
	not     int64
	kinds   map[errs.Kind]int
	broken  []string
}

// note judges one outcome.
func (y *tally) note(err error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if err == nil {
		y.acked++
		return
	}
	e, ok := errors.AsType[*errs.Error](err)
	if !ok {
		y.unknown++
		y.broken = append(y.broken, fmt.Sprintf("untyped: %T %v", err, err))
		return
	}
	if y.kinds == nil {
		y.kinds = map[errs.Kind]int{}
	}
	y.kinds[e.Kind]++
	if e.Effect == errs.NotExecuted {
		y.not++
	} else {
		y.unknown++
	}
	if fault := incomplete(e); fault != "" {
		y.broken = append(y.broken, fault)
	}
}

// incomplete says what a failure of a server lacks: the node and the number of
// attempts. A breaker that refused the first attempt made none.
func incomplete(e *errs.Error) string {
	switch {
	case !e.Kind.Valid(), e.Kind == errs.Unclassified, e.Kind == errs.UnknownReply:
		return fmt.Sprintf("unclassified: %v: %v", e, e.Err)
	case e.Addr == "":
		return fmt.Sprintf("no address: %v", e)
	case e.Attempts < 1 && e.Kind != errs.BreakerOpen:
		return fmt.Sprintf("no attempts: %v", e)
	case e.Op == "":
		return fmt.Sprintf("no command: %v", e)
	}
	return ""
}

func (y *tally) acknowledged() int64 {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.acked
}

// settle compares the tally with the server's value, read over a connection of
// the test's own, and logs the figures.
func (y *tally) settle(t *testing.T, s *servers.Server) {
	t.Helper()
	y.mu.Lock()
	defer y.mu.Unlock()
	text, _ := must(t, s, "GET", counter).(string)
	value, _ := strconv.ParseInt(text, 10, 64)
	t.Logf("acked %d, unknown %d, not executed %d, value %d, failed by kind %v", y.acked, y.unknown, y.not, value, y.kinds)
	if value < y.acked || value > y.acked+y.unknown {
		t.Errorf("value = %d; want %d to %d", value, y.acked, y.acked+y.unknown)
	}
	for i, fault := range y.broken {
		if i == 10 {
			t.Errorf("and %d more", len(y.broken)-i)
			break
		}
		t.Error(fault)
	}
}

// load is callers who increment the counter until they are told to stop.
type load struct {
	tally
	done    chan struct{}
	ended   sync.Once
	callers sync.WaitGroup
}

func startLoad(c rueidis.Client, callers int) *load {
	l := &load{done: make(chan struct{})}
	for range callers {
		l.callers.Go(func() { l.call(c) })
	}
	return l
}

func (l *load) call(c rueidis.Client) {
	for {
		select {
		case <-l.done:
			return
		default:
		}
		err := c.Do(context.Background(), c.B().Incr().Key(counter).Build()).Error()
		l.note(err)
		if open, ok := errors.AsType[*errs.OpenError](err); ok {
			l.rest(open.RetryAfter)
		}
	}
}

// rest is what a caller does whom a breaker refused.
func (l *load) rest(d time.Duration) {
	select {
	case <-l.done:
	case <-time.After(min(max(d, time.Millisecond), 20*time.Millisecond)):
	}
}

// progress waits until n further increments are acknowledged.
func (l *load) progress(t *testing.T, n int64) {
	t.Helper()
	goal := l.acknowledged() + n
	until(t, "acknowledged increments", func() bool { return l.acknowledged() >= goal })
}

// stop ends the load. It may be called more than once.
func (l *load) stop() {
	l.ended.Do(func() { close(l.done) })
	l.callers.Wait()
}

// connect makes a client of ours that is closed with the test.
func connect(t *testing.T, s *servers.Server, v variant, change func(*rueidis.ClientOption), opts ...client.Option) *client.Client {
	t.Helper()
	opt := v.option(s)
	if change != nil {
		change(&opt)
	}
	c, err := client.New(opt, opts...)
	if err != nil {
		t.Fatalf("%v: %v", s.Binary, err)
	}
	t.Cleanup(c.Close)
	return c
}

func get(c rueidis.Client, key string) error {
	err := c.Do(context.Background(), c.B().Get().Key(key).Build()).Error()
	if rueidis.IsRedisNil(err) {
		return nil
	}
	return err
}

func set(c rueidis.Client, key, value string) error {
	return c.Do(context.Background(), c.B().Set().Key(key).Value(value).Build()).Error()
}

// wantKind demands a typed and complete failure of one of the kinds.
func wantKind(t *testing.T, what string, err error, kinds ...errs.Kind) *errs.Error {
	t.Helper()
	e, ok := errors.AsType[*errs.Error](err)
	if !ok {
		t.Fatalf("%s: got %T %v; want one of %v", what, err, err, kinds)
	}
	if fault := incomplete(e); fault != "" {
		t.Errorf("%s: %s", what, fault)
	}
	for _, k := range kinds {
		if e.Kind == k {
			if !errors.Is(err, k) || !errors.Is(err, k.Class()) {
				t.Errorf("%s: errors.Is does not find %v or %v in %v", what, k, k.Class(), err)
			}
			return e
		}
	}
	t.Errorf("%s: got %v (%v, caused by %v); want one of %v", what, e.Kind, e, e.Err, kinds)
	return e
}
