// Package conformance holds the proofs that need more than one package: every
// server found on the machine, provoked and compared; the rules about imports
// and the public API. It has no code of its own and is imported by nobody.
//
// The tests that need a server skip without one, loudly; with
// REDOUBT_REQUIRE_SERVERS=1 they fail.
package conformance
