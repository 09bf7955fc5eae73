// Package breaker stops calls to a node that cannot serve them: one Breaker a
// node, with a lane for reads and a lane for writes, because a full or
// read-only node still serves reads.
//
//	            Failures in a row                 OpenFor is over
//	┌────────┐ ─────────────────▶ ┌────────┐ ─────────────────▶ ┌───────────┐
//	│ closed │                    │  open  │                    │ half-open │
//	│ all in │                    │ none in│ ◀───────────────── │ Probes in │
//	└────────┘                    └────────┘   a probe failed   └───────────┘
//	     ▲                                     or never came back     │
//	     └────────────────────────────────────────────────────────────┘
//	                        Probes probes succeeded
//
// The state machine is github.com/mercari/go-circuitbreaker: it counts the
// failures and makes every transition. In front of it stands one atomic word
// per lane that the library's hook keeps up to date, so that an attempt on a
// healthy node costs two loads: no lock, no write to shared memory, no
// allocation. What the library leaves open is closed here:
//
//   - Half-open admits everybody: a permit limits the probes.
//   - A probe may never come back: its permit expires and counts as a failure.
//   - The hook runs under the library's lock: it only stores. Changes are
//     delivered afterwards, outside every lock.
//   - A counter interval starts a goroutine that nothing stops: there is none.
//     Old failures expire when the next one is counted.
//   - A back-off that ends leaves the breaker open for ever: ours never ends.
//   - The open time is not exposed: ours remembers what it returned.
//   - The timer of an open breaker cannot be stopped: Close does.
package breaker
