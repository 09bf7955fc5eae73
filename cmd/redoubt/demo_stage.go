package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
)

// stage is what the steps play on: a server, an injector in front of it, and
// a plain connection behind the injector's back that tells what is true.
type stage struct {
	*feed
	in    *injector
	truth rueidis.Client
	about string

	address string                      // that clients believe to dial
	opt     rueidis.ClientOption        // of clients behind the injector
	flush   func(context.Context) error // makes the server forget its scripts
	stop    func()                      // ends an embedded server
	prefix  string                      // of all keys

	mu      sync.Mutex
	keys    []string // that were used
	clients []*client.Client
	dialled []string // addresses that clients asked for, since the last reset
}

// newStage sets the stage on the server at a URL, on an embedded one for "".
func newStage(ctx context.Context, url string) (*stage, error) {
	s := &stage{feed: newFeed(nil), prefix: "redoubt:demo:" + rand.Text() + ":", stop: func() {}}
	opt := rueidis.ClientOption{}
	if url != "" {
		var err error
		if opt, err = optionsOf(url); err != nil {
			return nil, err
		}
		s.flush = s.pretendFlush
		s.about = "on the server at " + redact(opt) + ", faults from a proxy before it"
	} else {
		addr, stop, err := embeddedServer()
		if err != nil {
			return nil, err
		}
		opt.InitAddress, s.stop, s.flush = []string{addr}, stop, s.scriptFlush
		s.about = "on an embedded server, faults from a proxy before it"
	}
	opt.DisableCache, opt.ForceSingleClient = true, true // an embedded server has no tracking
	opt.Dialer.Timeout = 3 * time.Second
	if err := s.set(ctx, opt); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// set connects truth and injector to the server.
func (s *stage) set(ctx context.Context, opt rueidis.ClientOption) error {
	if err := s.probe(ctx, opt); err != nil {
		return err
	}
	plain := opt
	plain.DisableRetry = true
	truth, err := rueidis.NewClient(plain)
	if err != nil {
		return err
	}
	s.truth = truth
	s.in = &injector{dial: dialServer(opt)}
	s.in.inject(nil)
	if err := s.in.up(ctx); err != nil {
		return err
	}
	s.address = s.in.target()
	s.opt = opt
	s.opt.InitAddress, s.opt.TLSConfig = []string{s.address}, nil
	s.opt.DialFn, s.opt.DialCtxFn = nil, s.dial
	return nil
}

// probe finds out whether the server can be reached and lets us write.
func (s *stage) probe(ctx context.Context, opt rueidis.ClientOption) error {
	c, err := client.New(opt, client.Retry(client.RetryPolicy{MaxAttempts: 1}))
	if err != nil {
		return err
	}
	defer c.Close()
	return set(ctx, c, s.key("probe"), "1")
}

// dialServer returns a dial function for the server itself.
func dialServer(opt rueidis.ClientOption) func(context.Context) (net.Conn, error) {
	addr, config := opt.InitAddress[0], opt.TLSConfig
	return func(ctx context.Context) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, opt.Dialer.Timeout)
		defer cancel()
		switch {
		case opt.DialCtxFn != nil:
			return opt.DialCtxFn(ctx, addr, &opt.Dialer, config)
		case config != nil:
			return (&tls.Dialer{NetDialer: &opt.Dialer, Config: config}).DialContext(ctx, "tcp", addr)
		}
		return opt.Dialer.DialContext(ctx, "tcp", addr)
	}
}

// dial is how clients connect. An injector that was down may have come up at
// another port; clients need not know.
func (s *stage) dial(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
	s.mu.Lock()
	s.dialled = append(s.dialled, addr)
	s.mu.Unlock()
	if addr == s.address {
		addr = s.in.target()
	}
	return d.DialContext(ctx, "tcp", addr)
}

// strangers are the addresses that clients dialled other than the server's.
func (s *stage) strangers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, addr := range s.dialled {
		if addr != s.address {
			n++
		}
	}
	return n
}

// client connects to the server through the injector. It is closed at the end
// of the step.
func (s *stage) client(opts ...client.Option) (*client.Client, error) {
	return s.clientWith(s.opt, opts...)
}

func (s *stage) clientWith(opt rueidis.ClientOption, opts ...client.Option) (*client.Client, error) {
	c, err := client.New(opt, append(opts, client.WithObserver(s.feed))...)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.clients = append(s.clients, c)
	s.mu.Unlock()
	return c, nil
}

// key is a key of the demo's own.
func (s *stage) key(name string) string {
	key := s.prefix + name
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.keys, key) {
		s.keys = append(s.keys, key)
	}
	return key
}

// stored is the value of a key as the server has it, "" for none.
func (s *stage) stored(ctx context.Context, key string) (string, error) {
	v, err := s.truth.Do(ctx, s.truth.B().Get().Key(key).Build()).ToString()
	if rueidis.IsRedisNil(err) {
		return "", nil
	}
	return v, err
}

// put stores a value behind the injector's back.
func (s *stage) put(ctx context.Context, key, value string) error {
	return s.truth.Do(ctx, s.truth.B().Set().Key(key).Value(value).Build()).Error()
}

func (s *stage) scriptFlush(ctx context.Context) error {
	return s.truth.Do(ctx, s.truth.B().ScriptFlush().Build()).Error()
}

// pretendFlush spares the scripts of a server that others use.
func (s *stage) pretendFlush(context.Context) error {
	s.in.inject(first(1, on(ruling{line: "NOSCRIPT No matching script. Please use EVAL."}, "EVALSHA")))
	return nil
}

// reset begins a step: a server that listens and has no faults, and a feed to
// the timeline.
func (s *stage) reset(ctx context.Context, out timeline) error {
	s.in.inject(nil)
	s.feed = newFeed(out)
	s.mu.Lock()
	s.dialled = nil
	s.mu.Unlock()
	return s.in.up(ctx)
}

// drop ends a step: its clients are closed, and nothing is shown any more.
func (s *stage) drop() {
	s.mu.Lock()
	clients := s.clients
	s.clients = nil
	s.mu.Unlock()
	for _, c := range clients {
		c.Close()
	}
	s.end()
}

// close deletes the keys and ends everything.
func (s *stage) close() {
	if s.in != nil {
		s.in.down()
	}
	if s.truth != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		for _, key := range s.keys {
			_ = s.truth.Do(ctx, s.truth.B().Del().Key(key).Build()).Error()
		}
		s.truth.Close()
	}
	s.stop()
}
