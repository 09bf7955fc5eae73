package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
	"github.com/redoubt-go/redoubt/internal/servers"
)

// examined is the report of doctor on a server.
func examined(t *testing.T, target string) (report, int) {
	t.Helper()
	code, stdout, stderr := redoubt(t, "", "doctor", "--json", target)
	if code == exitUsage {
		t.Fatalf("doctor could not look: %s", stderr)
	}
	if stderr != "" || strings.Count(stdout, "\n") != 1 {
		t.Errorf("stdout %q, stderr %q; want one line and nothing", stdout, stderr)
	}
	var r report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("not JSON: %v", err)
	}
	if keys := jsonKeys(t, stdout); strings.Join(keys, " ") != "url topology server version role latency_ms findings" {
		t.Errorf("the keys are %v", keys)
	}
	serious := false
	for _, x := range r.Findings {
		if x.ID == "" || x.Found == "" || x.Advice == "" {
			t.Errorf("finding %+v is incomplete", x)
		}
		switch x.Severity {
		case severityError:
			serious = true
		case severityWarning, severityInfo:
		default:
			t.Errorf("finding %s has the severity %q", x.ID, x.Severity)
		}
	}
	if want := map[bool]int{true: 1, false: 0}[serious]; code != want {
		t.Errorf("exit code %d; want %d for these findings", code, want)
	}
	if r.LatencyMS <= 0 {
		t.Errorf("latency_ms = %v; want a time", r.LatencyMS)
	}
	if strings.Contains(stdout, marker) {
		t.Error("the password is printed")
	}
	return r, code
}

// has tells how serious a finding is, "" if it is not there.
func (r report) has(id string) string {
	for _, x := range r.Findings {
		if x.ID == id {
			return x.Severity
		}
	}
	return ""
}

func wantFindings(t *testing.T, r report, want map[string]string) {
	t.Helper()
	for id, severity := range want {
		if got := r.has(id); got != severity {
			t.Errorf("finding %s: severity %q; want %q", id, got, severity)
		}
	}
}

func wantNode(t *testing.T, r report, topology, role string) {
	t.Helper()
	if r.Topology != topology || r.Role != role {
		t.Errorf("topology %q, role %q; want %q, %q", r.Topology, r.Role, topology, role)
	}
}

func TestDoctorKnowsEveryServer(t *testing.T) {
	t.Parallel()
	for _, bin := range servers.Need(t) {
		t.Run(bin.String(), func(t *testing.T) {
			t.Parallel()
			s := servers.Start(t, bin, servers.Password(marker))
			r, _ := examined(t, s.URL()+"/2")
			wantNode(t, r, "standalone", "primary")
			if r.Server != bin.Flavour || r.Version != bin.Version || r.URL != "redis://"+s.Addr()+"/2" {
				t.Errorf("server %s %s at %s; want %s at redis://%s/2", r.Server, r.Version, r.URL, bin, s.Addr())
			}
			wantFindings(t, r, map[string]string{
				"maxmemory-unset": severityWarning, "persistence-off": severityWarning,
				"no-password": "", "resp2-only": "", "tracking-unavailable": "", "acl-unknown": "", "acl-limited": "",
				"config-unknown": "", "info-unknown": "", "no-tls": "", "not-serving": "",
			})
		})
	}
}

func TestDoctorSaysWhatTheConnectionSpeaks(t *testing.T) {
	t.Parallel()
	for _, bin := range servers.Need(t) {
		t.Run(bin.String(), func(t *testing.T) {
			t.Parallel()
			s := servers.Start(t, bin, servers.User("plain", "on", ">p", "~*", "&*", "+@all", "-client"))
			for url, want := range map[string]string{
				s.URL():                       "RESP3, with client-side caching",
				s.URL() + "?client_cache=0":   "RESP3, client-side caching was not asked for",
				s.URL() + "?protocol=2":       "RESP2, without client-side caching",
				"redis://plain:p@" + s.Addr(): "RESP3, without client-side caching",
			} {
				_, page, stderr := redoubt(t, "", "doctor", url)
				if !strings.Contains(page, "  protocol  "+want+"\n") {
					t.Errorf("%s: got %s%s; want %q", url, page, stderr, want)
				}
			}
		})
	}
}

func TestDoctorSeesDangerousSettings(t *testing.T) {
	t.Parallel()
	for _, bin := range servers.Need(t) {
		t.Run(bin.String(), func(t *testing.T) {
			t.Parallel()
			s := servers.Start(t, bin,
				servers.Config("maxmemory", "100mb"), servers.Config("maxmemory-policy", "allkeys-lru"),
				servers.Config("timeout", "30"), servers.Config("tcp-keepalive", "0"),
				servers.Config("min-replicas-to-write", "1"), servers.Config("appendonly", "yes"), servers.Config("appendfsync", "no"),
				servers.Config("stop-writes-on-bgsave-error", "no"), servers.Config("save", "3600", "1"),
				servers.Config("client-output-buffer-limit", "normal", "1mb", "0", "0"),
				servers.Config("client-output-buffer-limit", "pubsub", "0", "0", "0"),
				servers.Config("slowlog-log-slower-than", "-1"), servers.Config("lua-time-limit", "0"),
			)
			r, code := examined(t, s.URL())
			wantFindings(t, r, map[string]string{
				"min-replicas-unmet": severityError, "no-password": severityWarning,
				"eviction-any-key": severityWarning, "idle-timeout": severityWarning, "keepalive-off": severityWarning,
				"fsync-off": severityWarning, "bgsave-errors-ignored": severityWarning,
				"output-limit-normal": severityWarning, "output-limit-pubsub": severityWarning,
				"slowlog-off": severityInfo, "script-limit-off": severityWarning, "maxmemory-unset": "",
			})
			if code != 1 {
				t.Errorf("exit code %d; want 1", code)
			}
		})
	}
}

func TestDoctorLooksAtReplication(t *testing.T) {
	t.Parallel()
	for _, bin := range servers.Need(t) {
		t.Run(bin.String(), func(t *testing.T) {
			t.Parallel()
			primary := servers.Start(t, bin)
			replica := servers.Start(t, bin, servers.ReplicaOf(primary), servers.Config("replica-read-only", "no"))
			r, _ := examined(t, primary.URL())
			wantNode(t, r, "standalone", "primary")
			wantFindings(t, r, map[string]string{
				"min-replicas-unset": severityWarning, "persistence-off": severityError,
			})
			r, _ = examined(t, replica.URL())
			wantNode(t, r, "standalone", "replica")
			wantFindings(t, r, map[string]string{
				"replica": severityInfo, "replica-writable": severityError, "replica-link-down": "",
			})
		})
	}
}

func TestDoctorLooksAtAClusterNode(t *testing.T) {
	t.Parallel()
	for _, bin := range servers.Need(t) {
		t.Run(bin.String(), func(t *testing.T) {
			t.Parallel()
			s := servers.Start(t, bin, servers.Config("cluster-enabled", "yes"))
			r, code := examined(t, s.URL())
			wantNode(t, r, "cluster", "primary")
			wantFindings(t, r, map[string]string{
				"cluster-slots-unassigned": severityError, "cluster-full-coverage": severityWarning, "no-replica": severityWarning,
			})
			if code != 1 {
				t.Errorf("exit code %d; want 1", code)
			}
		})
	}
}

func TestDoctorKnowsWhatAUserMayDo(t *testing.T) {
	t.Parallel()
	for _, bin := range servers.Need(t) {
		t.Run(bin.String(), func(t *testing.T) {
			t.Parallel()
			s := servers.Start(t, bin,
				servers.User("reader", "on", ">"+marker, "~app:*", "resetchannels", "+@read", "+@connection", "+info"),
				servers.User("scriptless", "on", ">"+marker, "~*", "&*", "+@all", "-@scripting"),
				servers.User("nobody", "on", ">"+marker))
			as := func(name string) report {
				r, _ := examined(t, "redis://"+name+":"+marker+"@"+s.Addr())
				for _, x := range r.Findings {
					if strings.Contains(x.Found+x.Advice, name) {
						t.Errorf("the user's name is printed: %+v", x)
					}
				}
				return r
			}
			r := as("reader")
			wantFindings(t, r, map[string]string{
				"acl-limited": severityWarning, "acl-some-keys": severityInfo, "config-unknown": severityInfo,
				"acl-unknown": severityInfo, "info-unknown": "", "tracking-refused": "", "not-serving": "",
			})
			i := slices.IndexFunc(r.Findings, func(x finding) bool { return x.ID == "acl-limited" })
			for category, missing := range map[string]bool{"@read ": false, "@write": true, "@scripting": true, "@transaction": true, "@stream ": false} {
				if got := i >= 0 && strings.Contains(r.Findings[i].Found, category); got != missing {
					t.Errorf("%s missing: %v; want %v", category, got, missing)
				}
			}
			r = as("scriptless")
			wantFindings(t, r, map[string]string{"acl-unknown": "", "config-unknown": "", "acl-some-keys": ""})
			i = slices.IndexFunc(r.Findings, func(x finding) bool { return x.ID == "acl-limited" })
			if i < 0 || r.Findings[i].Found != "The user lacks rights: @scripting (scripts and locks)." {
				t.Errorf("findings %+v; want scripting alone to be missing", r.Findings)
			}
			wantFindings(t, as("nobody"), map[string]string{
				"ping-refused": severityWarning, "info-unknown": severityWarning, "config-unknown": severityInfo,
			})
		})
	}
}

func TestDoctorSaysWhyItCannotLook(t *testing.T) {
	t.Parallel()
	for _, bin := range servers.Need(t, servers.CanTLS) {
		t.Run(bin.String(), func(t *testing.T) {
			t.Parallel()
			plain := servers.Start(t, bin, servers.Password("another"))
			secured := servers.Start(t, bin, servers.TLS(), servers.Config("tls-auth-clients", "no"))
			for target, want := range map[string]string{
				"redis://:" + marker + "@" + plain.Addr():                      "WrongPass: ",
				"redis://" + plain.Addr():                                      "NoAuth: ",
				"rediss://" + plain.Addr() + "?dial_timeout=200ms&x=" + marker: "then the URL begins with redis://",
				"redis://:" + marker + "@" + secured.Addr():                    "then the URL begins with rediss://",
				"rediss://:" + marker + "@" + secured.Addr():                   "TLS: ",
			} {
				code, stdout, stderr := redoubt(t, "", "doctor", target)
				if code != exitUsage || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
					t.Errorf("%s: exit code %d, stdout %q, stderr %q; want 2 and a line with %q", target, code, stdout, stderr, want)
				}
				if strings.Contains(stderr, marker) {
					t.Errorf("the password is printed: %s", stderr)
				}
			}
			r, _ := examined(t, secured.URL()+"?skip_verify=true")
			wantNode(t, r, "standalone", "primary")
		})
	}
}

func TestDoctorGivesOneLineForBadInput(t *testing.T) {
	t.Parallel()
	checkTargets(t, "doctor")
	checkTargets(t, "doctor", "--json")
	checkArguments(t, "doctor", nil, []string{"a", "b"}, []string{"--no-such-flag", "redis://127.0.0.1:1"})
}

// refusing answers PING and a greeting of RESP2, and every other command so.
func refusing(t *testing.T, answer func(c *respfake.Conn)) string {
	t.Helper()
	fake := respfake.NewRaw(func(c *respfake.Conn, cmd []string) {
		switch cmd[0] {
		case "PING":
			c.Write("+PONG\r\n")
		case "HELLO", "CLIENT":
			c.Write("-ERR unknown command '" + cmd[0] + "'\r\n")
		default:
			answer(c)
		}
	})
	t.Cleanup(fake.Close)
	addr, err := fake.Listen()
	if err != nil {
		t.Fatal(err)
	}
	return "redis://" + addr
}

func TestDoctorSurvivesServersThatTellNothing(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(c *respfake.Conn){
		"error":    func(c *respfake.Conn) { c.Write("-ERR unknown command\r\n") },
		"close":    func(c *respfake.Conn) { c.Close() },
		"null":     func(c *respfake.Conn) { c.Write("$-1\r\n") },
		"number":   func(c *respfake.Conn) { c.Write(":1\r\n") },
		"empty":    func(c *respfake.Conn) { c.Write("*0\r\n") },
		"odd list": func(c *respfake.Conn) { c.Write("*3\r\n+a\r\n*1\r\n+b\r\n:1\r\n") },
		"text":     func(c *respfake.Conn) { c.Write("$8\r\n::\r\n:x:y\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := examined(t, refusing(t, answer))
			wantNode(t, r, "unknown", "unknown")
			wantFindings(t, r, map[string]string{"resp2-only": severityWarning, "info-unknown": severityWarning})
		})
	}
}

func TestDoctorSaysWhenAServerDoesNotServe(t *testing.T) {
	t.Parallel()
	fake := respfake.NewRaw(func(c *respfake.Conn, cmd []string) {
		if cmd[0] == "HELLO" || cmd[0] == "CLIENT" {
			respfake.Greet(c, cmd)
			return
		}
		c.Write("-LOADING " + marker + "\r\n")
	})
	t.Cleanup(fake.Close)
	addr, err := fake.Listen()
	if err != nil {
		t.Fatal(err)
	}
	r, code := examined(t, "redis://"+addr)
	wantFindings(t, r, map[string]string{"not-serving": severityError})
	if code != 1 {
		t.Errorf("exit code %d; want 1", code)
	}
}

func TestDiagnoseFindsWhatTheFactsSay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		info     map[string]string
		config   map[string]string
		cluster  map[string]string
		change   func(*facts)
		want, id string
	}{
		{name: "full", info: map[string]string{"used_memory": "95"}, config: map[string]string{"maxmemory": "100", "maxmemory-policy": "noeviction"}, id: "memory-near-limit", want: severityError},
		{name: "full cache", info: map[string]string{"used_memory": "95"}, config: map[string]string{"maxmemory": "100", "maxmemory-policy": "allkeys-lfu"}, id: "memory-near-limit", want: severityWarning},
		{name: "roomy", info: map[string]string{"used_memory": "50"}, config: map[string]string{"maxmemory": "100", "maxmemory-policy": "noeviction"}, id: "memory-near-limit"},
		{name: "expiring", config: map[string]string{"maxmemory": "100", "maxmemory-policy": "volatile-ttl"}, id: "eviction-expiring-keys", want: severityWarning},
		{name: "noeviction", config: map[string]string{"maxmemory": "100", "maxmemory-policy": "noeviction"}, id: "noeviction", want: severityInfo},
		{name: "by INFO", info: map[string]string{"maxmemory": "100", "maxmemory_policy": "allkeys-random"}, id: "eviction-any-key", want: severityWarning},
		{name: "evicted", info: map[string]string{"evicted_keys": "3"}, config: map[string]string{"maxmemory": "100"}, id: "keys-evicted", want: severityWarning},
		{name: "bgsave", info: map[string]string{"rdb_last_bgsave_status": "err"}, config: map[string]string{"stop-writes-on-bgsave-error": "yes", "save": "60 1"}, id: "snapshot-failing", want: severityError},
		{name: "bgsave ignored", info: map[string]string{"rdb_last_bgsave_status": "err"}, config: map[string]string{"stop-writes-on-bgsave-error": "no", "save": "60 1"}, id: "snapshot-failing", want: severityWarning},
		{name: "aof", info: map[string]string{"aof_last_write_status": "err"}, id: "aof-failing", want: severityError},
		{name: "aof rewrite", info: map[string]string{"aof_last_bgrewrite_status": "err"}, id: "aof-rewrite-failing", want: severityWarning},
		{name: "snapshots", config: map[string]string{"save": "60 1", "appendonly": "no"}, id: "snapshots-only", want: severityInfo},
		{name: "aof on", config: map[string]string{"save": "", "appendonly": "yes", "appendfsync": "everysec"}, id: "persistence-off"},
		{name: "crowded", info: map[string]string{"connected_clients": "95"}, config: map[string]string{"maxclients": "100"}, id: "clients-near-limit", want: severityError},
		{name: "busy", info: map[string]string{"connected_clients": "80"}, config: map[string]string{"maxclients": "100"}, id: "clients-near-limit", want: severityWarning},
		{name: "quiet", info: map[string]string{"connected_clients": "70"}, config: map[string]string{"maxclients": "100"}, id: "clients-near-limit"},
		{name: "rejected", info: map[string]string{"rejected_connections": "1"}, id: "connections-rejected", want: severityWarning},
		{name: "tracked", info: map[string]string{"tracking_total_keys": "95"}, config: map[string]string{"tracking-table-max-keys": "100"}, id: "tracking-table-full", want: severityWarning},
		{name: "old names", info: map[string]string{"role": "master", "connected_slaves": "0"}, config: map[string]string{"min-slaves-to-write": "1"}, id: "min-replicas-unmet", want: severityError},
		{name: "lagging", info: map[string]string{"role": "master", "connected_slaves": "2", "min_slaves_good_slaves": "0"}, config: map[string]string{"min-replicas-to-write": "1"}, id: "min-replicas-unmet", want: severityError},
		{name: "link", info: map[string]string{"role": "slave", "master_link_status": "down"}, id: "replica-link-down", want: severityError},
		{name: "cluster fails", info: map[string]string{"redis_mode": "cluster"}, cluster: map[string]string{"cluster_state": "fail", "cluster_slots_assigned": "16384", "cluster_slots_fail": "5461"}, id: "cluster-down", want: severityError},
		{name: "slots fail", info: map[string]string{"redis_mode": "cluster"}, cluster: map[string]string{"cluster_state": "ok", "cluster_slots_assigned": "16384", "cluster_slots_pfail": "5461"}, id: "cluster-slots-failing", want: severityError},
		{name: "whole cluster", info: map[string]string{"redis_mode": "cluster"}, cluster: map[string]string{"cluster_state": "ok", "cluster_slots_assigned": "16384"}, id: "cluster-slots-unassigned"},
		{name: "silent cluster", info: map[string]string{"redis_mode": "cluster"}, id: "cluster-unknown", want: severityInfo},
		{name: "sentinel", info: sentinelInfo("status=ok,address=127.0.0.1:1,slaves=2,sentinels=3"), id: "sentinel", want: severityInfo},
		{name: "sentinel down", info: sentinelInfo("status=odown,slaves=2,sentinels=3"), id: "sentinel-primary-down", want: severityError},
		{name: "sentinel alone", info: sentinelInfo("status=ok,slaves=2,sentinels=1"), id: "sentinel-too-few", want: severityWarning},
		{name: "sentinel bare", info: sentinelInfo("status=ok,slaves=0,sentinels=3"), id: "sentinel-no-replica", want: severityWarning},
		{name: "sentinel idle", info: map[string]string{"redis_mode": "sentinel", "sentinel_masters": "0"}, id: "sentinel-idle", want: severityError},
		{name: "sentinel without data", info: sentinelInfo("status=ok"), config: map[string]string{"maxmemory": "0", "save": "", "appendonly": "no"}, id: "persistence-off"},
		{name: "open", config: map[string]string{"bind": "* -::*", "protected-mode": "no"}, change: func(f *facts) { f.anonymous = true }, id: "open-to-network", want: severityError},
		{name: "nopass", config: map[string]string{"bind": "", "protected-mode": "no"}, change: func(f *facts) { f.user.open = true }, id: "open-to-network", want: severityError},
		{name: "bound", config: map[string]string{"bind": "127.0.0.1 -::1", "protected-mode": "no"}, change: func(f *facts) { f.anonymous = true }, id: "no-password", want: severityWarning},
		{name: "network", change: func(f *facts) { f.local = false }, id: "no-tls", want: severityWarning},
		{name: "network with TLS", change: func(f *facts) { f.local, f.tls = false, true }, id: "no-tls"},
		{name: "far", change: func(f *facts) { f.latency = 80 * time.Millisecond }, id: "latency-high", want: severityWarning},
		{name: "ancient", info: map[string]string{"redis_version": "5.0.14"}, id: "version-old", want: severityWarning},
		{name: "debug", config: map[string]string{"enable-debug-command": "yes"}, id: "enable-debug-command", want: severityWarning},
		{name: "tracking refused", change: func(f *facts) { f.asked, f.tracking = true, errs.NoPerm }, id: "tracking-refused", want: severityWarning},
		{name: "tracking not asked", change: func(f *facts) { f.tracking = errs.NoPerm }, id: "tracking-refused"},
		{name: "script limit", config: map[string]string{"busy-reply-threshold": "3600000"}, id: "script-limit-long", want: severityWarning},
		{name: "keepalive", config: map[string]string{"tcp-keepalive": "7200"}, id: "keepalive-slow", want: severityInfo},
		{name: "replica buffer", config: map[string]string{"client-output-buffer-limit": "normal 0 0 0 slave 0 0 0 pubsub 1 1 1"}, id: "output-limit-replica", want: severityInfo},
		{name: "broken buffer", config: map[string]string{"client-output-buffer-limit": "normal 0"}, id: "output-limit-normal"},
		{name: "nothing known", id: "maxmemory-unset"},
	}
	for _, tt := range tests {
		f := &facts{url: "redis://h:1", local: true, resp3: true, info: tt.info, config: tt.config, cluster: tt.cluster}
		if tt.change != nil {
			tt.change(f)
		}
		if got := diagnose(f).has(tt.id); got != tt.want {
			t.Errorf("%s: finding %s has severity %q; want %q", tt.name, tt.id, got, tt.want)
		}
	}
}

func sentinelInfo(watched string) map[string]string {
	return map[string]string{"redis_mode": "sentinel", "sentinel_masters": "1", "master0": "name=m," + watched}
}

func TestFindingsComeWorstFirst(t *testing.T) {
	t.Parallel()
	r := diagnose(&facts{
		serving: errs.Loading, info: map[string]string{"role": "slave"},
		config: map[string]string{"maxmemory": "0", "slowlog-max-len": "0"},
	})
	got := make([]string, len(r.Findings))
	for i, x := range r.Findings {
		got[i] = x.Severity
	}
	if !slices.IsSortedFunc(got, func(a, b string) int {
		order := []string{severityError, severityWarning, severityInfo}
		return slices.Index(order, a) - slices.Index(order, b)
	}) || got[0] != severityError || got[len(got)-1] != severityInfo {
		t.Errorf("severities %v; want errors, warnings, hints", got)
	}
}
