package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// greeting is a server that answers some commands of the set-up by a plan, and
// the others as usual. A command is looked up by its first two words, then by
// its name.
func greeting(p plan) *respfake.Server {
	return respfake.NewRaw(func(c *respfake.Conn, cmd []string) {
		replies := p[strings.Join(cmd[:min(2, len(cmd))], " ")]
		if replies == nil {
			replies = p[cmd[0]]
		}
		switch {
		case replies == nil:
			if !respfake.Greet(c, cmd) {
				c.Write(respfake.OK)
			}
		case replies[0] == drop:
			c.Close()
		case replies[0] != hang:
			c.Write(replies[0])
		}
	})
}

// newOf makes a client of a server and closes it if it could be made.
func newOf(fake *respfake.Server, opt rueidis.ClientOption, opts ...client.Option) error {
	if opt.InitAddress == nil {
		opt.InitAddress = []string{addr}
	}
	if opt.DialCtxFn == nil && opt.DialFn == nil {
		opt.DialCtxFn = fake.Dial
	}
	c, err := client.New(opt, opts...)
	if err == nil {
		c.Close()
	}
	return err
}

// wantNewErr checks a failure of New: its kind and address, and that nothing
// was executed.
func wantNewErr(t *testing.T, err error, kind errs.Kind, at string) *errs.Error {
	t.Helper()
	e := mine(t, err)
	if e.Kind != kind || e.Effect != errs.NotExecuted || e.Addr != at {
		t.Fatalf("got %v, %v at %q (%v); want %v, NotExecuted at %q", e.Kind.Label(), e.Effect, e.Addr, err, kind.Label(), at)
	}
	return e
}

// The cases of rueidis.NewClient, in its order, and what New makes of each.
func TestTopologyIsChosenInTheOrderOfRueidis(t *testing.T) {
	t.Parallel()
	clusterNode := plan{"CLUSTER SLOTS": {respfake.Array(respfake.Array(respfake.Int(0), respfake.Int(16383), respfake.Array(respfake.Bulk("127.0.0.1"), respfake.Int(6379), respfake.Bulk("id"))))}}
	emptyNode := plan{"CLUSTER SLOTS": {respfake.Array()}}
	several := []string{addr, "other.test:6379"}
	toReplicas := func(rueidis.Completed) bool { return true }
	for name, test := range map[string]struct {
		opt    rueidis.ClientOption
		server plan
		kind   errs.Kind // 0: a client
		says   string
	}{
		"no address":                          {opt: rueidis.ClientOption{InitAddress: []string{}}, kind: errs.BadOption, says: "InitAddress"},
		"an empty address":                    {opt: rueidis.ClientOption{InitAddress: []string{""}}, kind: errs.BadOption, says: "InitAddress"},
		"too many wires":                      {opt: rueidis.ClientOption{PipelineMultiplex: rueidis.MaxPipelineMultiplex + 1}, kind: errs.BadOption, says: "PipelineMultiplex"},
		"master set":                          {opt: rueidis.ClientOption{Sentinel: rueidis.SentinelOption{MasterSet: "m"}}, kind: errs.TopologyUnsupported, says: "sentinel"},
		"master set and force":                {opt: rueidis.ClientOption{Sentinel: rueidis.SentinelOption{MasterSet: "m"}, ForceSingleClient: true}, kind: errs.TopologyUnsupported, says: "sentinel"},
		"master set, several addresses":       {opt: rueidis.ClientOption{Sentinel: rueidis.SentinelOption{MasterSet: "m"}, InitAddress: several}, kind: errs.TopologyUnsupported, says: "sentinel"},
		"redirect":                            {opt: rueidis.ClientOption{Standalone: rueidis.StandaloneOption{EnableRedirect: true}}, kind: errs.BadOption, says: "EnableRedirect"},
		"redirect and force":                  {opt: rueidis.ClientOption{Standalone: rueidis.StandaloneOption{EnableRedirect: true}, ForceSingleClient: true}, kind: errs.BadOption, says: "EnableRedirect"},
		"replicas":                            {opt: rueidis.ClientOption{Standalone: rueidis.StandaloneOption{ReplicaAddress: several}, SendToReplicas: toReplicas}, kind: errs.TopologyUnsupported, says: "ReplicaAddress"},
		"several addresses":                   {opt: rueidis.ClientOption{InitAddress: several}, kind: errs.TopologyUnsupported, says: "cluster"},
		"several addresses and force":         {opt: rueidis.ClientOption{InitAddress: several, ForceSingleClient: true}, server: clusterNode},
		"replica only":                        {opt: rueidis.ClientOption{ReplicaOnly: true}, kind: errs.BadOption, says: "ReplicaOnly"},
		"two selectors":                       {opt: rueidis.ClientOption{SendToReplicas: toReplicas, ReplicaSelector: func(uint16, []rueidis.NodeInfo) int { return 0 }, ReadNodeSelector: func(uint16, []rueidis.NodeInfo) int { return 0 }}, kind: errs.BadOption, says: "ReadNodeSelector"}, //nolint:staticcheck // deprecated, not gone
		"a selector without SendToReplicas":   {opt: rueidis.ClientOption{ReplicaSelector: func(uint16, []rueidis.NodeInfo) int { return 0 }}, kind: errs.BadOption, says: "SendToReplicas"},                                                                                                    //nolint:staticcheck // deprecated, not gone
		"the same, and force":                 {opt: rueidis.ClientOption{ForceSingleClient: true, ReplicaSelector: func(uint16, []rueidis.NodeInfo) int { return 0 }}},                                                                                                                         //nolint:staticcheck // deprecated, not gone
		"a negative refresh interval":         {opt: rueidis.ClientOption{ClusterOption: rueidis.ClusterOption{ShardsRefreshInterval: -1}}, kind: errs.BadOption, says: "ShardsRefreshInterval"},
		"a cluster node":                      {server: clusterNode, kind: errs.TopologyUnsupported, says: "ForceSingleClient"},
		"a cluster node without slots":        {server: emptyNode, kind: errs.TopologyUnsupported, says: "cluster"},
		"a cluster node and force":            {opt: rueidis.ClientOption{ForceSingleClient: true}, server: clusterNode},
		"a single server":                     {},
		"a server without the command":        {server: plan{"CLUSTER SLOTS": {respfake.Error("ERR unknown command 'CLUSTER'")}}},
		"a user who may not ask":              {server: plan{"CLUSTER SLOTS": {respfake.Error("NOPERM User default has no permissions to run the 'cluster|slots' command")}}},
		"a proxy that does not allow it":      {server: plan{"CLUSTER SLOTS": {respfake.Error("ERR command is not allowed")}}},
		"a server that is still loading":      {server: plan{"CLUSTER SLOTS": {respfake.Error(loading)}}, kind: errs.Loading},
		"a peer that hangs up on the command": {server: plan{"CLUSTER SLOTS": {drop}}, kind: errs.ConnLost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fake := greeting(test.server)
				defer fake.Close()
				err := newOf(fake, test.opt)
				if test.kind == 0 {
					if err != nil {
						t.Fatal(err)
					}
					return
				}
				e := mine(t, err)
				if e.Kind != test.kind {
					t.Fatalf("got %v; want %v", err, test.kind.Label())
				}
				if e.Kind.Class() == errs.Config && (e.Effect != errs.NotExecuted || e.Op != "client.New" || !strings.Contains(e.Detail(), test.says)) {
					t.Errorf("got %v of %q, detail %q; want NotExecuted of client.New, with %q", e.Effect, e.Op, e.Detail(), test.says)
				}
			})
		})
	}
}

func TestServerThatCannotBeReachedIsTyped(t *testing.T) {
	t.Parallel()
	fake := respfake.New(plan{}.script())
	defer fake.Close()
	fake.Refuse(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED})
	wantNewErr(t, newOf(fake, rueidis.ClientOption{}), errs.DialRefused, addr)

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, err = client.New(rueidis.ClientOption{InitAddress: []string{l.Addr().String()}})
	wantNewErr(t, err, errs.DialRefused, l.Addr().String())

	_, err = client.New(rueidis.ClientOption{InitAddress: []string{"no-such-host.invalid:6379"}, Dialer: net.Dialer{Resolver: &net.Resolver{
		PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "no-such-host.invalid", IsNotFound: true}
		},
	}}})
	wantNewErr(t, err, errs.DNS, "no-such-host.invalid:6379")
}

func TestRefusedSetUpIsTyped(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		server plan
		opt    rueidis.ClientOption
		kind   errs.Kind
	}{
		"wrong password":   {plan{"HELLO": {respfake.Error("WRONGPASS invalid username-password pair or user is disabled.")}}, rueidis.ClientOption{Password: "x"}, errs.WrongPass},
		"no password":      {plan{"HELLO": {respfake.Error("NOAUTH HELLO must be called with the client already authenticated")}}, rueidis.ClientOption{}, errs.NoAuth},
		"no tracking":      {plan{"CLIENT TRACKING": {respfake.Error("ERR unknown subcommand 'TRACKING'. Try CLIENT HELP.")}}, rueidis.ClientOption{}, errs.TrackingUnsupported},
		"no RESP3":         {plan{"HELLO": {respfake.Error("ERR unknown command 'HELLO'")}}, rueidis.ClientOption{}, errs.TrackingUnsupported},
		"no such database": {plan{"SELECT": {respfake.Error("ERR DB index is out of range")}}, rueidis.ClientOption{SelectDB: 99}, errs.Handshake},
		"too many clients": {plan{"HELLO": {respfake.Error("ERR max number of clients reached")}}, rueidis.ClientOption{}, errs.MaxClients},
		"hangs up":         {plan{"HELLO": {drop}}, rueidis.ClientOption{}, errs.DialFailed},
		"failed credentials": {nil, rueidis.ClientOption{AuthCredentialsFn: func(rueidis.AuthCredentialsContext) (rueidis.AuthCredentials, error) {
			return rueidis.AuthCredentials{}, errors.New("vault sealed")
		}}, errs.CredsFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fake := greeting(test.server)
				defer fake.Close()
				err := newOf(fake, test.opt)
				e := wantNewErr(t, err, test.kind, addr)
				if name == "failed credentials" && !strings.Contains(e.Detail(), "vault sealed") {
					t.Errorf("the cause is lost: %v", e.Detail())
				}
				synctest.Wait()
				if open := fake.Conns(); len(open) != 0 {
					t.Errorf("%d connections are left open", len(open))
				}
			})
		})
	}
}

func TestMuteServerIsBoundedByTheDialTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := greeting(plan{"HELLO": {hang}})
		defer fake.Close()
		within(t, 3*time.Second, 3*time.Second+time.Millisecond, func() {
			err := newOf(fake, rueidis.ClientOption{Dialer: net.Dialer{Timeout: 3 * time.Second}})
			if e := wantNewErr(t, err, errs.DialTimeout, addr); errors.Is(e, context.DeadlineExceeded) {
				t.Errorf("%v claims that the caller's context ended", e)
			}
		})
		within(t, 5*time.Second, 5*time.Second+time.Millisecond, func() { // the default
			wantNewErr(t, newOf(fake, rueidis.ClientOption{}), errs.DialTimeout, addr)
		})
	})
}

func TestTLSFailuresAreTyped(t *testing.T) {
	t.Parallel()
	plainText := respfake.NewRaw(func(c *respfake.Conn, _ []string) { c.Write("not TLS\r\n") })
	defer plainText.Close()
	at, err := plainText.Listen()
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.New(rueidis.ClientOption{InitAddress: []string{at}, TLSConfig: &tls.Config{}})
	wantNewErr(t, err, errs.TLS, at)
}

func TestNewLeavesTheOptionsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := respfake.New(plan{}.script())
		defer fake.Close()
		addresses := []string{"a:1", "b:2", "c:3", "d:4", "e:5", "f:6"}
		opt := rueidis.ClientOption{
			InitAddress: slices.Clone(addresses), ForceSingleClient: true, ShuffleInit: true, DialCtxFn: fake.Dial,
			ClientTrackingOptions: []string{"OPTIN", "NOLOOP"},
		}
		dialled := map[string]bool{}
		for range 40 {
			c, err := client.New(opt)
			if err != nil {
				t.Fatal(err)
			}
			for at := range c.Nodes() {
				dialled[at] = true
				if conn := fake.Conns()[0]; conn.Addr != at {
					t.Errorf("Nodes says %q, dialled was %q", at, conn.Addr)
				}
			}
			c.Close()
			synctest.Wait()
		}
		if !slices.Equal(opt.InitAddress, addresses) {
			t.Errorf("InitAddress is shuffled in place: %q", opt.InitAddress)
		}
		if opt.PipelineMultiplex != 0 || opt.DisableRetry || opt.ClientSetInfo != nil || opt.RetryDelay != nil {
			t.Error("New has changed the caller's options")
		}
		if len(dialled) < 2 {
			t.Errorf("ShuffleInit: 40 clients all chose %v", dialled)
		}
	})
}

func TestPipelineMultiplexIsANumberOfWires(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{-1: 1, 0: 1, 1: 2, 2: 4, 3: 8} {
		synctest.Test(t, func(t *testing.T) {
			fake := respfake.New(plan{}.script())
			defer fake.Close()
			dial(t, fake, func(opt *rueidis.ClientOption) { opt.PipelineMultiplex = n })
			if got := fake.Dials(); got != want {
				t.Errorf("PipelineMultiplex %d: got %d connections; want %d", n, got, want)
			}
		})
	}
}

func TestWireThatFailsClosesTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := respfake.New(plan{}.script())
		defer fake.Close()
		third := func(ctx context.Context, at string, d *net.Dialer, c *tls.Config) (net.Conn, error) {
			if fake.Dials() == 2 {
				return nil, syscall.ECONNREFUSED
			}
			return fake.Dial(ctx, at, d, c)
		}
		wantNewErr(t, newOf(fake, rueidis.ClientOption{PipelineMultiplex: 2, DialCtxFn: third}), errs.DialRefused, addr)
		synctest.Wait()
		if open := fake.Conns(); len(open) != 0 {
			t.Errorf("%d connections are left open", len(open))
		}
	})
}

func TestDialFunctionsOfTheCallerAreUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := respfake.New(plan{}.script())
		defer fake.Close()
		var used []string
		old := func(at string, d *net.Dialer, c *tls.Config) (net.Conn, error) {
			used = append(used, "DialFn")
			return fake.Dial(context.Background(), at, d, c)
		}
		current := func(ctx context.Context, at string, d *net.Dialer, c *tls.Config) (net.Conn, error) {
			used = append(used, "DialCtxFn")
			return fake.Dial(ctx, at, d, c)
		}
		for want, opt := range map[string]rueidis.ClientOption{
			"DialFn":    {DialFn: old},
			"DialCtxFn": {DialFn: old, DialCtxFn: current},
		} {
			used = nil
			if err := newOf(fake, opt); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(used, []string{want}) {
				t.Errorf("used %q; want %s once", used, want)
			}
		}
		fails := func(string, *net.Dialer, *tls.Config) (net.Conn, error) { return nil, errors.New("no route") }
		wantNewErr(t, newOf(fake, rueidis.ClientOption{DialFn: fails}), errs.DialFailed, addr)
	})
}

// setInfo is what a connection announced.
func setInfo(fake *respfake.Server) (lines []string) {
	for _, cmd := range fake.Log() {
		if strings.HasPrefix(cmd.String(), "CLIENT SETINFO") {
			lines = append(lines, cmd.String())
		}
	}
	return lines
}

func TestClientAnnouncesItself(t *testing.T) {
	t.Parallel()
	for _, resp2 := range []bool{false, true} {
		for name, test := range map[string]struct {
			info []string
			want []string
		}{
			"by default": {nil, []string{"CLIENT SETINFO LIB-NAME redoubt", "CLIENT SETINFO LIB-VER " + client.Version}},
			"as told":    {[]string{"app", "7"}, []string{"CLIENT SETINFO LIB-NAME app", "CLIENT SETINFO LIB-VER 7"}},
			"not at all": {rueidis.DisableClientSetInfo, nil},
		} {
			synctest.Test(t, func(t *testing.T) {
				// Servers before 7.2 do not know the command.
				fake := greeting(plan{"CLIENT SETINFO": {respfake.Error("ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.")}})
				defer fake.Close()
				if err := newOf(fake, rueidis.ClientOption{ClientSetInfo: test.info, AlwaysRESP2: resp2, DisableCache: resp2}); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if got := setInfo(fake); !slices.Equal(got, test.want) {
					t.Errorf("%s: got %q; want %q", name, got, test.want)
				}
			})
		}
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	t.Parallel()
	fake := respfake.New(plan{}.script())
	defer fake.Close()
	for name, o := range map[string]client.Option{
		"nil":                     nil,
		"negative attempts":       client.Retry(client.RetryPolicy{MaxAttempts: -1}),
		"negative elapsed":        client.Retry(client.RetryPolicy{MaxElapsed: -1}),
		"delays the wrong way":    client.Retry(client.RetryPolicy{MinDelay: time.Second, MaxDelay: time.Millisecond}),
		"a ratio above 1":         client.RetryBudget(client.RetryBudgetPolicy{Ratio: 2}),
		"a negative burst":        client.RetryBudget(client.RetryBudgetPolicy{Burst: -1}),
		"negative failures":       client.Breaker(client.BreakerPolicy{Failures: -1}),
		"replay of nothing":       client.Replay(0),
		"replay of admin":         client.Replay(7),
		"no seat":                 client.Bulkhead(0, 0),
		"more seats than a pool":  client.Bulkhead(rueidis.DefaultPoolSize+1, 0),
		"a negative wait":         client.Bulkhead(1, -1),
		"replay of anything else": client.Replay(200),
	} {
		e := mine(t, newOf(fake, rueidis.ClientOption{}, o))
		if e.Kind != errs.BadOption || e.Effect != errs.NotExecuted || !errors.Is(e, errs.Config) || e.Detail() == "" {
			t.Errorf("%s: got %v, detail %q; want BadOption with a detail", name, e, e.Detail())
		}
	}
	if fake.Dials() != 0 {
		t.Error("a bad option was noticed after the dial")
	}
}

func TestContextOptionsOfNoWorthAreIgnored(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"SET": {drop}}.script, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		ctx := client.With(t.Context(), nil, client.Replay(200), client.ReplayOption{})
		wantErr(t, c.Do(ctx, c.B().Set().Key("k").Value("v").Build()).Error(), errs.ConnLost, errs.Unknown, 1)
	})
}
