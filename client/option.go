package client

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client/internal/backoff"
	"github.com/redoubt-go/redoubt/client/internal/breaker"
	"github.com/redoubt-go/redoubt/errs"
)

// Option configures a client. What an option does not say has the default that
// its documentation states; New refuses a value that makes no sense with an
// *errs.Error of kind BadOption.
type Option interface{ apply(*settings) }

// CallOption configures single calls; see With.
type CallOption interface{ applyCall(*callSettings) }

// settings is what the options say together.
type settings struct {
	retry    backoff.Policy
	delay    rueidis.RetryDelayFn
	budget   backoff.BudgetPolicy
	breaker  breaker.Policy
	replay   classify.Safety
	observer Observer
	logger   *slog.Logger
	seats    int
	wait     time.Duration
}

type optionFunc func(*settings)

func (f optionFunc) apply(s *settings) { f(s) }

// RetryPolicy bounds the attempts of one operation. A zero field takes its
// default.
type RetryPolicy struct {
	MaxAttempts int           // all attempts, the first included; default 12, 1 means no retry
	MaxUnknown  int           // attempts that may have been executed; default 3
	MaxElapsed  time.Duration // from the call to the beginning of the last attempt; default 5 s
	MinDelay    time.Duration // shortest pause between attempts; default 8 ms
	MaxDelay    time.Duration // longest pause; default 1 s
}

// Retry sets the bounds of the attempts. The pauses grow from MinDelay to
// MaxDelay, with jitter; rueidis.ClientOption.RetryDelay replaces them.
func Retry(p RetryPolicy) Option {
	return optionFunc(func(s *settings) {
		s.retry = backoff.Policy{
			MaxAttempts: p.MaxAttempts, MaxUnknown: p.MaxUnknown, MaxElapsed: p.MaxElapsed,
			MinDelay: p.MinDelay, MaxDelay: p.MaxDelay,
		}
	})
}

// RetryBudgetPolicy bounds the retries of all operations together. A zero field
// takes its default.
type RetryBudgetPolicy struct {
	Ratio     float64 // retries that a success earns, 0 to 1; default 0.2
	PerSecond float64 // retries earned by time alone; default 50
	Burst     int     // retries that can be saved up; default 500
	Disabled  bool    // grants every retry
}

// RetryBudget sets the bound of all retries of the client, so that many callers
// who each retry a little do not keep an overloaded server down.
func RetryBudget(p RetryBudgetPolicy) Option {
	return optionFunc(func(s *settings) { s.budget = backoff.BudgetPolicy(p) })
}

// BreakerPolicy says when a lane of a node's breaker opens and how it heals. A
// zero field takes its default.
type BreakerPolicy struct {
	Failures     int           // in a row, that open a lane; default 5
	Window       time.Duration // how long a failure is remembered; default 10 s
	OpenFor      time.Duration // first open time, grows while probes fail; default 50 ms
	MaxOpenFor   time.Duration // longest open time; default 1 s
	Probes       int           // attempts that a half-open lane admits at once, and that must succeed; default 3
	ProbeTimeout time.Duration // how long a probe may take; default 1 s
	Disabled     bool          // keeps all lanes closed
}

// Breaker sets the policy of the circuit breakers. Each node has one with a
// lane for reads and a lane for writes.
func Breaker(p BreakerPolicy) Option {
	return optionFunc(func(s *settings) { s.breaker = breaker.Policy(p) })
}

// ReplayOption is an Option and a CallOption.
type ReplayOption struct{ limit classify.Safety }

func (o ReplayOption) apply(s *settings)         { s.replay = o.limit }
func (o ReplayOption) applyCall(s *callSettings) { s.replay = o.limit }

// Replay allows a command whose effect is unknown to be sent again if its
// classify.Safety is at most limit. The default is classify.ReadOnly; Admin
// and Never are refused. A replay may change the reply: SET NX says "not set"
// although the first try set it.
//
//	ctx = client.With(ctx, client.Replay(classify.LastWins)) // for one call
func Replay(limit classify.Safety) ReplayOption { return ReplayOption{limit} }

// WithObserver sets who is told of operations and events; nil, the default, is
// nobody.
func WithObserver(o Observer) Option { return optionFunc(func(s *settings) { s.observer = o }) }

// Logger sets where rare changes of state are logged: a breaker that opens or
// closes, connections that are replaced, a subscription that is made again.
// Never a command, never a key. Nothing is logged by default.
func Logger(l *slog.Logger) Option { return optionFunc(func(s *settings) { s.logger = l }) }

// Bulkhead bounds how many dedicated clients, blocking commands and opening
// streams are in use together, and how long a caller waits for a place. The
// default is rueidis' BlockingPoolSize (1024), which limit may not exceed, and
// 5 s; with a wait of 0 a full bulkhead refuses at once.
func Bulkhead(limit int, wait time.Duration) Option {
	return optionFunc(func(s *settings) { s.seats, s.wait = limit, wait })
}

// callSettings is what the call options of a context say together.
type callSettings struct{ replay classify.Safety }

type callKey struct{}

// With returns a context whose calls have the options. They are looked up only
// after a failure, so a call that succeeds does not pay for them. Options of an
// outer With hold unless an inner one says otherwise.
func With(ctx context.Context, opts ...CallOption) context.Context {
	var s callSettings
	if outer, ok := ctx.Value(callKey{}).(callSettings); ok {
		s = outer
	}
	for _, o := range opts {
		if o != nil {
			o.applyCall(&s)
		}
	}
	return context.WithValue(ctx, callKey{}, s)
}

// replayLimit is the limit for a call. A level that is not allowed counts as
// the client's own.
func (c *core) replayLimit(ctx context.Context) classify.Safety {
	s, _ := ctx.Value(callKey{}).(callSettings)
	if s.replay == classify.Unrated || s.replay > maxReplay {
		return c.replay
	}
	return s.replay
}

// maxReplay is the highest level that Replay accepts.
const maxReplay = classify.Accumulating

// collect applies the options and checks them.
func collect(opt *rueidis.ClientOption, opts []Option) (settings, error) {
	pool := opt.BlockingPoolSize
	if pool <= 0 {
		pool = rueidis.DefaultPoolSize
	}
	s := settings{replay: classify.ReadOnly, seats: pool, wait: 5 * time.Second}
	for _, o := range opts {
		if o == nil {
			return s, badOption("an option is nil")
		}
		o.apply(&s)
	}
	switch {
	case s.replay == classify.Unrated || s.replay > maxReplay:
		return s, badOption("Replay: use classify.Connection to classify.Accumulating")
	case s.seats <= 0 || s.seats > pool:
		return s, badOption("Bulkhead: limit must be between 1 and BlockingPoolSize")
	case s.wait < 0:
		return s, badOption("Bulkhead: wait must not be negative")
	}
	for _, p := range []interface{ Validate() error }{s.retry, s.budget, s.breaker} {
		if err := p.Validate(); err != nil {
			return s, err
		}
	}
	if opt.DisableRetry {
		s.retry.MaxAttempts = 1
	}
	s.delay = opt.RetryDelay
	s.retry = s.retry.WithDefaults()
	return s, nil
}

// optionFault is the cause of a BadOption or TopologyUnsupported.
type optionFault string

func (f optionFault) Error() string { return string(f) }

func badOption(why string) error {
	return &errs.Error{Kind: errs.BadOption, Effect: errs.NotExecuted, Op: "client.New", Err: optionFault(why)}
}
