package conformance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redoubt-go/redoubt/internal/servers"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// A second's delay between two looks at the topology; nothing ends it.
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*call).DelayDo.func1"))
}

// TestServersAreFound says which servers the tests run on, or that there is
// none. "make test" shows it first, for what passes says nothing.
func TestServersAreFound(t *testing.T) {
	t.Parallel()
	if len(servers.Find()) == 0 && os.Getenv("REDOUBT_REQUIRE_SERVERS") != "1" {
		t.Skip("no server found, so every test that needs one is skipped: " +
			"redis-server and valkey-server are not on PATH, and REDOUBT_SERVERS names no other")
	}
	t.Logf("servers found: %v", servers.Need(t))
}

// onEachServer runs a test, in parallel, on every server that has what it
// needs.
func onEachServer(t *testing.T, run func(t *testing.T, bin servers.Binary), caps ...servers.Capability) {
	t.Helper()
	for _, bin := range servers.Need(t, caps...) {
		t.Run(bin.String(), func(t *testing.T) {
			t.Parallel()
			run(t, bin)
		})
	}
}

// must sends a command that has to succeed.
func must(t *testing.T, s *servers.Server, args ...string) any {
	t.Helper()
	v, err := s.Do(args...)
	if err != nil {
		t.Fatalf("%v: %s: %v", s.Binary, strings.Join(args[:min(2, len(args))], " "), err)
	}
	return v
}

// until polls a server's state, which nothing announces.
func until(t *testing.T, what string, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !reached(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// info reports whether a section of INFO holds the text.
func info(s *servers.Server, section, text string) bool {
	v, _ := s.Do("INFO", section)
	all, _ := v.(string)
	return strings.Contains(all, text)
}

// states bring a server into the condition in which the rows of
// testdata/errors.tsv with that name provoke their errors. nil: this server
// has no such state.
var states = map[string]func(t *testing.T, bin servers.Binary) *servers.Server{
	"plain": func(t *testing.T, bin servers.Binary) *servers.Server {
		return servers.Start(t, bin, servers.Debug())
	},
	"locked": func(t *testing.T, bin servers.Binary) *servers.Server {
		if !bin.Has(servers.CanDebugDirective) {
			return nil // nothing is locked
		}
		return servers.Start(t, bin)
	},
	"auth": func(t *testing.T, bin servers.Binary) *servers.Server {
		return servers.Start(t, bin, servers.Password("pw"))
	},
	"acl": func(t *testing.T, bin servers.Binary) *servers.Server {
		s := servers.Start(t, bin,
			servers.User("u", "on", ">p", "~ok:*", "resetchannels", "&ok", "+@all", "-flushall", "-config"),
			servers.User("none", "on", ">p"), servers.User("gone", "off", ">p"))
		must(t, s, "RPUSH", "ok:1", "1")
		return s
	},
	"oom": func(t *testing.T, bin servers.Binary) *servers.Server {
		return servers.Start(t, bin, servers.Config("maxmemory", "1"))
	},
	"misconf": func(t *testing.T, bin servers.Binary) *servers.Server {
		s := servers.Start(t, bin, servers.Config("save", "3600", "1"))
		// A dump cannot take the place of a folder, not even for root.
		if err := os.MkdirAll(filepath.Join(s.Dir(), "dump.rdb", "x"), 0o700); err != nil {
			t.Fatal(err)
		}
		must(t, s, "SET", "k", "v")
		must(t, s, "BGSAVE")
		until(t, "a save that failed", func() bool { return info(s, "persistence", "rdb_last_bgsave_status:err") })
		return s
	},
	"replica": func(t *testing.T, bin servers.Binary) *servers.Server {
		primary := servers.Start(t, bin)
		c := primary.Conn()
		for _, args := range [][]string{{"RPUSH", "l", "1"}, {"XADD", "s", "1-1", "f", "v"}, {"WAIT", "1", "1"}} {
			if _, err := c.Do(args...); err != nil {
				t.Fatal(err)
			}
		}
		return servers.Start(t, bin, servers.ReplicaOf(primary))
	},
	"masterdown": func(t *testing.T, bin servers.Binary) *servers.Server {
		return servers.Start(t, bin, servers.NoWait(),
			servers.Config("replicaof", "127.0.0.1", "1"), servers.Config("replica-serve-stale-data", "no"))
	},
	"busy": func(t *testing.T, bin servers.Binary) *servers.Server { return busy(t, bin, `while true do end`) },
	"unkillable": func(t *testing.T, bin servers.Binary) *servers.Server {
		return busy(t, bin, `redis.call("set","k","v") while true do end`)
	},
	"loading": func(t *testing.T, bin servers.Binary) *servers.Server {
		if !bin.AtLeast(7, 0) {
			return nil // it looks at its clients only every 2 MB
		}
		s := servers.Start(t, bin, servers.Debug(), servers.NoWait(),
			servers.Config("key-load-delay", "1000"), servers.Config("loading-process-events-interval-bytes", "1024"))
		must(t, s, "DEBUG", "POPULATE", "20000") // 20 s to load
		must(t, s, "SAVE")
		s.Restart()
		return s
	},
	"cluster without slots": func(t *testing.T, bin servers.Binary) *servers.Server {
		return servers.Start(t, bin, servers.Config("cluster-enabled", "yes"))
	},
	"cluster": func(t *testing.T, bin servers.Binary) *servers.Server {
		s := servers.Start(t, bin, servers.Config("cluster-enabled", "yes"))
		slots := []string{"CLUSTER", "ADDSLOTS"}
		for slot := range 16384 {
			slots = append(slots, itoa(slot))
		}
		must(t, s, slots...)
		return s
	},
}

// busy starts a script that never ends and returns when the server says so.
func busy(t *testing.T, bin servers.Binary, script string) *servers.Server {
	s := servers.Start(t, bin, servers.Config("lua-time-limit", "1"))
	if err := s.Conn().Send("EVAL", script, "0"); err != nil {
		t.Fatal(err)
	}
	until(t, "a busy server", func() bool {
		_, err := s.Do("GET", "k")
		return err != nil && strings.HasPrefix(err.Error(), "BUSY ")
	})
	return s
}
