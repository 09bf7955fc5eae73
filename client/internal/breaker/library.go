package breaker

import (
	"time"

	"github.com/cenkalti/backoff/v4"
	cb "github.com/mercari/go-circuitbreaker"

	"github.com/redoubt-go/redoubt/errs"
)

func (l *Lane) init(addr, name string, p Policy, onChange func(Change)) {
	l.addr, l.name, l.policy = addr, name, p
	l.changes.onChange = onChange
	l.refusal.Store(newRefusal(addr, name, 0, 0))
	if p.Disabled {
		return
	}
	l.permits = make([]permit, p.Probes)
	l.pause = newPause(p, &l.cause)
	l.library = cb.New(
		cb.WithCounterResetInterval(-1),
		cb.WithOpenTimeoutBackOff(&l.pause),
		cb.WithHalfOpenMaxSuccesses(int64(p.Probes)),
		cb.WithTripFunc(l.trip),
		cb.WithOnStateChangeHookFn(l.changed),
	)
}

// trip decides whether the failure just counted opens the lane. The library
// has no notion of time here, so a row that has grown old is cut in its
// counters.
func (l *Lane) trip(c *cb.Counters) bool {
	now := time.Now()
	if now.Sub(l.last) > l.policy.Window {
		c.ConsecutiveFailures = 1
	}
	l.last = now
	return c.ConsecutiveFailures >= int64(l.policy.Failures)
}

// changed is the library's hook. It runs under the library's lock, where even
// asking for the state would be a deadlock. The word is stored last: who sees
// the new state may write the fields read here.
func (l *Lane) changed(_, to cb.State) {
	if l.stopped.Load() {
		return
	}
	w := word(l.word.Load())
	c := Change{Addr: l.addr, Lane: l.name, From: w.state(), To: stateOf(to), Cause: l.cause}
	if c.To == Open {
		c.RetryAfter = l.pause.last
		l.refusal.Store(newRefusal(l.addr, l.name, l.cause, l.pause.last))
	}
	l.changes.put(c)
	l.word.Store(uint64(w.in(c.To)))
	if c.To == HalfOpen { // made by the library's timer: nobody else will deliver it
		go l.changes.deliver()
	}
}

func stateOf(s cb.State) State {
	switch s {
	case cb.StateOpen:
		return Open
	case cb.StateHalfOpen:
		return HalfOpen
	}
	return Closed
}

// stop makes the lane closed for good. The library has no Close, but leaving
// the open state stops its timer. A timer that has fired already moves the
// library on behind our back, and the hook looks away.
func (l *Lane) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.library == nil {
		return
	}
	l.stopped.Store(true)
	l.library.Reset()
	l.library = nil
	l.changes.stop()
	l.word.Store(uint64(word(l.word.Load()).in(Closed)))
}

// pause is the library's source of open times. The library calls it under its
// lock, in a call of ours that holds the lane's.
type pause struct {
	growing *backoff.ExponentialBackOff
	longest time.Duration
	cause   *errs.Kind
	last    time.Duration
}

const (
	growth = 1.2
	jitter = 0.1
)

func newPause(p Policy, cause *errs.Kind) pause {
	return pause{
		growing: backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(p.OpenFor),
			backoff.WithMaxInterval(p.MaxOpenFor),
			backoff.WithMultiplier(growth),
			backoff.WithRandomizationFactor(jitter),
			backoff.WithMaxElapsedTime(0), // else it ends, and with it the hope of closing
		),
		longest: p.MaxOpenFor,
		cause:   cause,
	}
}

// NextBackOff is the next open time, at most the longest.
func (p *pause) NextBackOff() time.Duration {
	p.last = min(p.growing.NextBackOff(), p.longest)
	if stubborn(*p.cause) {
		p.last = p.longest
	}
	return p.last
}

// Reset is called by the library whenever the lane closes.
func (p *pause) Reset() { p.growing.Reset() }

// stubborn causes are not healed by waiting, and every probe costs the server
// another dial and login.
func stubborn(k errs.Kind) bool {
	return k == errs.MaxClients || k == errs.Denied || k.Class() == errs.Auth
}
