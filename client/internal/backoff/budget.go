package backoff

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// BudgetPolicy bounds the retries of all operations of a client together, so
// that many callers who each retry a little do not keep an overloaded server
// down. The zero value is the default; a field that is zero takes its own
// default.
type BudgetPolicy struct {
	// Ratio is how many retries a success earns; default 0.2, one retry for
	// five successes. At most 1.
	Ratio float64

	// PerSecond is how many retries are earned by time alone; default 50. It
	// keeps a client alive that has had no success for a while.
	PerSecond float64

	// Burst is how many retries can be saved up; default 500. A new budget is
	// full. At most 1e9.
	Burst int

	// Disabled grants every retry.
	Disabled bool
}

// Validate returns an *errs.Error of kind BadOption for a field out of range.
func (p BudgetPolicy) Validate() error {
	switch {
	case !(p.Ratio >= 0 && p.Ratio <= 1): // also NaN
		return badOption(fmt.Errorf("retry budget: Ratio %v is not between 0 and 1", p.Ratio))
	case !(p.PerSecond >= 0 && p.PerSecond <= maxBurst):
		return badOption(fmt.Errorf("retry budget: PerSecond %v is out of range", p.PerSecond))
	case p.Burst < 0 || p.Burst > maxBurst:
		return badOption(fmt.Errorf("retry budget: Burst %v is out of range", p.Burst))
	}
	return nil
}

func (p BudgetPolicy) withDefaults() BudgetPolicy {
	defaultTo(&p.Ratio, 0.2)
	defaultTo(&p.PerSecond, 50)
	defaultTo(&p.Burst, 500)
	return p
}

// Budget is a token bucket, safe for concurrent use. A retry takes a token; a
// success earns a part of one, and so does time. That is the retry throttling
// of gRPC (proposal A6), where successes refill the bucket, with the minimum
// rate of Finagle's RetryBudget.
//
// Retries in any span of t seconds are thus at most
//
//	Burst + Ratio × successes + PerSecond × t
//
// A full bucket earns nothing, so on a healthy node a success is one load of a
// word that nobody writes.
type Budget struct {
	parts  atomic.Int64 // saved up, in millionths of a retry
	full   int64
	earn   int64 // by a success
	rate   float64
	always bool

	mu   sync.Mutex // guards what follows, and that time is credited once
	last time.Time
	rest float64 // parts that time has earned and that are not whole yet
}

const (
	retry    = 1_000_000 // one retry, in parts
	maxBurst = 1_000_000_000
)

// NewBudget returns a full budget. p must be valid, see BudgetPolicy.Validate.
func NewBudget(p BudgetPolicy) *Budget {
	p = p.withDefaults()
	b := &Budget{
		full:   int64(p.Burst) * retry,
		earn:   int64(p.Ratio * retry),
		rate:   p.PerSecond,
		always: p.Disabled,
		last:   time.Now(),
	}
	b.parts.Store(b.full)
	return b
}

// Success credits a success.
func (b *Budget) Success() {
	if b.parts.Load() < b.full {
		b.parts.Add(b.earn) // may lead beyond full by a few, which Take cuts
	}
}

// Take takes a retry from the budget and reports whether there was one. It is
// asked before the pause, so that a caller whose retry is refused does not
// wait for it.
func (b *Budget) Take() bool {
	if b.always {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	have := b.parts.Load()
	change := min(have+b.grown(), b.full) - have
	ok := have+change >= retry
	if ok {
		change -= retry
	}
	b.parts.Add(change) // a sum, so that a success in between is not lost
	return ok
}

// grown is what time has earned since it was last asked, in whole parts; the
// rest waits, or asking often would round it away. It is called under mu.
func (b *Budget) grown() int64 {
	now := time.Now()
	b.rest += now.Sub(b.last).Seconds() * b.rate * retry
	b.last = now
	whole := int64(min(b.rest, float64(b.full)))
	b.rest = min(b.rest-float64(whole), 1)
	return whole
}
