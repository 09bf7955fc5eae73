package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
)

// feed is the observer of the clients of one step. It passes on to the
// timeline what happens, and remembers what the step waits for.
type feed struct {
	start time.Time

	mu      sync.Mutex
	out     timeline // nil outside of the step
	last    client.Outcome
	hook    func(client.Event) // of the step
	lanes   map[string]string  // state of the breaker by lane
	changed chan struct{}      // closed and replaced when a breaker changes
}

func newFeed(out timeline) *feed {
	return &feed{out: out, start: time.Now(), lanes: map[string]string{}, changed: make(chan struct{})}
}

// end keeps from the timeline what comes late.
func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.out = nil
}

// when sets what a step does at an event. It is called on the goroutine of the
// operation, before that goes on.
func (f *feed) when(hook func(client.Event)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

// attempts is how many the last operation took.
func (f *feed) attempts() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last.Attempts
}

// sayf adds a line to the timeline.
func (f *feed) sayf(format string, args ...any) {
	f.mu.Lock()
	out := f.out
	f.mu.Unlock()
	if out != nil {
		out.note(time.Since(f.start), fmt.Sprintf(format, args...))
	}
}

// Start is of client.Observer.
func (f *feed) Start(ctx context.Context, _ client.Op) context.Context { return ctx }

// Done is of client.Observer.
func (f *feed) Done(_ context.Context, out client.Outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = out
}

// Event is of client.Observer.
func (f *feed) Event(_ context.Context, ev client.Event) {
	f.sayf("%s", eventText(ev))
	f.mu.Lock()
	if ev.Type == client.EventBreaker {
		f.lanes[ev.Lane] = ev.To
		close(f.changed)
		f.changed = make(chan struct{})
	}
	hook := f.hook
	f.mu.Unlock()
	if hook != nil {
		hook(ev)
	}
}

// lane waits until the breaker's lane is in a state.
func (f *feed) lane(ctx context.Context, lane, state string) error {
	for {
		f.mu.Lock()
		now, changed := f.lanes[lane], f.changed
		f.mu.Unlock()
		if now == state {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return &errs.Error{Kind: errs.Deadline, Effect: errs.NotExecuted, Op: "waiting for the breaker", Err: ctx.Err()}
		}
	}
}
