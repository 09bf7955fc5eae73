package servers_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redoubt-go/redoubt/internal/servers"
)

func TestMain(m *testing.M) {
	if scene := os.Getenv(sceneVar); scene != "" {
		os.Exit(m.Run()) // a child of TestServersEndWithTheTestProcess
	}
	goleak.VerifyTestMain(m)
}

// each runs a test on every server that has the capabilities.
func each(t *testing.T, run func(t *testing.T, bin servers.Binary), caps ...servers.Capability) {
	t.Helper()
	for _, bin := range servers.Need(t, caps...) {
		t.Run(bin.String(), func(t *testing.T) {
			t.Parallel()
			run(t, bin)
		})
	}
}

func do(t *testing.T, s *servers.Server, args ...string) any {
	t.Helper()
	v, err := s.Do(args...)
	if err != nil {
		t.Fatalf("%s: %v", args[0], err)
	}
	return v
}

func TestFoundServersSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	for _, bin := range servers.Need(t) {
		if bin.Flavour == "" || !bin.AtLeast(1, 0) || bin.AtLeast(1000, 0) {
			t.Errorf("%q: got flavour %q, version %q", bin.Path, bin.Flavour, bin.Version)
		}
		if !bin.Has(servers.CanSentinel) {
			t.Errorf("%v: got no sentinel mode; want one, every server has it", bin)
		}
		// Functions came with 7.0 of every flavour, as did COMMAND DOCS and
		// sharded pub/sub; WAITAOF with Redis 7.2, which Valkey began from.
		for can, since := range map[servers.Capability][2]int{
			servers.CanFunctions: {7, 0}, servers.CanCommandDocs: {7, 0},
			servers.CanShardedPubSub: {7, 0}, servers.CanWaitAOF: {7, 2},
			servers.CanDebugDirective: {7, 0},
		} {
			if got, want := bin.Has(can), bin.AtLeast(since[0], since[1]); got != want {
				t.Errorf("%v has %s: got %v; want %v", bin, can, got, want)
			}
		}
	}
}

func TestServerKeepsPortAndDataOverRestart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, bin servers.Binary) {
		s := servers.Start(t, bin, servers.Config("appendonly", "yes"), servers.Config("appendfsync", "always"))
		do(t, s, "SET", "k", "v")
		addr, pid := s.Addr(), s.Pid()
		s.Kill()
		if _, err := s.Do("PING"); err == nil {
			t.Fatal("a killed server answers")
		}
		if got := s.Pid(); got != 0 {
			t.Errorf("pid of a killed server: got %d; want 0", got)
		}
		s.Restart()
		if got := do(t, s, "GET", "k"); got != "v" {
			t.Errorf("GET after the restart: got %v; want v", got)
		}
		if s.Addr() != addr || s.Pid() == pid {
			t.Errorf("after the restart: addr %s, pid %d; want addr %s and another pid than %d", s.Addr(), s.Pid(), addr, pid)
		}
		s.Shutdown()
		if !strings.Contains(s.Log(), "User requested shutdown") {
			t.Errorf("the log does not tell of the shutdown:\n%s", s.Log())
		}
	})
}

func TestPausedServerKeepsTheConnectionAndAnswersLater(t *testing.T) {
	t.Parallel()
	s := servers.Start(t, servers.Need(t)[0])
	c := s.Conn()
	s.Pause()
	c.Timeout = 50 * time.Millisecond
	_, err := c.Do("PING")
	if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
		t.Fatalf("PING to a paused server: got %v; want a timeout", err)
	}
	s.Continue()
	c.Timeout = 10 * time.Second
	if got, err := c.Receive(); got != "PONG" {
		t.Errorf("after Continue: got %v, %v; want PONG", got, err)
	}
}

func TestPasswordUsersAndSocket(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, bin servers.Binary) {
		const pw = `p"w\ d`
		s := servers.Start(t, bin, servers.Password(pw), servers.UnixSocket(),
			servers.User("reader", "on", ">r", "~*", "+@read"), servers.User("nobody", "off"))
		if got := do(t, s, "ACL", "WHOAMI"); got != "default" {
			t.Errorf("Do speaks as %v; want default", got)
		}
		if users := do(t, s, "ACL", "USERS").([]any); len(users) != 3 {
			t.Errorf("got users %v; want default, nobody and reader", users)
		}
		if !strings.HasPrefix(s.URL(), "unix://") || !strings.HasSuffix(s.URL(), s.Socket()) {
			t.Errorf("got URL %q; want the socket %q in it", s.URL(), s.Socket())
		}
		c, err := servers.Dial("unix", s.Socket(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Do("GET", "k"); err == nil || !strings.HasPrefix(err.Error(), "NOAUTH ") {
			t.Errorf("GET before AUTH: got %v; want NOAUTH", err)
		}
		if _, err := c.Do("AUTH", "reader", "r"); err != nil {
			t.Errorf("AUTH of the reader: %v", err)
		}
		if _, err := c.Do("SET", "k", "v"); err == nil || !strings.HasPrefix(err.Error(), "NOPERM ") {
			t.Errorf("SET by the reader: got %v; want NOPERM", err)
		}
	})
}

func TestReplicaFollowsItsPrimary(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, bin servers.Binary) {
		primary := servers.Start(t, bin, servers.Password("pw"))
		replica := servers.Start(t, bin, servers.ReplicaOf(primary))
		c := primary.Conn() // WAIT waits for the writes of its own connection
		if _, err := c.Do("SET", "k", "v"); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Do("WAIT", "1", "5000"); got != int64(1) {
			t.Fatalf("WAIT: got %v, %v; want 1", got, err)
		}
		if got := do(t, replica, "GET", "k"); got != "v" {
			t.Errorf("GET on the replica: got %v; want v", got)
		}
		if _, err := replica.Do("SET", "k", "w"); err == nil || !strings.HasPrefix(err.Error(), "READONLY ") {
			t.Errorf("SET on the replica: got %v; want READONLY", err)
		}
	})
}

func TestTLSServerIsReachedByItsCertificatesOnly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, bin servers.Binary) {
		s := servers.Start(t, bin, servers.TLS(), servers.Config("tls-auth-clients", "yes"))
		replica := servers.Start(t, bin, servers.TLS(), servers.ReplicaOf(s))
		if got := do(t, replica, "ROLE").([]any)[0]; got != "slave" {
			t.Errorf("role over TLS: got %v; want slave", got)
		}
		if want := "rediss://" + s.Addr(); s.URL() != want {
			t.Errorf("URL: got %q; want %q", s.URL(), want)
		}
		stranger := s.TLSConfig()
		stranger.RootCAs = nil
		if _, err := servers.Dial("tcp", s.Addr(), stranger); err == nil {
			t.Error("the certificate is good without its CA")
		}
	}, servers.CanTLS)
}

func TestTLSIsSkippedOnABuildWithout(t *testing.T) {
	t.Parallel()
	bins := servers.Need(t)
	i := slices.IndexFunc(bins, func(b servers.Binary) bool { return !b.Has(servers.CanTLS) })
	if i < 0 {
		t.Skip("every server found has TLS")
	}
	spy := &recorder{TB: t}
	spy.run(func() { servers.Start(spy, bins[i], servers.TLS()) })
	if !strings.Contains(spy.skipped, "without TLS") {
		t.Errorf("got skip %q, failure %q; want a skip that names TLS", spy.skipped, spy.failed)
	}
}

func TestServerThatDoesNotStartShowsItsLog(t *testing.T) {
	t.Parallel()
	bin := servers.Need(t)[0]
	spy := &recorder{TB: t}
	spy.run(func() { servers.Start(spy, bin, servers.Config("maxmemory", "many")) })
	if !strings.Contains(spy.failed, "maxmemory") {
		t.Errorf("got failure %q; want the server's own complaint about maxmemory", spy.failed)
	}
}

func TestNeedNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	spy := &recorder{TB: t}
	spy.run(func() { servers.Need(spy, "telepathy") })
	if os.Getenv("REDOUBT_REQUIRE_SERVERS") == "1" {
		spy.skipped = spy.failed
	}
	if !strings.Contains(spy.skipped, "NO SERVER") || !strings.Contains(spy.skipped, "telepathy") {
		t.Errorf("got skip %q, failure %q; want one that names the capability", spy.skipped, spy.failed)
	}
}

func TestLoadingServerIsSeenWithNoWait(t *testing.T) {
	t.Parallel()
	s := servers.Start(t, servers.Need(t)[0], servers.Debug(), servers.NoWait(),
		servers.Config("key-load-delay", "2000"), servers.Config("loading-process-events-interval-bytes", "1024"))
	do(t, s, "DEBUG", "POPULATE", "5000")
	do(t, s, "SAVE")
	if _, err := os.Stat(filepath.Join(s.Dir(), "dump.rdb")); err != nil {
		t.Fatal(err)
	}
	s.Restart()
	if _, err := s.Do("GET", "k"); err == nil || !strings.HasPrefix(err.Error(), "LOADING ") {
		t.Errorf("GET at once after the restart: got %v; want LOADING", err)
	}
}

// recorder stands in for a test and remembers how it ended.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Skipf(format string, args ...any)  { r.endf(&r.skipped, format, args...) }
func (r *recorder) Fatalf(format string, args ...any) { r.endf(&r.failed, format, args...) }
