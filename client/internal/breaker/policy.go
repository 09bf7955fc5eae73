package breaker

import (
	"errors"
	"fmt"
	"time"

	"github.com/redoubt-go/redoubt/errs"
)

// Policy says when a lane opens and how it heals. The zero value is the
// default; a field that is zero takes its own default.
type Policy struct {
	// Failures in a row that open a lane; default 5. Attempts that were under
	// way when a failure was counted belong to the same incident and do not
	// count again: a connection that breaks under 128 commands is one failure.
	Failures int

	// Window is how long a failure is remembered; default 10 s. A failure that
	// comes later than that after the one before starts the row anew.
	Window time.Duration

	// OpenFor is the first open time; default 50 ms. While probes fail it grows
	// by a fifth each time, give or take a tenth, so that a lane notices that
	// its node is back within about a fifth of the outage.
	OpenFor time.Duration

	// MaxOpenFor is the longest open time; default 1 s, or OpenFor if that is
	// longer. What no waiting heals (credentials, a server without room for
	// another connection) opens a lane for this long at once.
	MaxOpenFor time.Duration

	// Probes is how many attempts a half-open lane admits at once, and how many
	// of them must succeed to close it; default 3.
	Probes int

	// ProbeTimeout is how long a probe may take; default 1 s. One that takes
	// longer counts as failed as soon as another attempt asks for its place.
	ProbeTimeout time.Duration

	// Disabled keeps both lanes closed whatever happens.
	Disabled bool
}

// Validate returns an *errs.Error of kind BadOption for a negative field and
// for a MaxOpenFor that is shorter than OpenFor.
func (p Policy) Validate() error {
	var fault error
	switch d := p.withDefaults(); {
	case p.Failures < 0 || p.Probes < 0:
		fault = errors.New("breaker policy: negative count")
	case p.Window < 0 || p.OpenFor < 0 || p.MaxOpenFor < 0 || p.ProbeTimeout < 0:
		fault = errors.New("breaker policy: negative duration")
	case d.MaxOpenFor < d.OpenFor:
		fault = fmt.Errorf("breaker policy: MaxOpenFor %v is shorter than OpenFor %v", d.MaxOpenFor, d.OpenFor)
	default:
		return nil
	}
	return &errs.Error{Kind: errs.BadOption, Effect: errs.NotExecuted, Op: "breaker", Err: fault}
}

func (p Policy) withDefaults() Policy {
	defaultTo(&p.Failures, 5)
	defaultTo(&p.Window, 10*time.Second)
	defaultTo(&p.OpenFor, 50*time.Millisecond)
	defaultTo(&p.MaxOpenFor, max(time.Second, p.OpenFor))
	defaultTo(&p.Probes, 3)
	defaultTo(&p.ProbeTimeout, time.Second)
	return p
}

func defaultTo[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
