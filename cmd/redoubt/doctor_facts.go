package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/redoubt-go/redoubt/errs"
)

// facts is what a server told of itself. What it refused to tell is absent.
type facts struct {
	url       string
	local     bool // reached without a network
	tls       bool
	anonymous bool // no password was given

	resp3    bool
	asked    bool      // tracking was asked for
	tracking errs.Kind // what refused it, 0 if it works

	latency time.Duration // median of the PINGs
	serving errs.Kind     // error reply to PING, 0 for PONG

	hello   map[string]string
	info    map[string]string
	config  map[string]string
	cluster map[string]string    // CLUSTER INFO
	refused map[string]errs.Kind // commands that were refused

	user user
}

// setting is a setting by the first of its names that is known, from CONFIG or,
// as some services refuse that, from INFO.
func (f *facts) setting(names ...string) (string, bool) {
	for _, name := range names {
		if v, ok := f.config[name]; ok {
			return v, true
		}
	}
	for _, name := range names {
		if v, ok := f.info[strings.ReplaceAll(name, "-", "_")]; ok {
			return v, true
		}
	}
	return "", false
}

// limit is a setting that is a number.
func (f *facts) limit(names ...string) (int64, bool) {
	v, ok := f.setting(names...)
	n, err := strconv.ParseInt(v, 10, 64)
	return n, ok && err == nil
}

// count is a number of INFO, 0 if unknown.
func (f *facts) count(name string) int64 {
	n, _ := strconv.ParseInt(f.info[name], 10, 64)
	return n
}

func (f *facts) topology() string {
	for _, mode := range []string{f.info["redis_mode"], f.info["server_mode"], f.hello["mode"]} {
		switch mode {
		case "standalone", "cluster", "sentinel":
			return mode
		}
	}
	if f.info["cluster_enabled"] == "1" {
		return "cluster"
	}
	return "unknown"
}

func (f *facts) role() string {
	if f.topology() == "sentinel" {
		return "sentinel"
	}
	for _, role := range []string{f.info["role"], f.hello["role"]} {
		switch role {
		case "master", "primary":
			return "primary"
		case "slave", "replica":
			return "replica"
		}
	}
	return "unknown"
}

// server is the name and the version of the program. Others than Redis tell a
// Redis version as well, for compatibility, so that comes last.
func (f *facts) server() (name, version string) {
	for _, name := range []string{"valkey", "dragonfly", "keydb"} {
		if v := f.info[name+"_version"]; v != "" {
			return name, printable(v, 40)
		}
	}
	name, version = f.hello["server"], f.hello["version"]
	if v := f.info["redis_version"]; v != "" {
		version = v
		if name == "" {
			name = "redis"
		}
	}
	if v := f.info["server_name"]; v != "" {
		name = v
	}
	return orUnknown(name), orUnknown(version)
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return printable(text, 40)
}

// olderThan reports whether the server's Redis version, which others tell for
// compatibility, is known to be older than major.minor.
func (f *facts) olderThan(major, minor int) bool {
	v := f.info["redis_version"]
	if v == "" {
		v = f.hello["version"]
	}
	parts := strings.SplitN(v+".0", ".", 3)
	ma, err1 := strconv.Atoi(parts[0])
	mi, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (ma < major || ma == major && mi < minor)
}
