package client

import (
	"context"
	"io"
	"time"

	"github.com/redis/rueidis"
)

// Compat returns the same client with the same resilience and the error values
// of rueidis: *rueidis.RedisError for a server's reply, unwrapped. It is for
// code and helpers that test for those: rueidis.MGetCache, rueidiscompat,
// rueidislock, rueidisaside, om. What rueidis has no value for, as an open
// breaker, is an *errs.Error here too. classify.Typed types all of them.
// Closing either face closes both.
func (c *Client) Compat() rueidis.Client { return &compat{c.core} }

type compat struct{ core *core }

var _ rueidis.Client = (*compat)(nil)

func (c *compat) B() rueidis.Builder { return c.core.builder }

func (c *compat) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	res, _ := c.core.do(ctx, cmd)
	return res
}

func (c *compat) DoMulti(ctx context.Context, multi ...rueidis.Completed) []rueidis.RedisResult {
	results, _ := c.core.doMulti(ctx, multi)
	return results
}

func (c *compat) DoCache(ctx context.Context, cmd rueidis.Cacheable, ttl time.Duration) rueidis.RedisResult {
	res, _ := c.core.doCache(ctx, cmd, ttl)
	return res
}

func (c *compat) DoMultiCache(ctx context.Context, multi ...rueidis.CacheableTTL) []rueidis.RedisResult {
	results, _ := c.core.doMultiCache(ctx, multi)
	return results
}

func (c *compat) DoStream(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResultStream {
	out, _ := c.core.stream(ctx, "DoStream", []rueidis.Completed{cmd})
	return out
}

func (c *compat) DoMultiStream(ctx context.Context, multi ...rueidis.Completed) rueidis.MultiRedisResultStream {
	if len(multi) == 0 {
		return rueidis.NewErrorResultStream(io.EOF)
	}
	out, _ := c.core.stream(ctx, "DoMultiStream", multi)
	return out
}

func (c *compat) Receive(ctx context.Context, subscribe rueidis.Completed, fn func(msg rueidis.PubSubMessage)) error {
	_, err := c.core.receive(ctx, subscribe, fn)
	return err
}

func (c *compat) Dedicated(fn func(rueidis.DedicatedClient) error) error {
	raw, cancel, failure := c.core.dedicate()
	if failure != nil {
		return rawError(failure)
	}
	defer cancel()
	return fn(raw)
}

func (c *compat) Dedicate() (rueidis.DedicatedClient, func()) {
	raw, cancel, failure := c.core.dedicate()
	if failure != nil {
		return &unavailable{b: c.core.builder, err: rawError(failure)}, func() {}
	}
	return raw, cancel
}

func (c *compat) Nodes() map[string]rueidis.Client { return c.core.faces(c) }

func (c *compat) Mode() rueidis.ClientMode { return c.core.mode }

func (c *compat) Close() { c.core.close() }
