package conformance_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
	"github.com/redoubt-go/redoubt/internal/servers"
)

// replies are error lines that a single server without modules does not send.
// A scripted one does.
var replies = map[errs.Kind]string{
	errs.Moved:              "MOVED 3999 127.0.0.1:6381",
	errs.Ask:                "ASK 3999 127.0.0.1:6381",
	errs.BadRedirect:        "MOVED 99999 127.0.0.1:6381",
	errs.TryAgain:           "TRYAGAIN Multiple keys request during rehashing of slot",
	errs.NotReady:           "NOTREADY Cluster is not ready to migrate slots",
	errs.ServerFault:        "ERR internal error",
	errs.ProxyFailed:        "ERR upstream failure",
	errs.ModuleFailed:       "ERR TSDB: the key is not a TSDB key",
	errs.NoSubscription:     "NOSUB 'unsubscribe' command executed not in subscribed mode",
	errs.PrimaryNotFound:    "ERR No such master with that name",
	errs.NoGoodReplica:      "NOGOODSLAVE No suitable replica to promote",
	errs.NoQuorum:           "NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this master.",
	errs.FailoverInProgress: "INPROG Failover already in progress",
	errs.SentinelRefused:    "ERR Duplicate master name",
}

// TestScriptedRepliesRaiseTheirKind sends each line in answer to a command.
func TestScriptedRepliesRaiseTheirKind(t *testing.T) {
	t.Parallel()
	for kind, line := range replies {
		c := scripted(t, func(conn *respfake.Conn, _ []string) { conn.Write(respfake.Error(line)) })
		wantKind(t, line, set(c, "k", "v"), kind)
	}
}

// scripted makes a client of a scripted server that shows the first failure.
func scripted(t *testing.T, script respfake.Handler) *client.Client {
	t.Helper()
	fake := respfake.New(script)
	t.Cleanup(fake.Close)
	opt := rueidis.ClientOption{InitAddress: []string{"fake:6379"}, ForceSingleClient: true, DialCtxFn: fake.Dial}
	c, err := client.New(opt, once...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// raisers make a client fail in a way that no reply to a command does.
var raisers = map[errs.Kind]func(t *testing.T, s *servers.Server) error{
	errs.DialFailed: withOption(func(opt *rueidis.ClientOption) {
		opt.DialCtxFn = func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
			return nil, errors.New("no cable")
		}
	}),
	errs.DNS: withOption(func(opt *rueidis.ClientOption) {
		opt.InitAddress = []string{"redis.invalid:6379"}
		opt.Dialer.Resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no name server")
		}}
	}),
	errs.TLS: func(t *testing.T, _ *servers.Server) error {
		secured := servers.Start(t, servers.Need(t, servers.CanTLS)[0], servers.TLS())
		return withOption(func(opt *rueidis.ClientOption) { opt.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12} })(t, secured)
	},
	errs.ForeignContext:      foreignContext,
	errs.Handshake:           withOption(func(opt *rueidis.ClientOption) { opt.SelectDB = 9999 }),
	errs.BadOption:           withOption(func(opt *rueidis.ClientOption) { opt.InitAddress = nil }),
	errs.TopologyUnsupported: withOption(func(opt *rueidis.ClientOption) { opt.Sentinel.MasterSet = "m" }),
	errs.TrackingUnsupported: withOption(func(opt *rueidis.ClientOption) { opt.AlwaysRESP2, opt.DisableCache = true, false }),
	errs.CredsFailed: withOption(func(opt *rueidis.ClientOption) {
		opt.AuthCredentialsFn = func(rueidis.AuthCredentialsContext) (rueidis.AuthCredentials, error) {
			return rueidis.AuthCredentials{}, errors.New("no vault")
		}
	}),
	errs.BadURL: func(t *testing.T, _ *servers.Server) error {
		_, err := client.Open(t.Context(), "http://127.0.0.1:1")
		return err
	},
	errs.AuthRefused: func(_ *testing.T, _ *servers.Server) error {
		return classify.Typed(classify.Line("ERR AUTH failed"))
	},
	errs.Canceled: func(t *testing.T, s *servers.Server) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c := connect(t, s, variants[0], nil)
		return c.Do(ctx, c.B().Get().Key("k").Build()).Error()
	},
	errs.Misuse: func(t *testing.T, s *servers.Server) error {
		return connect(t, s, variants[0], nil).Do(t.Context(), rueidis.Completed{}).Error()
	},
	errs.BulkheadFull: func(t *testing.T, s *servers.Server) error { return crowded(t, s, 0) },
	errs.PoolWait:     func(t *testing.T, s *servers.Server) error { return crowded(t, s, 10*time.Millisecond) },
	errs.DecodeFailed: func(t *testing.T, s *servers.Server) error {
		c := connect(t, s, variants[0], nil)
		_, err := c.Do(t.Context(), c.B().Echo().Message("v").Build()).AsInt64()
		return classify.Typed(err)
	},
	errs.Protocol: func(t *testing.T, _ *servers.Server) error {
		return get(scripted(t, func(conn *respfake.Conn, _ []string) { conn.Write("HTTP/1.1 400 Bad Request\r\n\r\n") }), "k")
	},
	errs.CacheAborted: func(t *testing.T, _ *servers.Server) error {
		c := scripted(t, func(conn *respfake.Conn, cmd []string) {
			switch cmd[0] {
			case "EXEC":
				conn.Write("_\r\n")
			default:
				conn.Write(respfake.OK)
			}
		})
		return c.DoCache(t.Context(), c.B().Get().Key("k").Cache(), time.Minute).Error()
	},
	errs.Unclassified: func(*testing.T, *servers.Server) error { return classify.Typed(errors.New("nobody's")) },
}

// foreignContext lets a caller join the flight of another one, who leaves. That
// the second has joined cannot be seen, so it is tried until it has.
func foreignContext(t *testing.T, _ *servers.Server) (foreign error) {
	t.Helper()
	until(t, "a flight that was joined", func() bool {
		asked := make(chan struct{}, 8)
		c := scripted(t, func(*respfake.Conn, []string) { asked <- struct{}{} })
		read := func(ctx context.Context) error {
			return c.DoCache(ctx, c.B().Get().Key("k").Cache(), time.Minute).Error()
		}
		first, leave := context.WithCancel(t.Context())
		defer leave()
		left := make(chan error, 1)
		go func() { left <- read(first) }()
		<-asked
		time.AfterFunc(20*time.Millisecond, leave)
		second, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		foreign = read(second)
		if err := <-left; !errors.Is(err, errs.Canceled) || !errors.Is(err, context.Canceled) {
			t.Errorf("the one who left: got %v; want Canceled", err)
		}
		return errors.Is(foreign, errs.ForeignContext)
	})
	if errors.Is(foreign, context.Canceled) {
		t.Errorf("got %v with context.Canceled in it, which is not the caller's own", foreign)
	}
	return foreign
}

// withOption makes a client with one option that does not work here.
func withOption(change func(*rueidis.ClientOption)) func(*testing.T, *servers.Server) error {
	return func(_ *testing.T, s *servers.Server) error {
		opt := variants[0].option(s)
		change(&opt)
		c, err := client.New(opt)
		if err == nil {
			c.Close()
		}
		return err
	}
}

// crowded asks for a second dedicated client where there is room for one.
func crowded(t *testing.T, s *servers.Server, wait time.Duration) error {
	t.Helper()
	c := connect(t, s, variants[0], nil, client.Bulkhead(1, wait))
	_, release := c.Dedicate()
	defer release()
	return c.Dedicated(func(rueidis.DedicatedClient) error { return nil })
}

// TestClientRaisesItsKinds makes clients fail before, around and after a
// command.
func TestClientRaisesItsKinds(t *testing.T) {
	t.Parallel()
	s := servers.Start(t, servers.Need(t)[0])
	for kind, raise := range raisers {
		err := raise(t, s)
		if _, ok := errors.AsType[*errs.Error](err); !ok || !errors.Is(err, kind) || !errors.Is(err, kind.Class()) {
			t.Errorf("got %v (%v); want %v, %v", err, errs.KindOf(err), kind, kind.Class())
		}
	}
}
