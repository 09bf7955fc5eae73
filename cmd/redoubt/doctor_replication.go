package main

import (
	"fmt"
	"strconv"
	"strings"
)

// checkReplica looks at a node that follows another one.
func checkReplica(f *facts) []finding {
	if f.role() != "replica" {
		return nil
	}
	found := []finding{hint("replica", "The node is a replica: writes are refused with READONLY.",
		"Write to the primary.")}
	if f.info["master_link_status"] == "down" {
		found = append(found, problem("replica-link-down",
			"The link to the primary is down: the data is stale and grows staler.",
			"Look whether the primary runs and accepts masteruser and masterauth, and at the replica's log."))
	}
	if v, _ := f.setting("replica-read-only", "slave-read-only"); v == "no" {
		found[0].Found = "The node is a replica."
		found = append(found, problem("replica-writable",
			"replica-read-only is no: writes are accepted here and lost at the next synchronisation.",
			"Set replica-read-only to yes."))
	}
	return found
}

// checkReplicas looks at a primary's replicas.
func checkReplicas(f *facts) []finding {
	if f.role() != "primary" {
		return nil
	}
	var found []finding
	replicas := f.count("connected_slaves")
	wanted, known := f.limit("min-replicas-to-write", "min-slaves-to-write")
	good := replicas
	if n, err := strconv.ParseInt(f.info["min_slaves_good_slaves"], 10, 64); err == nil {
		good = n
	}
	switch {
	case known && wanted > good:
		found = append(found, problem("min-replicas-unmet",
			fmt.Sprintf("min-replicas-to-write is %d and %d replicas are good: writes are refused with NOREPLICAS.", wanted, good),
			"Bring the replicas back, or lower min-replicas-to-write knowing what a failover then loses."))
	case known && wanted == 0 && replicas > 0:
		found = append(found, warning("min-replicas-unset",
			"min-replicas-to-write is 0: a primary that is cut off from its replicas goes on taking writes, and a failover loses them.",
			"Set min-replicas-to-write to 1 or more, and min-replicas-max-lag to what you can lose."))
	}
	if size, known := f.limit("repl-backlog-size"); known && replicas > 0 && size <= 1<<20 {
		found = append(found, hint("backlog-small",
			fmt.Sprintf("repl-backlog-size is %s: a replica that was away for a moment needs a full synchronisation.", bytesText(size)),
			"Set it to what is written in a minute or two."))
	}
	return found
}

// checkCluster looks at the cluster as this node sees it.
func checkCluster(f *facts) []finding {
	if f.topology() != "cluster" {
		return nil
	}
	if len(f.cluster) == 0 {
		return []finding{hint("cluster-unknown", "CLUSTER INFO is refused: the state of the cluster is unknown.",
			"Look again as a user with +cluster|info.")}
	}
	var found []finding
	number := func(name string) int64 {
		n, _ := strconv.ParseInt(f.cluster[name], 10, 64)
		return n
	}
	if state := f.cluster["cluster_state"]; state != "" && state != "ok" {
		found = append(found, problem("cluster-down", "The node says that the cluster is down: it refuses commands with CLUSTERDOWN.",
			"See CLUSTER NODES for nodes that failed and slots that nobody serves."))
	}
	if n := number("cluster_slots_assigned"); n < 16384 {
		found = append(found, problem("cluster-slots-unassigned",
			fmt.Sprintf("%d of 16384 slots have no owner.", 16384-n), "Assign them: redis-cli --cluster fix."))
	}
	if n := number("cluster_slots_fail") + number("cluster_slots_pfail"); n > 0 {
		found = append(found, problem("cluster-slots-failing",
			fmt.Sprintf("%d slots are on nodes that do not answer.", n), "Bring the nodes back, or promote their replicas."))
	}
	if v, _ := f.setting("cluster-require-full-coverage"); v == "yes" {
		found = append(found, warning("cluster-full-coverage",
			"cluster-require-full-coverage is yes: one slot without an owner stops the whole cluster.",
			"Set it to no, if an answer for some of the keys is better than for none."))
	}
	if f.role() == "primary" && f.count("connected_slaves") == 0 {
		found = append(found, warning("no-replica", "The primary has no replica: its slots are lost with it.",
			"Add a replica."))
	}
	return found
}

// checkSentinel looks at what a sentinel watches; INFO has a line for each,
// master0:name=...,status=ok,address=...,slaves=2,sentinels=3.
func checkSentinel(f *facts) []finding {
	if f.topology() != "sentinel" {
		return nil
	}
	found := []finding{hint("sentinel", "The server is a sentinel: it knows where data is, and holds none.",
		"Ask it for the primary; look at that one with doctor, too.")}
	if f.info["sentinel_masters"] == "0" {
		found = append(found, problem("sentinel-idle", "The sentinel watches no primary.", "Configure it with SENTINEL MONITOR."))
	}
	if f.info["sentinel_tilt"] == "1" {
		found = append(found, problem("sentinel-tilt", "The sentinel is in TILT: it sees the clock jump and starts no failover.",
			"See to the clock and the load of its machine."))
	}
	for i := range f.count("sentinel_masters") {
		line, known := f.info["master"+strconv.FormatInt(i, 10)]
		if !known {
			break
		}
		found = append(found, checkWatched(line)...)
	}
	return found
}

func checkWatched(line string) []finding {
	fields := map[string]string{}
	for part := range strings.SplitSeq(line, ",") {
		k, v, _ := strings.Cut(part, "=")
		fields[k] = v
	}
	name := printable(fields["name"], 40)
	var found []finding
	if status := fields["status"]; status != "" && status != "ok" {
		found = append(found, problem("sentinel-primary-down",
			fmt.Sprintf("The primary of %s is seen as %s.", name, printable(status, 20)), "Wait for the failover, or see why there is none."))
	}
	if fields["slaves"] == "0" {
		found = append(found, warning("sentinel-no-replica",
			fmt.Sprintf("The primary of %s has no replica: no failover is possible.", name), "Add a replica."))
	}
	if n, err := strconv.Atoi(fields["sentinels"]); err == nil && n < 3 {
		found = append(found, warning("sentinel-too-few",
			fmt.Sprintf("Sentinels that watch %s: %d. The loss of one may end the majority.", name, n), "Run three or more, on machines of their own."))
	}
	return found
}
