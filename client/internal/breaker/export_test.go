package breaker

import cb "github.com/mercari/go-circuitbreaker"

// FireLate does to the lane what a timer of the library does that had fired
// already when Close stopped it.
func (l *Lane) FireLate() { l.changed(cb.StateClosed, cb.StateHalfOpen) }
