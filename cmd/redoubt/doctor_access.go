package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/redoubt-go/redoubt/errs"
)

// checkServing looks at how the server answers a PING.
func checkServing(f *facts) []finding {
	switch f.serving {
	case 0:
		return nil
	case errs.NoPerm:
		return []finding{warning("ping-refused", "The user may not PING.",
			"Grant +ping: clients look with it whether a connection still lives.")}
	}
	row := f.serving.Row()
	return []finding{problem("not-serving",
		fmt.Sprintf("PING is answered with an error of kind %s: %s.", row.Name, row.Phrase), row.Action)}
}

// checkRefusals says what is not known, so that a short report is not taken
// for a clean one.
func checkRefusals(f *facts) []finding {
	var found []finding
	because := func(name string) string {
		if kind := f.refused[name]; kind != 0 {
			return name + " is refused (" + kind.String() + ")"
		}
		return name + " tells nothing of it"
	}
	if f.info["role"] == "" && f.topology() != "sentinel" {
		found = append(found, warning("info-unknown",
			because("INFO")+": memory, persistence and replication are unknown.",
			"Look again as a user with +info."))
	}
	if len(f.config) == 0 && f.topology() != "sentinel" {
		found = append(found, hint("config-unknown",
			because("CONFIG GET")+": most settings are unknown.",
			"Look again as a user with +config|get, or at the settings of the service."))
	}
	if !f.user.known && !f.olderThan(6, 0) {
		found = append(found, hint("acl-unknown",
			because("ACL")+": rights were tried out with commands that have no effect.",
			"Look again as a user with +acl|whoami, +acl|getuser and +acl|dryrun."))
	}
	return found
}

// protocol says what the connection speaks, and whether reads can be cached.
func (f *facts) protocol() string {
	switch {
	case !f.resp3:
		return "RESP2, without client-side caching"
	case !f.asked:
		return "RESP3, client-side caching was not asked for"
	case f.tracking != 0:
		return "RESP3, without client-side caching"
	}
	return "RESP3, with client-side caching"
}

// checkProtocol looks at RESP3 and client-side caching.
func checkProtocol(f *facts) []finding {
	if !f.resp3 {
		return []finding{warning("resp2-only",
			"The connection speaks RESP2: no client-side caching, and a connection of its own for every subscriber.",
			"Use a server of version 6 or newer, without a proxy that speaks RESP2 only, and set DisableCache until then.")}
	}
	switch {
	case !f.asked || f.tracking == 0:
		return nil
	case f.tracking == errs.NoPerm:
		return []finding{warning("tracking-refused", "The user may not use CLIENT TRACKING: no client-side caching.",
			"Grant +client|tracking and +client|caching, or set DisableCache.")}
	}
	return []finding{warning("tracking-unavailable",
		"CLIENT TRACKING is refused ("+f.tracking.String()+"): no client-side caching.", "Set DisableCache.")}
}

// checkExposure looks at who can reach the server, and who can listen.
func checkExposure(f *facts) []finding {
	var found []finding
	protected, _ := f.setting("protected-mode")
	bind, known := f.setting("bind")
	everywhere := known && (bind == "" || strings.Contains(bind, "*") || strings.Contains(bind, "0.0.0.0"))
	switch {
	case !f.anonymous && !f.user.open:
	case everywhere && protected == "no":
		found = append(found, problem("open-to-network",
			"No password is needed, protected mode is off, and the server listens on every interface.",
			"Set a password or ACL users, bind it to the interfaces that need it, and leave protected mode on."))
	default:
		found = append(found, warning("no-password", "No password is needed to connect.",
			"Set requirepass, or ACL users with the rights that they need."))
	}
	if !f.tls && !f.local {
		found = append(found, warning("no-tls", "The connection goes over a network without TLS.",
			"Use rediss://, unless the network itself is encrypted and private."))
	}
	for _, name := range []string{"enable-debug-command", "enable-module-command"} {
		if v, _ := f.setting(name); v == "yes" {
			found = append(found, warning(name, name+" is yes: whoever connects can crash the server or load code.",
				"Set it to no or local."))
		}
	}
	return found
}

// checkPermissions looks at what the user may not do.
func checkPermissions(f *facts) []finding {
	var found []finding
	if len(f.user.missing) > 0 {
		var names, grants []string
		for _, r := range f.user.missing {
			names = append(names, fmt.Sprintf("%s (%s)", r.category, r.purpose))
			grants = append(grants, "+"+r.category)
		}
		found = append(found, warning("acl-limited", "The user lacks rights: "+strings.Join(names, ", ")+".",
			"If the program needs them, grant "+strings.Join(grants, " ")+" and the keys and channels that it uses."))
	}
	if f.user.someKeys {
		found = append(found, hint("acl-some-keys", "The user may reach only some keys.",
			"See that they cover all keys of the program, those of locks and leases (name + \":lock\") included."))
	}
	if f.user.someChannels {
		found = append(found, hint("acl-some-channels", "The user may use only some channels, or none.",
			"If the program subscribes or publishes, see that they cover its channels; since version 7 the default is none."))
	}
	return found
}

func checkVersion(f *facts) []finding {
	if !f.olderThan(6, 0) {
		return nil
	}
	return []finding{warning("version-old", "The server is older than Redis 6: no ACL, no RESP3, no client-side caching.",
		"Upgrade it.")}
}

// slowPing is a latency at which a few commands in a row are felt by people.
const slowPing = 5 * time.Millisecond

func checkLatency(f *facts) []finding {
	if f.latency < slowPing {
		return nil
	}
	return []finding{warning("latency-high", fmt.Sprintf("The median PING takes %.1f ms.", milliseconds(f.latency)),
		"Move closer to the server, batch commands, and look at SLOWLOG and LATENCY DOCTOR.")}
}
