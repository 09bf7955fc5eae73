package backoff

import (
	"errors"
	"fmt"
	"time"

	"github.com/redoubt-go/redoubt/errs"
)

// Policy bounds the attempts of one operation. The zero value is the default;
// a field that is zero takes its own default, see WithDefaults.
type Policy struct {
	// MaxAttempts counts all attempts, the first included; default 12, which
	// together with the delays fills MaxElapsed, so that a server is waited for
	// while it loads its dataset. 1 means no retry.
	MaxAttempts int

	// MaxUnknown counts the attempts that may have been executed; default 3. It
	// keeps a command that kills its server from killing many of them.
	MaxUnknown int

	// MaxElapsed is the time from the call to the beginning of the last
	// attempt; default 5 s.
	MaxElapsed time.Duration

	// MinDelay and MaxDelay are the shortest and the longest pause; default
	// 8 ms and 1 s, or MinDelay if that is longer. See Delays.
	MinDelay, MaxDelay time.Duration
}

// Validate returns an *errs.Error of kind BadOption for a negative field and
// for a MaxDelay that is shorter than MinDelay.
func (p Policy) Validate() error {
	var fault error
	switch d := p.WithDefaults(); {
	case p.MaxAttempts < 0 || p.MaxUnknown < 0:
		fault = errors.New("retry policy: negative count")
	case p.MaxElapsed < 0 || p.MinDelay < 0 || p.MaxDelay < 0:
		fault = errors.New("retry policy: negative duration")
	case d.MaxDelay < d.MinDelay:
		fault = fmt.Errorf("retry policy: MaxDelay %v is shorter than MinDelay %v", d.MaxDelay, d.MinDelay)
	default:
		return nil
	}
	return badOption(fault)
}

// WithDefaults returns p with every zero field set to its default.
func (p Policy) WithDefaults() Policy {
	defaultTo(&p.MaxAttempts, 12)
	defaultTo(&p.MaxUnknown, 3)
	defaultTo(&p.MaxElapsed, 5*time.Second)
	defaultTo(&p.MinDelay, 8*time.Millisecond)
	defaultTo(&p.MaxDelay, max(time.Second, p.MinDelay))
	return p
}

func defaultTo[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func badOption(fault error) error {
	return &errs.Error{Kind: errs.BadOption, Effect: errs.NotExecuted, Op: "retry", Err: fault}
}
