package client

import (
	"context"
	"crypto/tls"
	"math/rand/v2"
	"net"
	"slices"
	"sync/atomic"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/dialseam"
)

// Version is announced to the server with CLIENT SETINFO lib-ver.
const Version = "0.1.0"

// New connects to the server that opt describes, the way rueidis.NewClient
// does, and returns a client with policy. docs/options.md says of every field
// of opt whether it is passed on, used or refused; opt is not changed.
//
// It fails, as rueidis does, when the server cannot be reached: with an
// *errs.Error of the kind that classification gives (DialRefused, WrongPass,
// TLS ...). A bad option is of kind BadOption, a topology that this version
// does not support of kind TopologyUnsupported, and client-side caching on a
// server without it of kind TrackingUnsupported.
func New(opt rueidis.ClientOption, opts ...Option) (*Client, error) {
	return connect(context.Background(), opt, opts)
}

func connect(ctx context.Context, opt rueidis.ClientOption, opts []Option) (*Client, error) {
	s, err := collect(&opt, opts)
	if err != nil {
		return nil, err
	}
	if err := check(&opt); err != nil {
		return nil, err
	}
	big := opt.BlockingPipeline
	if big == 0 {
		big = rueidis.DefaultBlockingPipeline
	}
	c := newCore(s, big)
	opt.AuthCredentialsFn = c.typedCredentials(opt.AuthCredentialsFn)
	addr := initAddress(&opt)
	opt.InitAddress = []string{addr}
	seam := dialseam.New(userDial(&opt), !opt.DisableTCPNoDelay)
	wires, err := connectWires(ctx, opt, seam)
	if err != nil {
		return nil, constructionError(ctx, err, addr)
	}
	c.builder = wires[0].B()
	c.top = &single{
		n:    &node{addr: addr, wires: wires, seam: seam.Node(addr), brk: c.newBreaker(addr, s.breaker)},
		tell: c.tell,
	}
	if !opt.ForceSingleClient {
		if err := c.refuseCluster(ctx); err != nil {
			c.close()
			return nil, err
		}
	}
	return &Client{c}, nil
}

// initAddress is the address to connect to: the first, or any with ShuffleInit,
// for which rueidis would shuffle the caller's slice.
func initAddress(opt *rueidis.ClientOption) string {
	if opt.ShuffleInit {
		return opt.InitAddress[rand.IntN(len(opt.InitAddress))]
	}
	return opt.InitAddress[0]
}

// connectWires makes the rueidis clients of a node: one, or 2^n of one wire
// each for PipelineMultiplex n. They are connected at once.
func connectWires(ctx context.Context, opt rueidis.ClientOption, seam *dialseam.Seam) ([]rueidis.Client, error) {
	wires := make([]rueidis.Client, 1<<max(0, opt.PipelineMultiplex))
	opt.ForceSingleClient = true
	opt.PipelineMultiplex = -1
	opt.DisableRetry = true
	opt.RetryDelay = nil
	opt.DialFn = nil
	opt.ShuffleInit = false
	if opt.ClientSetInfo == nil {
		opt.ClientSetInfo = []string{"redoubt", Version}
	}
	for i := range wires {
		wire, err := connectWire(ctx, opt, seam)
		if err != nil {
			for _, w := range wires[:i] {
				w.Close()
			}
			return nil, err
		}
		wires[i] = wire
	}
	return wires, nil
}

func connectWire(ctx context.Context, opt rueidis.ClientOption, seam *dialseam.Seam) (rueidis.Client, error) {
	first := &firstDial{ctx: ctx, dial: seam.Dial}
	defer first.done()
	opt.DialCtxFn = first.Dial
	wire, err := rueidis.NewClient(opt)
	if err != nil && wire != nil {
		wire.Close()
	}
	return wire, err
}

// check refuses what cannot be right, and what rueidis would execute twice.
func check(opt *rueidis.ClientOption) error {
	switch {
	case len(opt.InitAddress) == 0 || slices.Contains(opt.InitAddress, ""):
		return badOption("InitAddress is empty, or one of its addresses is")
	case opt.Sentinel.MasterSet != "":
		return unsupported("Sentinel.MasterSet: sentinel is not supported yet")
	case len(opt.InitAddress) > 1 && !opt.ForceSingleClient:
		return unsupported("InitAddress has several addresses: cluster is not supported yet; give one, or set ForceSingleClient to use the first")
	case len(opt.Standalone.ReplicaAddress) > 0:
		return unsupported("Standalone.ReplicaAddress: reading from replicas is not supported yet")
	case opt.Standalone.EnableRedirect:
		return badOption("Standalone.EnableRedirect executes commands of a batch twice; REDIRECT is reported as kind RedirectTo instead")
	case opt.ConnLifetime != 0:
		return badOption("ConnLifetime sends commands in flight again, writes too; connections are replaced when a reply asks for it instead")
	case opt.ReplicaOnly:
		return badOption("ReplicaOnly is for cluster and sentinel, as in rueidis")
	case opt.PipelineMultiplex > rueidis.MaxPipelineMultiplex:
		return badOption("PipelineMultiplex is larger than rueidis.MaxPipelineMultiplex")
	}
	if opt.ForceSingleClient {
		return nil
	}
	return checkCluster(opt)
}

// checkCluster refuses what rueidis refuses when it tries cluster first.
func checkCluster(opt *rueidis.ClientOption) error {
	switch {
	case opt.ReplicaSelector != nil && opt.ReadNodeSelector != nil: //nolint:staticcheck // deprecated, not gone
		return badOption("ReplicaSelector and ReadNodeSelector are both set; ReplicaSelector is the deprecated one")
	case opt.ReplicaSelector != nil && opt.SendToReplicas == nil: //nolint:staticcheck // deprecated, not gone
		return badOption("ReplicaSelector needs SendToReplicas")
	case opt.ClusterOption.ShardsRefreshInterval < 0:
		return badOption("ClusterOption.ShardsRefreshInterval must not be negative")
	}
	return nil
}

func unsupported(why string) error {
	return &errs.Error{
		Kind: errs.TopologyUnsupported, Effect: errs.NotExecuted, Op: "client.New", Err: optionFault(why),
	}
}

// typedCredentials types the failures of the user's credentials function. It is
// called while a connection is made, when no command was sent on it, and by the
// clock on live connections if it says so.
func (c *core) typedCredentials(fn func(rueidis.AuthCredentialsContext) (rueidis.AuthCredentials, error)) func(rueidis.AuthCredentialsContext) (rueidis.AuthCredentials, error) {
	if fn == nil {
		return nil
	}
	return func(ac rueidis.AuthCredentialsContext) (rueidis.AuthCredentials, error) {
		credentials, err := fn(ac)
		if !credentials.RefreshAfter.IsZero() {
			c.renews.Store(true)
		}
		if err != nil {
			err = &errs.Error{Kind: errs.CredsFailed, Effect: errs.NotExecuted, Err: errs.Shield(err)}
		}
		return credentials, err
	}
}

// userDial is the dial function of the options, nil for TCP. DialCtxFn wins, as
// in rueidis.
func userDial(opt *rueidis.ClientOption) dialseam.DialFunc {
	if old := opt.DialFn; old != nil && opt.DialCtxFn == nil {
		return func(_ context.Context, addr string, d *net.Dialer, t *tls.Config) (net.Conn, error) {
			return old(addr, d, t)
		}
	}
	return opt.DialCtxFn
}

// firstDial bounds the making of the first connection by the context of Open:
// rueidis dials and greets the server with one that never ends. Later dials
// are not bound to it.
type firstDial struct {
	ctx  context.Context //nolint:containedctx // of Open, until the client is made
	dial dialseam.DialFunc
	stop func() bool
	over atomic.Bool
}

func (f *firstDial) Dial(ctx context.Context, addr string, d *net.Dialer, t *tls.Config) (net.Conn, error) {
	if f.over.Load() || f.ctx.Done() == nil {
		return f.dial(ctx, addr, d, t)
	}
	bounded, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(f.ctx, cancel)()
	conn, err := f.dial(bounded, addr, d, t)
	if err == nil {
		f.stop = context.AfterFunc(f.ctx, func() { _ = conn.Close() })
	}
	return conn, err
}

// done lets go of the context: the client is made, or not.
func (f *firstDial) done() {
	f.over.Store(true)
	if f.stop != nil {
		f.stop()
	}
}

// refuseCluster asks the server what rueidis would ask: a node that answers,
// even with no slots yet, is part of a cluster, which one connection cannot
// serve. Any error reply about the question itself means that it is not, and so
// does a user who may not ask.
func (c *core) refuseCluster(ctx context.Context) error {
	res, failure := c.do(ctx, c.builder.ClusterSlots().Build())
	if failure != nil {
		if settled := failure.Code != "" && failure.Kind.Class() != errs.ServerState && failure.Kind.Class() != errs.Auth; settled {
			return nil
		}
		return failure
	}
	if _, err := res.ToArray(); err == nil {
		return unsupported("the server is a cluster node: cluster is not supported yet; set ForceSingleClient to use this node alone")
	}
	return nil
}
