package client

import (
	"context"
	"math/rand/v2"
	"sync"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client/internal/breaker"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/dialseam"
)

// topology knows the nodes: which one a command goes to, and what to do to the
// world when a verdict asks for it. It sends nothing again; that is for the
// loop in attempt.go.
type topology interface {
	// pick is the node for a command.
	pick(r route) *node
	// apply does what the verdict on a reply of n asks to do to the world, no
	// longer than the caller's ctx.
	apply(ctx context.Context, v classify.Verdict, n *node)
	// follows reports whether the topology can act on the verdict's Do: a
	// redirect needs a target that it knows.
	follows(v classify.Verdict) bool
	// nodes are all nodes, each address once.
	nodes() []*node
	close()
}

// route is what decides the node of a command.
type route struct {
	slot  int  // slot+1; 0: none
	write bool // needs the primary
}

// node is one server: a rueidis client with one wire, or several of them, and
// what the client knows of the server.
type node struct {
	addr  string
	wires []rueidis.Client // a power of two
	seam  *dialseam.Node
	brk   *breaker.Breaker
}

// wire is the rueidis client for a command. One is the rule; of several any
// will do for commands, and the same one for the same slot where the
// client-side cache of a connection should meet its keys again.
func (n *node) wire() rueidis.Client {
	if len(n.wires) == 1 {
		return n.wires[0]
	}
	return n.wires[rand.Uint32()&uint32(len(n.wires)-1)]
}

// wireFor is the wire for a command with these marks: a blocking one goes to
// the pool that the bulkhead watches.
func (n *node) wireFor(f flags) rueidis.Client {
	if f.has(blocking) {
		return n.pool()
	}
	return n.wire()
}

func (n *node) cacheWire(slot uint16) rueidis.Client {
	return n.wires[int(slot)&(len(n.wires)-1)]
}

// builder makes commands that any of the node's wires accepts.
func (n *node) builder() rueidis.Builder { return n.wires[0].B() }

// pool is the rueidis client whose connection pools serve dedicated clients,
// blocking commands, streams and subscriptions: always the same one, so that
// the bulkhead's bound is the pool's.
func (n *node) pool() rueidis.Client { return n.wires[0] }

func (n *node) lane(write bool) *breaker.Lane { return n.brk.Lane(write) }

// learn teaches the breaker the outcome of one attempt.
func (n *node) learn(write bool, tok breaker.Token, v classify.Verdict) {
	n.brk.Learn(write, tok, v.Lane, v.Kind)
}

// note teaches the breaker a failure that no lane had admitted, that of a
// dedicated connection. While the lane is not closed it is left to its probes.
func (n *node) note(v classify.Verdict) {
	if tok, ok := n.lane(true).Allow(false); ok {
		n.learn(true, tok, v)
	}
}

// notice lets the wires find out that their connections were retired. A wire
// without a reader would learn it from the next command, which would then be
// lost with an unknown effect for no reason.
func (n *node) notice(ctx context.Context) {
	var all sync.WaitGroup
	for _, w := range n.wires {
		all.Go(func() { w.Do(ctx, w.B().Ping().Build()) })
	}
	all.Wait()
}

// single is the topology of one server.
type single struct {
	n    *node
	tell func(Event)
}

func (s *single) pick(route) *node { return s.n }

func (s *single) nodes() []*node { return []*node{s.n} }

// follows: one server has nobody to redirect to, and asking it again would give
// the same answer.
func (s *single) follows(v classify.Verdict) bool {
	return v.Do != classify.Redirect && v.Do != classify.Ask && v.Kind != errs.UnknownTarget
}

// renew are the fixes that ask for new connections.
const renew = classify.RetireNode | classify.Rediscover | classify.Reauthenticate

// apply has one remedy: new connections. They resolve the name again, which
// heals READONLY behind an endpoint that has moved to another node, and
// authenticate with fresh credentials. It is for what a server has said; a
// connection that failed is gone anyway. Credentials that were refused would
// be refused again, and until they are changed the old connections still serve.
func (s *single) apply(ctx context.Context, v classify.Verdict, n *node) {
	fix := v.Fix & renew
	if v.Do == classify.Return {
		fix &^= classify.Reauthenticate
	}
	if fix == 0 || v.Code == "" {
		return
	}
	if n.seam.Retire() {
		n.notice(ctx)
		s.tell(Event{Type: EventRetire, Addr: n.addr, Kind: v.Kind})
	}
}

// close waits for the pipelines as rueidis does. It leaves alone what is out of
// its pools (blocking commands, dedicated clients, streams), which would then
// last until the server says something; the seam ends those.
func (s *single) close() {
	for _, w := range s.n.wires {
		w.Close()
	}
	s.n.seam.Close()
	s.n.brk.Close()
}
