package dialseam

import (
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// RetireGap is the least time between two retirements of a node: one failover
// makes many callers ask for it at once. While they go on asking, it doubles up
// to MaxRetireGap, for a node that keeps refusing writes still serves reads and
// subscriptions; after twice that time without any it is short again.
const (
	RetireGap    = time.Second
	MaxRetireGap = 5 * time.Second
)

// Node is one address with the connections to it.
type Node struct {
	addr   string
	writes atomic.Uint64

	mu      sync.Mutex
	conns   map[*Conn]struct{}
	retired time.Time
	gap     time.Duration // before the next retirement
	lost    uint64
	closed  bool
}

// Addr is the address as it was dialled.
func (n *Node) Addr() string { return n.addr }

// Writes is the node's write sequence: how many writes were handed to its
// connections so far. A command notes it before it is sent.
func (n *Node) Writes() uint64 { return n.writes.Load() }

// Lost is the write sequence up to which commands may have been lost with a
// connection: that of the last write on those that carried commands and are
// closed. A command that noted Writes before it was sent, and finds Lost no
// later, was not on any of them.
func (n *Node) Lost() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.lost
}

// Retire closes the connections to the node, so that the next command dials
// again: the name is resolved anew, credentials are asked for anew. It reports
// whether it did so; too soon after the last time, see RetireGap, it does nothing.
// Commands in flight fail as on any lost connection.
func (n *Node) Retire() bool {
	open, due := n.due(time.Now())
	for _, c := range open {
		_ = c.Close()
	}
	return due
}

// due returns the connections to close, unless it is too early.
func (n *Node) due(now time.Time) ([]*Conn, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch since := now.Sub(n.retired); {
	case n.retired.IsZero(), since > 2*MaxRetireGap:
		n.gap = RetireGap
	case since < n.gap:
		return nil, false
	default:
		n.gap = min(2*n.gap, MaxRetireGap)
	}
	n.retired = now
	return slices.Collect(maps.Keys(n.conns)), true
}

// Close closes the connections to the node for good: one that is being dialled
// is closed as soon as it is made.
func (n *Node) Close() {
	for _, c := range n.end() {
		_ = c.Close()
	}
}

func (n *Node) end() []*Conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	return slices.Collect(maps.Keys(n.conns))
}

// adopt makes a connection of the node, or nil if the node is closed.
func (n *Node) adopt(raw net.Conn, due time.Time) *Conn {
	c := &Conn{Conn: raw, node: n, due: due}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil
	}
	n.conns[c] = struct{}{}
	return c
}

func (n *Node) forget(c *Conn) {
	n.mu.Lock()
	delete(n.conns, c)
	if c.carried() {
		n.lost = max(n.lost, c.last.Load())
	}
	n.mu.Unlock()
}
