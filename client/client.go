package client

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client/internal/backoff"
	"github.com/redoubt-go/redoubt/client/internal/breaker"
	"github.com/redoubt-go/redoubt/errs"
)

// Client is a rueidis.Client with policy. It is safe for concurrent use.
// Methods are written out, never embedded, so that a method that rueidis adds
// does not slip past the policy.
type Client struct{ core *core }

var _ rueidis.Client = (*Client)(nil)

// core is what both faces of a client, typed and Compat, share.
type core struct {
	top      topology
	builder  rueidis.Builder
	mode     rueidis.ClientMode
	retry    backoff.Policy
	delay    rueidis.RetryDelayFn // the user's pause, or nil
	budget   *backoff.Budget
	replay   classify.Safety
	seats    *bulkhead
	bigBatch int // batches from this size on take a connection of the pool
	observer Observer
	logger   *slog.Logger

	renews atomic.Bool // credentials are renewed on live connections
	closed atomic.Bool
	done   chan struct{} // closed by Close
}

// newCore makes a core over a topology.
func newCore(s settings, bigBatch int) *core {
	return &core{
		mode: rueidis.ClientModeStandalone, retry: s.retry, delay: s.delay, budget: backoff.NewBudget(s.budget),
		replay: s.replay, seats: newBulkhead(s.seats, s.wait), bigBatch: bigBatch,
		observer: s.observer, logger: s.logger, done: make(chan struct{}),
	}
}

// newBreaker makes the breaker of a node, which reports its changes.
func (c *core) newBreaker(addr string, p breaker.Policy) *breaker.Breaker {
	if c.observer == nil && c.logger == nil {
		return breaker.New(addr, p, nil)
	}
	return breaker.New(addr, p, func(ch breaker.Change) {
		c.tell(Event{
			Type: EventBreaker, Addr: ch.Addr, Lane: ch.Lane, Kind: ch.Cause,
			From: ch.From.String(), To: ch.To.String(),
		})
	})
}

// tell reports an event that belongs to no operation, or to more than one.
func (c *core) tell(ev Event) {
	if ev.End.IsZero() {
		ev.End = time.Now()
	}
	if c.observer != nil {
		c.observer.Event(context.Background(), ev)
	}
	if c.logger == nil {
		return
	}
	attrs := []slog.Attr{slog.String("addr", ev.Addr), slog.String("cause", ev.Kind.Label())}
	if ev.Type == EventBreaker {
		attrs = append(attrs, slog.String("lane", ev.Lane), slog.String("from", ev.From), slog.String("to", ev.To))
	}
	c.logger.LogAttrs(context.Background(), slog.LevelWarn, logTexts[ev.Type], attrs...)
}

var logTexts = map[EventType]string{
	EventBreaker:     "redis breaker changed",
	EventRetire:      "redis connections replaced",
	EventResubscribe: "redis subscription lost, subscribing again",
}

// B returns a command builder. Commands of any rueidis builder for a single
// node are accepted.
func (c *Client) B() rueidis.Builder { return c.core.builder }

// Nodes returns the nodes of the topology by address, each as a client with
// the same policy.
func (c *Client) Nodes() map[string]rueidis.Client { return c.core.faces(c) }

// faces: a single server is its own only node.
func (c *core) faces(self rueidis.Client) map[string]rueidis.Client {
	all := make(map[string]rueidis.Client, 1)
	for _, n := range c.top.nodes() {
		all[n.addr] = self
	}
	return all
}

// Mode returns the topology that the client found.
func (c *Client) Mode() rueidis.ClientMode { return c.core.mode }

// Close closes the client for good. It waits for the commands in flight as
// rueidis does, up to a second, and leaves no goroutine behind. Calls that are
// pausing between attempts end with kind Closed, and so does every later call;
// blocking commands, dedicated clients and streams that are in use are cut off.
// Close may be called more than once.
func (c *Client) Close() { c.core.close() }

func (c *core) close() {
	if c.closed.Swap(true) {
		return
	}
	close(c.done)
	c.top.close()
}

// constructionError types what kept a client from being made.
func constructionError(ctx context.Context, err error, addr string) error {
	op := &classify.Op{Name: "connect", Dialing: true}
	e := classify.Wrap(classify.Of(err, op), err, op)
	if ctx.Err() != nil {
		e = ended(ctx.Err())
		e.Op = op.Name
	}
	if e.Addr == "" {
		e.Addr = addr
	}
	e.Effect, e.Attempts = errs.NotExecuted, 1
	return e
}
