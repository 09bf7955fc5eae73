package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/errs"
)

// asker asks a server. A refusal is remembered, and an answer like others.
type asker struct {
	c link
	*facts
}

// askTime bounds one question.
const askTime = 2 * time.Second

// examine connects to a server and asks it all that the checks want to know.
// It fails only if the server cannot be reached or does not even answer a PING.
func examine(ctx context.Context, url string) (*facts, error) {
	opt, err := optionsOf(url)
	if err != nil {
		return nil, err
	}
	l, err := connectAnyhow(opt)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	f := &facts{
		url: redact(opt), local: local(opt), tls: opt.TLSConfig != nil,
		anonymous: opt.Password == "", asked: l.asked, tracking: l.tracking, refused: map[string]errs.Kind{},
	}
	a := &asker{l, f}
	if err := a.ping(ctx); err != nil {
		return nil, err
	}
	f.hello = a.pairs(ctx, "HELLO", l.proto)
	f.resp3 = f.hello["proto"] == "3"
	f.info = a.lines(ctx, "INFO")
	f.config = a.settings(ctx)
	if f.topology() == "cluster" {
		f.cluster = a.lines(ctx, "CLUSTER", "INFO")
	}
	f.user = a.whoAmI(ctx)
	return f, nil
}

// ask sends one command and notes a refusal under its name. A connection that
// is lost over it is a refusal as well: some proxies answer so.
func (a *asker) ask(ctx context.Context, name string, words ...string) rueidis.RedisResult {
	res := a.send(ctx, append([]string{name}, words...)...)
	if err := res.Error(); err != nil && !rueidis.IsRedisNil(err) {
		a.refused[name] = errs.KindOf(err)
	}
	return res
}

func (a *asker) send(ctx context.Context, words ...string) rueidis.RedisResult {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	return a.c.Do(ctx, a.c.B().Arbitrary(words...).Build())
}

// pings is how many of them the latency is the median of.
const pings = 15

// ping measures the way to the server and back. An error reply came the same
// way, so it counts; anything else is a failure.
func (a *asker) ping(ctx context.Context) error {
	var times []time.Duration
	for range pings {
		start := time.Now()
		err := a.send(ctx, "PING").Error()
		times = append(times, time.Since(start))
		if err == nil || rueidis.IsRedisNil(err) {
			continue
		}
		kind := errs.KindOf(err)
		switch kind.Class() {
		case errs.Transport, errs.Timeout, errs.Lifecycle:
			return err
		}
		a.serving = kind
	}
	slices.Sort(times)
	a.latency = times[len(times)/2]
	return nil
}

// pairs reads a reply of names and values, whichever form the protocol gives
// it. Values that are not plain are left out.
func (a *asker) pairs(ctx context.Context, name string, words ...string) map[string]string {
	return pairsOf(a.ask(ctx, name, words...))
}

func pairsOf(res rueidis.RedisResult) map[string]string {
	all := map[string]string{}
	reply, err := res.AsMap()
	if err != nil {
		return all
	}
	for k, v := range reply {
		if text, ok := plain(v); ok {
			all[k] = text
		}
	}
	return all
}

// plain is a value that is a string or a number.
func plain(v rueidis.RedisMessage) (string, bool) {
	if text, err := v.ToString(); err == nil {
		return text, true
	}
	if n, err := v.AsInt64(); err == nil {
		return strconv.FormatInt(n, 10), true
	}
	return "", false
}

// lines reads a reply of lines "name:value".
func (a *asker) lines(ctx context.Context, name string, words ...string) map[string]string {
	all := map[string]string{}
	text, err := a.ask(ctx, name, words...).ToString()
	if err != nil {
		return all
	}
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			all[k] = v
		}
	}
	return all
}

// settingNames are what CONFIG GET is asked for, by name: "*" would bring
// passwords along. Older servers know some by another name.
var settingNames = []string{
	"maxmemory", "maxmemory-policy", "min-replicas-to-write", "min-slaves-to-write",
	"timeout", "tcp-keepalive", "client-output-buffer-limit", "appendonly", "appendfsync", "save",
	"stop-writes-on-bgsave-error", "cluster-require-full-coverage", "busy-reply-threshold", "lua-time-limit",
	"maxclients", "replica-read-only", "slave-read-only", "protected-mode", "bind", "slowlog-log-slower-than",
	"slowlog-max-len", "repl-backlog-size", "tracking-table-max-keys", "enable-debug-command", "enable-module-command",
}

func (a *asker) settings(ctx context.Context) map[string]string {
	all := map[string]string{}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	cmds := make([]rueidis.Completed, len(settingNames))
	for i, name := range settingNames {
		cmds[i] = a.c.B().ConfigGet().Parameter(name).Build()
	}
	for i, res := range a.c.DoMulti(ctx, cmds...) {
		if err := res.Error(); err != nil {
			a.refused["CONFIG GET"] = errs.KindOf(err)
			continue
		}
		if v, ok := pairsOf(res)[settingNames[i]]; ok {
			all[settingNames[i]] = v
		}
	}
	return all
}
