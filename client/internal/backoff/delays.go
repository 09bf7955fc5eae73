package backoff

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Delays are the pauses of one operation. They are made after its first
// failure and belong to one goroutine.
//
// A pause is drawn evenly from an interval of which the upper end is three
// times the lower one. The first interval begins at MinDelay; each next one is
// twice as high, until its upper end meets MaxDelay:
//
//	8 to 24 ms, 16 to 48, 32 to 96 ... 333 ms to 1 s, 333 ms to 1 s ...
//
// So clients that failed together do not come back together, and no bound has
// to be enforced by cutting, which would gather the pauses on it.
type Delays struct {
	growing  backoff.ExponentialBackOff
	min, max time.Duration
}

// spread is the jitter: the interval is the current middle times 1 ± spread.
const spread = 0.5

// Start returns the delays of an operation. p must have its defaults.
func (p Policy) Start() *Delays {
	d := &Delays{min: p.MinDelay, max: p.MaxDelay}
	d.growing = backoff.ExponentialBackOff{
		InitialInterval:     middle(p.MinDelay, 1-spread),
		MaxInterval:         middle(p.MaxDelay, 1+spread),
		Multiplier:          2,
		RandomizationFactor: spread,
		MaxElapsedTime:      0, // it never stops: the caller has a bound of its own
		Clock:               backoff.SystemClock,
	}
	d.growing.Reset()
	return d
}

func middle(end time.Duration, share float64) time.Duration {
	return time.Duration(float64(end) / share)
}

// Next is the pause before the next attempt.
func (d *Delays) Next() time.Duration {
	// The bounds bite only where MaxDelay is less than three times MinDelay.
	return min(max(d.growing.NextBackOff(), d.min), d.max)
}
