// Package backoff says how often, how long and how eagerly a failed operation
// is tried again: Policy holds the bounds of one operation, Delays the pauses
// between its attempts, Budget the bound of all operations together.
package backoff
