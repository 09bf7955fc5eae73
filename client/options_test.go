package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// optionTables reads docs/options.md: for each type its fields, and what
// becomes of them.
func optionTables(t *testing.T) (tables map[string]map[string]string, page string) {
	t.Helper()
	text, err := os.ReadFile("../docs/options.md")
	if err != nil {
		t.Fatal(err)
	}
	tables = map[string]map[string]string{}
	var table map[string]string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "### rueidis."); ok {
			table = map[string]string{}
			tables[name] = table
		} else if strings.HasPrefix(line, "#") {
			table = nil
		}
		if cells := strings.Split(line, "|"); table != nil && strings.HasPrefix(line, "| `") {
			table[strings.Trim(cells[1], " `")] = strings.TrimSpace(cells[2])
		}
	}
	return tables, string(text)
}

var optionTypes = map[string]reflect.Type{
	"ClientOption":     reflect.TypeFor[rueidis.ClientOption](),
	"SentinelOption":   reflect.TypeFor[rueidis.SentinelOption](),
	"ClusterOption":    reflect.TypeFor[rueidis.ClusterOption](),
	"StandaloneOption": reflect.TypeFor[rueidis.StandaloneOption](),
}

func TestEveryFieldOfRueidisIsDocumentedAndProven(t *testing.T) {
	t.Parallel()
	tables, _ := optionTables(t)
	if len(tables) != len(optionTypes) {
		t.Errorf("docs/options.md has %d tables; want %d", len(tables), len(optionTypes))
	}
	for name, typ := range optionTypes {
		for f := range typ.Fields() {
			field := f.Name
			if tables[name][field] == "" {
				t.Errorf("docs/options.md says nothing of %s.%s", name, field)
			}
			delete(tables[name], field)
		}
		for field := range tables[name] {
			t.Errorf("docs/options.md: %s has no field %s", name, field)
		}
	}
	tables, _ = optionTables(t)
	for name, table := range tables {
		for field, becomes := range table {
			id := name + "." + field
			if !slices.Contains([]string{"passed on", "used", "refused", "no effect"}, becomes) {
				t.Errorf("%s becomes %q", id, becomes)
			}
			if n := len(proven(id)); n != 1 {
				t.Errorf("%s is proven by %d tests; want 1", id, n)
			} else if got := proven(id)[0]; got != becomes {
				t.Errorf("%s: documented as %q, proven as %q", id, becomes, got)
			}
		}
	}
}

// proven lists what the tests below show of a field.
func proven(id string) (becomes []string) {
	if _, ok := onTheWire[id]; ok {
		becomes = append(becomes, "passed on")
	}
	if p, ok := effects[id]; ok {
		becomes = append(becomes, p.becomes)
	}
	if _, ok := refusals[id]; ok {
		becomes = append(becomes, "refused")
	}
	if _, ok := idle[id]; ok {
		becomes = append(becomes, "no effect")
	}
	return becomes
}

func TestEveryOptionIsDocumented(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "option.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, page := optionTables(t)
	seen := 0
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || !fn.Name.IsExported() || fn.Name.Name == "With" {
			continue
		}
		seen++
		if !strings.Contains(page, "### client."+fn.Name.Name+"\n") {
			t.Errorf("docs/options.md has no section on client.%s", fn.Name.Name)
		}
	}
	if seen < 7 {
		t.Errorf("found %d options in option.go", seen)
	}
}

type change = func(*rueidis.ClientOption)

// wireTest shows that a value reaches the server while a connection is made.
type wireTest struct {
	change change
	want   string // line that the server gets; with "!" in front, does not get
}

var onTheWire = map[string]wireTest{
	"ClientOption.Username":              {func(o *rueidis.ClientOption) { o.Username, o.Password = "bob", "pw" }, "HELLO 3 AUTH bob pw"},
	"ClientOption.Password":              {func(o *rueidis.ClientOption) { o.Password = "pw" }, "HELLO 3 AUTH default pw"},
	"ClientOption.ClientName":            {func(o *rueidis.ClientOption) { o.ClientName = "app" }, "HELLO 3 SETNAME app"},
	"ClientOption.ClientTrackingOptions": {func(o *rueidis.ClientOption) { o.ClientTrackingOptions = []string{"BCAST", "NOLOOP"} }, "CLIENT TRACKING ON BCAST NOLOOP"},
	"ClientOption.SelectDB":              {func(o *rueidis.ClientOption) { o.SelectDB = 3 }, "SELECT 3"},
	"ClientOption.ClientNoTouch":         {func(o *rueidis.ClientOption) { o.ClientNoTouch = true }, "CLIENT NO-TOUCH ON"},
	"ClientOption.ClientNoEvict":         {func(o *rueidis.ClientOption) { o.ClientNoEvict = true }, "CLIENT NO-EVICT ON"},
	"ClientOption.DisableCache":          {func(o *rueidis.ClientOption) { o.DisableCache = true }, "!CLIENT TRACKING ON OPTIN"},
	"ClientOption.AlwaysRESP2":           {func(o *rueidis.ClientOption) { o.AlwaysRESP2, o.DisableCache = true, true }, "!HELLO 3"},
	"ClientOption.EnableReplicaAZInfo":   {func(o *rueidis.ClientOption) { o.EnableReplicaAZInfo, o.AZFromInfo = true, true }, "INFO SERVER"},
	"ClientOption.AZFromInfo":            {func(o *rueidis.ClientOption) { o.AZFromInfo = true }, "!INFO SERVER"},
}

// connected is what a server is told when a client connects and sends a GET.
func connected(t *testing.T, c change) (lines []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		fake := respfake.New(plan{}.script())
		defer fake.Close()
		cl := dial(t, fake, c)
		if err := get(t.Context(), cl, "k"); err != nil {
			t.Error(err)
		}
		for _, cmd := range fake.Log() {
			lines = append(lines, cmd.String())
		}
	})
	return lines
}

func TestFieldsThatArePassedOnReachTheWire(t *testing.T) {
	t.Parallel()
	for id, test := range onTheWire {
		lines := connected(t, test.change)
		line, absent := strings.CutPrefix(test.want, "!")
		if slices.Contains(lines, line) == absent {
			t.Errorf("%s: the server was told %q; want %s", id, lines, test.want)
		}
	}
}

// refusals are the fields that New refuses, with the kind, and what the detail
// names.
var refusals = map[string]struct {
	change change
	kind   errs.Kind
	says   string
}{
	"ClientOption.ConnLifetime":       {func(o *rueidis.ClientOption) { o.ConnLifetime = time.Hour }, errs.BadOption, "ConnLifetime"},
	"ClientOption.ReplicaOnly":        {func(o *rueidis.ClientOption) { o.ReplicaOnly = true }, errs.BadOption, "ReplicaOnly"},
	"ClientOption.Sentinel":           {func(o *rueidis.ClientOption) { o.Sentinel.MasterSet = "m" }, errs.TopologyUnsupported, "Sentinel"},
	"ClientOption.Standalone":         {func(o *rueidis.ClientOption) { o.Standalone.EnableRedirect = true }, errs.BadOption, "Standalone"},
	"SentinelOption.MasterSet":        {func(o *rueidis.ClientOption) { o.Sentinel.MasterSet = "m" }, errs.TopologyUnsupported, "MasterSet"},
	"StandaloneOption.ReplicaAddress": {func(o *rueidis.ClientOption) { o.Standalone.ReplicaAddress = []string{"b:1"} }, errs.TopologyUnsupported, "ReplicaAddress"},
	"StandaloneOption.EnableRedirect": {func(o *rueidis.ClientOption) { o.Standalone.EnableRedirect = true }, errs.BadOption, "EnableRedirect"},
}

func TestFieldsThatAreRefusedSayWhy(t *testing.T) {
	t.Parallel()
	fake := respfake.New(plan{}.script())
	defer fake.Close()
	for id, test := range refusals {
		for _, force := range []bool{false, true} {
			opt := rueidis.ClientOption{ForceSingleClient: force}
			test.change(&opt)
			e := mine(t, newOf(fake, opt))
			if e.Kind != test.kind || e.Effect != errs.NotExecuted || !strings.Contains(e.Detail(), test.says) {
				t.Errorf("%s: got %v, detail %q; want %v, NotExecuted, with %q", id, e, e.Detail(), test.kind.Label(), test.says)
			}
		}
	}
	if fake.Dials() != 0 {
		t.Error("a refused field was noticed after the dial")
	}
}

func firstOf(uint16, []rueidis.NodeInfo) int { return 0 }

// idle are the fields without effect on one server.
var idle = map[string]change{
	"ClientOption.SendToReplicas": func(o *rueidis.ClientOption) { o.SendToReplicas = func(rueidis.Completed) bool { return true } },
	"ClientOption.ReplicaSelector": func(o *rueidis.ClientOption) {
		o.SendToReplicas = func(rueidis.Completed) bool { return true }
		o.ReplicaSelector = firstOf //nolint:staticcheck // deprecated, not gone
	},
	"ClientOption.ReadNodeSelector":          func(o *rueidis.ClientOption) { o.ReadNodeSelector = firstOf },
	"ClientOption.ClusterOption":             func(o *rueidis.ClientOption) { o.ClusterOption = rueidis.ClusterOption{MaxMovedRedirections: 3} },
	"SentinelOption.Dialer":                  func(o *rueidis.ClientOption) { o.Sentinel.Dialer.Timeout = 1 },
	"SentinelOption.TLSConfig":               func(o *rueidis.ClientOption) { o.Sentinel.TLSConfig = &tls.Config{} },
	"SentinelOption.Username":                func(o *rueidis.ClientOption) { o.Sentinel.Username = "u" },
	"SentinelOption.Password":                func(o *rueidis.ClientOption) { o.Sentinel.Password = "p" },
	"SentinelOption.ClientName":              func(o *rueidis.ClientOption) { o.Sentinel.ClientName = "n" },
	"SentinelOption.TopologyRefreshInterval": func(o *rueidis.ClientOption) { o.Sentinel.TopologyRefreshInterval = time.Millisecond },
	"ClusterOption.ShardsRefreshInterval":    func(o *rueidis.ClientOption) { o.ClusterOption.ShardsRefreshInterval = time.Millisecond },
	"ClusterOption.MaxMovedRedirections":     func(o *rueidis.ClientOption) { o.ClusterOption.MaxMovedRedirections = 5 },
	"ClusterOption.PreferInitAddressRefresh": func(o *rueidis.ClientOption) { o.ClusterOption.PreferInitAddressRefresh = true },
	"ClusterOption.PreferClusterShards":      func(o *rueidis.ClientOption) { o.ClusterOption.PreferClusterShards = true },
}

func TestFieldsWithoutEffectChangeNothingOnTheWire(t *testing.T) {
	t.Parallel()
	want := connected(t, func(*rueidis.ClientOption) {})
	for id, c := range idle {
		if got := connected(t, c); !slices.Equal(got, want) {
			t.Errorf("%s: the server was told %q; without it %q", id, got, want)
		}
	}
}

// effect is a field that is shown by what it does.
type effect struct {
	becomes string
	show    func(t *testing.T)
}

// onRealClock are fields that the fake clock cannot show: when a connection
// closes, rueidis' reader spins until its writer has slept MaxFlushDelay, and
// a bubble whose goroutines never rest does not let time pass.
var onRealClock = map[string]bool{"ClientOption.MaxFlushDelay": true}

func TestFieldsThatAreUsedHaveTheirEffect(t *testing.T) {
	t.Parallel()
	for id, e := range effects {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			if onRealClock[id] {
				e.show(t)
				return
			}
			synctest.Test(t, e.show)
		})
	}
}

// served runs a test with a client of a scripted server.
func served(script func() respfake.Handler, run func(t *testing.T, c *client.Client, fake *respfake.Server), changes ...setup) func(t *testing.T) {
	return func(t *testing.T) {
		fake := respfake.New(script())
		defer fake.Close()
		run(t, dial(t, fake, changes...), fake)
	}
}

// probe is a connection that notes how it is used.
type probe struct {
	net.Conn
	mostRead, mostWrite, deadlines *atomic.Int64
}

func (p probe) Read(b []byte) (int, error) {
	raise(p.mostRead, len(b))
	return p.Conn.Read(b)
}

func (p probe) Write(b []byte) (int, error) {
	raise(p.mostWrite, len(b))
	return p.Conn.Write(b)
}

func (p probe) SetDeadline(d time.Time) error {
	if !d.IsZero() {
		p.deadlines.Add(1)
	}
	return p.Conn.SetDeadline(d)
}

func raise(most *atomic.Int64, n int) {
	for {
		old := most.Load()
		if old >= int64(n) || most.CompareAndSwap(old, int64(n)) {
			return
		}
	}
}

// probed is a client whose connections are probes; run gets what they noted.
func probed(c change, run func(t *testing.T, cl *client.Client, p probe)) func(t *testing.T) {
	return func(t *testing.T) {
		fake := respfake.New(plan{}.script())
		defer fake.Close()
		noted := probe{mostRead: new(atomic.Int64), mostWrite: new(atomic.Int64), deadlines: new(atomic.Int64)}
		cl := dial(t, fake, c, func(o *rueidis.ClientOption) {
			o.DialCtxFn = func(ctx context.Context, at string, d *net.Dialer, config *tls.Config) (net.Conn, error) {
				conn, err := fake.Dial(ctx, at, d, config)
				return probe{conn, noted.mostRead, noted.mostWrite, noted.deadlines}, err
			}
		})
		run(t, cl, noted)
	}
}

// made shows what a dial function is given.
func made(c change, check func(t *testing.T, d *net.Dialer, config *tls.Config)) func(t *testing.T) {
	return func(t *testing.T) {
		fake := respfake.New(plan{}.script())
		defer fake.Close()
		dial(t, fake, c, func(o *rueidis.ClientOption) {
			o.DialCtxFn = func(ctx context.Context, at string, d *net.Dialer, config *tls.Config) (net.Conn, error) {
				check(t, d, config)
				return fake.Dial(ctx, at, d, config)
			}
		})
	}
}

// aPool takes n dedicated connections and gives them back.
func aPool(t *testing.T, c *client.Client, n int) {
	t.Helper()
	for range n {
		d, giveBack := c.Dedicate()
		defer giveBack() //nolint:gocritic // all at the end: they are to be in use together
		if err := d.Do(t.Context(), d.B().Get().Key("k").Build()).Error(); err != nil {
			t.Error(err)
		}
	}
}

var effects = map[string]effect{
	"ClientOption.TLSConfig": {"used", made(func(o *rueidis.ClientOption) { o.TLSConfig = &tls.Config{ServerName: "s"} },
		func(t *testing.T, _ *net.Dialer, config *tls.Config) {
			if config == nil || config.ServerName != "s" {
				t.Errorf("the dial function got %v", config)
			}
		})},
	"ClientOption.Dialer": {"used", made(func(o *rueidis.ClientOption) {
		o.Dialer.Timeout = 7 * time.Second
		o.Dialer.KeepAlive = 9 * time.Second
	},
		func(t *testing.T, d *net.Dialer, _ *tls.Config) {
			if d.Timeout != 7*time.Second || d.KeepAlive != 9*time.Second {
				t.Errorf("the dial function got %v, %v", d.Timeout, d.KeepAlive)
			}
		})},
	"ClientOption.DialFn":    {"used", dialled("DialFn")},
	"ClientOption.DialCtxFn": {"used", dialled("DialCtxFn")},
	"ClientOption.AuthCredentialsFn": {"used", func(t *testing.T) {
		var calls atomic.Int32
		served(plan{"LOSE": {drop}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
			lose(t, c)
			if err := get(t.Context(), c, "k"); err != nil || calls.Load() != 2 {
				t.Errorf("got %v after %d calls; want one for each of 2 connections", err, calls.Load())
			}
			if first := fake.Log()[0].String(); first != "HELLO 3 AUTH u p" {
				t.Errorf("got %q", first)
			}
		}, func(o *rueidis.ClientOption) {
			o.AuthCredentialsFn = func(rueidis.AuthCredentialsContext) (rueidis.AuthCredentials, error) {
				calls.Add(1)
				return rueidis.AuthCredentials{Username: "u", Password: "p"}, nil
			}
		})(t)
	}},
	"ClientOption.NewCacheStoreFn":   {"passed on", cacheStore},
	"ClientOption.CacheSizeEachConn": {"passed on", cacheStore},
	"ClientOption.OnInvalidations": {"passed on", func(t *testing.T) {
		var mu sync.Mutex
		var dropped []string
		served(plan{}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
			fake.Conns()[0].Write(respfake.Push(respfake.Bulk("invalidate"), respfake.Array(respfake.Bulk("k"))))
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(dropped, []string{"k"}) {
				t.Errorf("got %q; want k", dropped)
			}
		}, func(o *rueidis.ClientOption) {
			o.OnInvalidations = func(keys []rueidis.RedisMessage) {
				mu.Lock()
				defer mu.Unlock()
				for _, key := range keys {
					name, _ := key.ToString()
					dropped = append(dropped, name)
				}
			}
		})(t)
	}},
	"ClientOption.RetryDelay": {"used", served(alwaysLoading, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		within(t, 0, 0, func() { wantWhy(t, get(t.Context(), c, "k"), errs.WhyPolicy) })
	}, func(o *rueidis.ClientOption) {
		o.RetryDelay = func(int, rueidis.Completed, error) time.Duration { return -1 }
	})},
	"ClientOption.DisableRetry": {"used", served(alwaysLoading, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		wantErr(t, get(t.Context(), c, "k"), errs.Loading, errs.NotExecuted, 1)
		wantCount(t, fake, "GET", 1)
	}, func(o *rueidis.ClientOption) { o.DisableRetry = true })},
	"ClientOption.ClientSetInfo": {"used", served(plan{}.script, func(t *testing.T, _ *client.Client, fake *respfake.Server) {
		if got := setInfo(fake); len(got) != 2 || got[0] != "CLIENT SETINFO LIB-NAME redoubt" {
			t.Errorf("got %q", got)
		}
	})},
	"ClientOption.InitAddress": {"used", served(plan{}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		if fake.Conns()[0].Addr != "first:1" || c.Nodes()["first:1"] == nil {
			t.Errorf("dialled %q, nodes %v", fake.Conns()[0].Addr, c.Nodes())
		}
	}, func(o *rueidis.ClientOption) {
		o.InitAddress, o.ForceSingleClient = []string{"first:1", "second:2"}, true
	})},
	"ClientOption.ShuffleInit": {"used", func(t *testing.T) {
		seen := map[string]bool{}
		for range 40 {
			served(plan{}.script, func(_ *testing.T, c *client.Client, fake *respfake.Server) {
				seen[fake.Conns()[0].Addr] = true
			}, func(o *rueidis.ClientOption) {
				o.InitAddress, o.ForceSingleClient, o.ShuffleInit = []string{"a:1", "b:2", "c:3"}, true, true
			})(t)
		}
		if len(seen) < 2 {
			t.Errorf("40 clients all dialled %v", seen)
		}
	}},
	"ClientOption.ForceSingleClient": {"used", served(plan{}.script, func(t *testing.T, _ *client.Client, fake *respfake.Server) {
		for _, cmd := range fake.Log() {
			if cmd.Args[0] == "CLUSTER" {
				t.Error("the server was asked for its topology")
			}
		}
	}, func(o *rueidis.ClientOption) { o.ForceSingleClient = true })},
	"ClientOption.PipelineMultiplex": {"used", served(plan{}.script, func(t *testing.T, _ *client.Client, fake *respfake.Server) {
		if fake.Dials() != 4 {
			t.Errorf("%d connections; want 4", fake.Dials())
		}
	}, func(o *rueidis.ClientOption) { o.PipelineMultiplex = 2 })},
	"ClientOption.DisableTCPNoDelay": {"used", noDelay},
	"ClientOption.RingScaleEachConn": {"passed on", served(plan{"GET": {hang}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		var calls sync.WaitGroup
		for range 20 {
			calls.Go(func() { get(t.Context(), c, "k") })
		}
		synctest.Wait()
		if got := fake.Count("GET"); got == 0 || got > 4 {
			t.Errorf("%d commands are on the wire; a ring of 4 holds no more", got)
		}
		fake.Drop()
		go c.Close()
		fake.Close()
		calls.Wait()
	}, func(o *rueidis.ClientOption) { o.RingScaleEachConn, o.AlwaysPipelining, o.DisableRetry = 2, true, true })},
	"ClientOption.ReadBufferEachConn": {"passed on", probed(func(o *rueidis.ClientOption) { o.ReadBufferEachConn = 4321 },
		func(t *testing.T, _ *client.Client, p probe) {
			if got := p.mostRead.Load(); got != 4321 {
				t.Errorf("reads of %d bytes; want 4321", got)
			}
		})},
	"ClientOption.WriteBufferEachConn": {"passed on", probed(func(o *rueidis.ClientOption) { o.WriteBufferEachConn = 321 },
		func(t *testing.T, c *client.Client, p probe) {
			c.DoMulti(t.Context(), commands(c.B(), slices.Repeat([]string{"SET k v"}, 100)...)...)
			if got := p.mostWrite.Load(); got != 321 {
				t.Errorf("writes of %d bytes; want 321", got)
			}
		})},
	"ClientOption.BlockingPoolCleanup": {"passed on", served(plan{}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		aPool(t, c, 4)
		before := len(fake.Conns())
		time.Sleep(time.Hour)
		if after := len(fake.Conns()); before != 5 || after != 1 {
			t.Errorf("%d connections, after an hour %d; want 5 and 1", before, after)
		}
	}, func(o *rueidis.ClientOption) { o.BlockingPoolCleanup = time.Minute })},
	"ClientOption.BlockingPoolMinSize": {"passed on", served(plan{}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		aPool(t, c, 4)
		time.Sleep(time.Hour)
		if after := len(fake.Conns()); after != 3 {
			t.Errorf("after an hour %d connections; want the main one and 2", after)
		}
	}, func(o *rueidis.ClientOption) { o.BlockingPoolCleanup, o.BlockingPoolMinSize = time.Minute, 2 })},
	"ClientOption.BlockingPoolSize": {"used", served(plan{}.script, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		_, giveBack := c.Dedicate()
		defer giveBack()
		within(t, 5*time.Second, 5*time.Second, func() {
			if err := c.Dedicated(nil); !errors.Is(err, errs.PoolWait) {
				t.Errorf("got %v; want PoolWait", err)
			}
		})
	}, func(o *rueidis.ClientOption) { o.BlockingPoolSize = 1 })},
	"ClientOption.BlockingPipeline": {"used", served(plan{}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		c.DoMulti(t.Context(), commands(c.B(), "SET a 1", "SET b 2")...)
		c.DoMulti(t.Context(), commands(c.B(), "SET a 1", "SET b 2", "SET c 3")...)
		if cmds := fake.Commands(); cmds[1].Conn != 1 || cmds[2].Conn == 1 {
			t.Errorf("a batch of 2 went over connection %d, one of 3 over %d", cmds[1].Conn, cmds[2].Conn)
		}
		_, giveBack := c.Dedicate()
		defer giveBack()
		if err := c.DoMulti(t.Context(), commands(c.B(), "SET a 1", "SET b 2", "SET c 3")...)[0].Error(); !errors.Is(err, errs.BulkheadFull) {
			t.Errorf("a big batch takes no place: got %v", err)
		}
	}, func(o *rueidis.ClientOption) { o.BlockingPipeline = 3 }, client.Bulkhead(1, 0))},
	"ClientOption.ConnWriteTimeout": {"passed on", served(plan{"SET": {hang}}.script, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		within(t, 3*time.Second, 6*time.Second, func() { // a ping may be first, and then has its own 3 s; the default is 10
			wantErr(t, do(t.Context(), c, "SET", "k", "v"), errs.IOTimeout, errs.Unknown, 1)
		})
	}, func(o *rueidis.ClientOption) { o.ConnWriteTimeout = 3 * time.Second })},
	"ClientOption.MaxFlushDelay": {"passed on", served(plan{}.script, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		var calls sync.WaitGroup
		within(t, time.Millisecond, time.Hour, func() {
			for range 200 {
				calls.Go(func() { get(t.Context(), c, "k") })
			}
			calls.Wait()
			get(t.Context(), c, "k")
			get(t.Context(), c, "k")
		})
	}, func(o *rueidis.ClientOption) { o.MaxFlushDelay, o.AlwaysPipelining = 10*time.Millisecond, true })},
	"ClientOption.DisableAutoPipelining": {"passed on", served(plan{}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		if err := get(t.Context(), c, "k"); err != nil || fake.Commands()[0].Conn == 1 {
			t.Errorf("got %v over connection %d; want one of the pool", err, fake.Commands()[0].Conn)
		}
	}, func(o *rueidis.ClientOption) { o.DisableAutoPipelining = true })},
	"ClientOption.AlwaysPipelining": {"passed on", probed(func(o *rueidis.ClientOption) { o.AlwaysPipelining = true },
		func(t *testing.T, c *client.Client, p probe) {
			before := p.deadlines.Load()
			if err := get(t.Context(), c, "k"); err != nil {
				t.Error(err)
			}
			if p.deadlines.Load() != before {
				t.Error("the connection got a deadline for one command, as the adaptive mode gives it")
			}
		})},
}

// dialled shows that a dial function is used, and that its failures are typed.
func dialled(which string) func(t *testing.T) {
	return func(t *testing.T) {
		fake := respfake.New(plan{}.script())
		defer fake.Close()
		refused := errors.New("no route")
		var failing atomic.Bool
		c := dial(t, fake, func(o *rueidis.ClientOption) {
			current := func(ctx context.Context, at string, d *net.Dialer, config *tls.Config) (net.Conn, error) {
				if failing.Load() {
					return nil, refused
				}
				if _, bounded := ctx.Deadline(); !bounded && which == "DialCtxFn" {
					t.Error("a dial without a bound")
				}
				return fake.Dial(ctx, at, d, config)
			}
			if o.DialCtxFn = current; which == "DialFn" {
				o.DialCtxFn = nil
				o.DialFn = func(at string, d *net.Dialer, config *tls.Config) (net.Conn, error) {
					return current(context.Background(), at, d, config)
				}
			}
		}, client.Retry(client.RetryPolicy{MaxAttempts: 2}))
		failing.Store(true)
		fake.Drop()
		synctest.Wait()
		get(t.Context(), c, "k")
		if err := get(t.Context(), c, "k"); !errors.Is(err, errs.DialFailed) || !errors.Is(err, refused) || mine(t, err).Addr != addr {
			t.Errorf("got %v; want DialFailed over the function's error", err)
		}
	}
}

// cacheStore shows that each connection gets a store, and the store its size.
func cacheStore(t *testing.T) {
	var sizes []int
	served(plan{}.script, func(t *testing.T, _ *client.Client, _ *respfake.Server) {
		if !slices.Equal(sizes, []int{1 << 20}) {
			t.Errorf("stores of %v bytes; want one of 1 MiB", sizes)
		}
	}, func(o *rueidis.ClientOption) {
		o.CacheSizeEachConn = 1 << 20
		o.NewCacheStoreFn = func(so rueidis.CacheStoreOption) rueidis.CacheStore {
			sizes = append(sizes, so.CacheSizeEachConn)
			return rueidis.NewSimpleCacheAdapter(mapCache{})
		}
	})(t)
}

// mapCache is a rueidis.SimpleCache that keeps nothing.
type mapCache struct{}

func (mapCache) Get(string) rueidis.RedisMessage  { return rueidis.RedisMessage{} }
func (mapCache) Set(string, rueidis.RedisMessage) {}
func (mapCache) Del(string)                       {}
func (mapCache) Flush()                           {}
