package main

import (
	"fmt"
	"strconv"
	"strings"
)

// holdsData tells servers with data from sentinels, for which the settings of
// data mean nothing.
func (f *facts) holdsData() bool { return f.topology() != "sentinel" }

// checkMemory looks at the limit and at what happens when it is reached.
func checkMemory(f *facts) []finding {
	limit, known := f.limit("maxmemory")
	if !known || !f.holdsData() {
		return nil
	}
	if limit == 0 {
		return []finding{warning("maxmemory-unset", "maxmemory is 0: the server grows until the system kills it or swaps.",
			"Set maxmemory below the memory of the machine, with room for a fork and for buffers.")}
	}
	var found []finding
	policy, known := f.setting("maxmemory-policy")
	evicts := known && policy != "noeviction"
	switch {
	case evicts && strings.HasPrefix(policy, "allkeys"):
		found = append(found, warning("eviction-any-key",
			"maxmemory-policy is "+printable(policy, 30)+": a full server evicts any key, locks, fencing counters and streams included.",
			"Fine for a cache alone. Keep locks, streams and whatever must not vanish on a server with noeviction."))
	case evicts:
		found = append(found, warning("eviction-expiring-keys",
			"maxmemory-policy is "+printable(policy, 30)+": a full server evicts keys that have a TTL, and locks have one.",
			"Fine for a cache alone. Keep locks and sessions on a server with noeviction."))
	case known:
		found = append(found, hint("noeviction", "maxmemory-policy is noeviction: a full server refuses writes with OOM.",
			"Right for data that must not vanish; see that somebody is told before it is full. A cache alone wants allkeys-lfu."))
	}
	if n := f.count("evicted_keys"); n > 0 {
		found = append(found, warning("keys-evicted", fmt.Sprintf("%d keys have been evicted since the start.", n),
			"See whether they were only cache entries; give the server more memory or the keys shorter TTLs."))
	}
	if used := f.count("used_memory"); used >= limit/10*9 {
		x := problem("memory-near-limit",
			fmt.Sprintf("%s of %s are used: writes are refused with OOM, or about to be.", bytesText(used), bytesText(limit)),
			"Raise maxmemory, or delete.")
		if evicts {
			x = warning(x.ID, fmt.Sprintf("%s of %s are used: the server evicts, or is about to.", bytesText(used), bytesText(limit)), x.Advice)
		}
		found = append(found, x)
	}
	return found
}

// checkPersistence looks at what a restart would leave of the data.
func checkPersistence(f *facts) []finding {
	save, knownSave := f.setting("save")
	aof, knownAOF := f.setting("appendonly")
	if !knownSave || !knownAOF || !f.holdsData() {
		return nil
	}
	switch fsync, _ := f.setting("appendfsync"); {
	case aof == "yes" && fsync == "no":
		return []finding{warning("fsync-off", "appendfsync is no: a crash of the machine loses what the system had not written, half a minute or so.",
			"Set appendfsync to everysec.")}
	case aof == "yes":
		return nil
	case save != "":
		return []finding{hint("snapshots-only", "appendonly is no: a crash loses the writes since the last snapshot.",
			"Set appendonly to yes where those matter.")}
	case f.role() == "primary" && f.count("connected_slaves") > 0:
		return []finding{problem("persistence-off",
			"Neither snapshots nor appendonly are on, and there are replicas: a primary that restarts at once is empty and empties them as well.",
			"Set appendonly to yes, or see that the primary never restarts by itself.")}
	}
	return []finding{warning("persistence-off", "Neither snapshots nor appendonly are on: a restart loses everything.",
		"Fine for a cache alone. Else set appendonly to yes.")}
}

// checkSaving looks at whether persistence works.
func checkSaving(f *facts) []finding {
	var found []finding
	stop, known := f.setting("stop-writes-on-bgsave-error")
	save, _ := f.setting("save")
	const advice = "Look at the server's log and the room on its disk; a fork needs memory as well."
	if f.info["rdb_last_bgsave_status"] == "err" {
		x := problem("snapshot-failing", "The last snapshot failed: writes are refused with MISCONF.", advice)
		if known && (stop == "no" || save == "") {
			x = warning(x.ID, "The last snapshot failed.", advice)
		}
		found = append(found, x)
	}
	if f.info["aof_last_write_status"] == "err" {
		found = append(found, problem("aof-failing", "The last write to the append-only file failed: writes are refused with MISCONF.", advice))
	}
	if f.info["aof_last_bgrewrite_status"] == "err" {
		found = append(found, warning("aof-rewrite-failing", "The last rewrite of the append-only file failed: it only grows.", advice))
	}
	if known && stop == "no" && save != "" {
		found = append(found, warning("bgsave-errors-ignored",
			"stop-writes-on-bgsave-error is no: writes go on although they can no longer be saved.",
			"Set it to yes, unless something else watches rdb_last_bgsave_status."))
	}
	return found
}

// checkClients looks at the room for connections.
func checkClients(f *facts) []finding {
	var found []finding
	limit, known := f.limit("maxclients")
	if n := f.count("connected_clients"); known && limit > 0 && n*4 >= limit*3 {
		text := fmt.Sprintf("%d of %d connections are in use.", n, limit)
		const advice = "Find who holds them with CLIENT LIST; raise maxclients and the limit of file descriptors."
		if n*10 >= limit*9 {
			found = append(found, problem("clients-near-limit", text+" The next ones are refused.", advice))
		} else {
			found = append(found, warning("clients-near-limit", text, advice))
		}
	}
	if n := f.count("rejected_connections"); n > 0 {
		found = append(found, warning("connections-rejected", fmt.Sprintf("%d connections have been refused since the start because of maxclients.", n),
			"Raise maxclients, or share connections: one pipelined connection serves many goroutines."))
	}
	if limit, known := f.limit("tracking-table-max-keys"); known && limit > 0 && f.count("tracking_total_keys")*10 >= limit*9 {
		found = append(found, warning("tracking-table-full",
			"The table of tracked keys is nearly full: the server invalidates cached keys to make room.",
			"Raise tracking-table-max-keys."))
	}
	return found
}

// checkTimeouts looks at what ends idle and dead connections.
func checkTimeouts(f *facts) []finding {
	var found []finding
	if n, known := f.limit("timeout"); known && n > 0 {
		found = append(found, warning("idle-timeout",
			fmt.Sprintf("timeout is %d s: the server cuts idle connections, and the command that is just being sent is lost with one.", n),
			"Set timeout to 0 and leave dead clients to tcp-keepalive, or keep connections busy more often than that."))
	}
	switch n, known := f.limit("tcp-keepalive"); {
	case known && n == 0:
		found = append(found, warning("keepalive-off", "tcp-keepalive is 0: connections of dead clients stay for ever.",
			"Set it to 60 to 300."))
	case known && n > 600:
		found = append(found, hint("keepalive-slow", fmt.Sprintf("tcp-keepalive is %d s: firewalls often forget connections earlier.", n),
			"Set it to 60 to 300."))
	}
	return found
}

// checkOutputBuffers looks at client-output-buffer-limit: class, hard limit,
// soft limit and seconds for each of three classes.
func checkOutputBuffers(f *facts) []finding {
	text, known := f.setting("client-output-buffer-limit")
	words := strings.Fields(text)
	if !known || len(words)%4 != 0 {
		return nil
	}
	var found []finding
	for ; len(words) > 0; words = words[4:] {
		limited := words[1] != "0" || words[2] != "0"
		hard, _ := strconv.ParseInt(words[1], 10, 64)
		switch class := words[0]; {
		case class == "normal" && limited:
			found = append(found, warning("output-limit-normal",
				fmt.Sprintf("client-output-buffer-limit normal is set (hard limit %s): a larger reply, or a pipeline of them, ends the connection.", bytesText(hard)),
				"Set it to 0 0 0, or keep replies and pipelines well below it."))
		case class == "pubsub" && !limited:
			found = append(found, warning("output-limit-pubsub",
				"client-output-buffer-limit pubsub is 0: a subscriber that is too slow fills the memory of the server.",
				"Set it to 32mb 8mb 60."))
		case (class == "replica" || class == "slave") && !limited:
			found = append(found, hint("output-limit-replica",
				"client-output-buffer-limit replica is 0: a replica that is too slow fills the memory of the primary.",
				"Set it to 256mb 64mb 60, or more for much written data."))
		}
	}
	return found
}

// checkScripts looks at when a script that runs on counts as stuck.
func checkScripts(f *facts) []finding {
	ms, known := f.limit("busy-reply-threshold", "lua-time-limit")
	const advice = "Set it to 5000: then other clients get BUSY, and SCRIPT KILL is possible."
	switch {
	case known && ms <= 0 && f.holdsData():
		return []finding{warning("script-limit-off", "busy-reply-threshold is 0: a script that does not end blocks the server mute, for ever.", advice)}
	case known && ms > 60_000:
		return []finding{warning("script-limit-long", fmt.Sprintf("busy-reply-threshold is %d s: until then a script that does not end blocks the server mute.", ms/1000), advice)}
	}
	return nil
}

// checkTools looks at what one wants to have afterwards.
func checkTools(f *facts) []finding {
	slower, known := f.limit("slowlog-log-slower-than")
	length, knownLength := f.limit("slowlog-max-len")
	if known && slower < 0 || knownLength && length == 0 {
		return []finding{hint("slowlog-off", "The slow log is off.", "Set slowlog-log-slower-than to 10000 (µs) and slowlog-max-len to 128.")}
	}
	return nil
}

// bytesText is a size for people.
func bytesText(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	size, i := float64(n), 0
	for size >= 1024 && i < len(units)-1 {
		size, i = size/1024, i+1
	}
	return strconv.FormatFloat(size, 'f', 1, 64) + " " + units[i]
}
