package client_test

import (
	"context"
	"sync"

	"github.com/redoubt-go/redoubt/client"
)

// recorder is an observer that keeps what it is told.
type recorder struct {
	mu     sync.Mutex
	starts []client.Op
	dones  []client.Outcome
	evs    []client.Event
}

func (o *recorder) Start(ctx context.Context, op client.Op) context.Context {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.starts = append(o.starts, op)
	return ctx
}

func (o *recorder) Done(_ context.Context, out client.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dones = append(o.dones, out)
}

func (o *recorder) Event(_ context.Context, ev client.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.evs = append(o.evs, ev)
}

// events are the events of a type so far.
func (o *recorder) events(typ client.EventType) (some []client.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, ev := range o.evs {
		if ev.Type == typ {
			some = append(some, ev)
		}
	}
	return some
}

func (o *recorder) attempts() []client.Event { return o.events(client.EventAttempt) }

func (o *recorder) reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.starts, o.dones, o.evs = nil, nil, nil
}
