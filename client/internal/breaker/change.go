package breaker

import (
	"sync"
	"time"

	"github.com/redoubt-go/redoubt/errs"
)

// Change is a transition of a lane.
type Change struct {
	Addr       string        // node
	Lane       string        // "read" or "write"
	From, To   State         // never equal
	RetryAfter time.Duration // the open time, if To is Open
	Cause      errs.Kind     // the failure that opened the lane, also on its way back
}

// outbox delivers changes in order, one at a time. Whoever finds it idle
// delivers for all, so a callback that uses the breaker does not deadlock.
type outbox struct {
	onChange func(Change)

	mu    sync.Mutex // held for the queue only, never during a callback
	queue []Change
	busy  bool
}

func (o *outbox) put(c Change) {
	if o.onChange == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue = append(o.queue, c)
}

func (o *outbox) deliver() {
	if o.onChange == nil {
		return
	}
	for c, ok := o.take(); ok; c, ok = o.next() {
		o.call(c)
	}
}

// take begins a delivery, unless one is going on.
func (o *outbox) take() (Change, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.busy {
		return Change{}, false
	}
	return o.pop()
}

func (o *outbox) next() (Change, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.pop()
}

func (o *outbox) pop() (c Change, ok bool) {
	o.busy = len(o.queue) > 0
	if !o.busy {
		o.queue = nil
		return Change{}, false
	}
	c, o.queue = o.queue[0], o.queue[1:]
	return c, true
}

// call makes the outbox idle again when the callback panics, so that the next
// change is still delivered.
func (o *outbox) call(c Change) {
	done := false
	defer func() {
		if !done {
			o.mu.Lock()
			o.busy = false
			o.mu.Unlock()
		}
	}()
	o.onChange(c)
	done = true
}

// stop drops what waits to be delivered.
func (o *outbox) stop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue = nil
}
