// Package dialseam makes the connections that are handed to rueidis. They know
// the node they belong to, type what goes wrong while a connection is made,
// and put the node's address and write sequence on every later failure, so
// that package classify can tell where and when a connection broke.
//
//	rueidis ── DialCtxFn ──▶ Seam.Dial ──▶ the user's dialer, or TCP and TLS
//	   │                        │
//	   └──── net.Conn ◀──────── Conn ──── Node: address, write sequence, Retire
//
// It counts writes and keeps the first error line of a connection; it reads no
// meaning into either.
package dialseam
