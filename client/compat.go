package client

import (
	"context"
	"io"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/errs"
)

// Compat returns the same client with the same resilience and the error values
// of rueidis: *rueidis.RedisError for a server's reply, unwrapped. It is for
// code and helpers that test for those: rueidis.MGetCache, rueidiscompat,
// rueidisaside, om. What rueidis has no value for, as an open breaker, is an
// *errs.Error here too. classify.Typed types all of them.
// Closing either face closes both.
func (c *Client) Compat() rueidis.Client { return &compat{c.core} }

type compat struct{ core *core }

var _ rueidis.Client = (*compat)(nil)

func (c *compat) B() rueidis.Builder { return c.core.builder }

func (c *compat) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	return rawResult(c.core.do(ctx, cmd))
}

func (c *compat) DoMulti(ctx context.Context, multi ...rueidis.Completed) []rueidis.RedisResult {
	return rawResults(c.core.doMulti(ctx, multi))
}

func (c *compat) DoCache(ctx context.Context, cmd rueidis.Cacheable, ttl time.Duration) rueidis.RedisResult {
	return rawResult(c.core.doCache(ctx, cmd, ttl))
}

func (c *compat) DoMultiCache(ctx context.Context, multi ...rueidis.CacheableTTL) []rueidis.RedisResult {
	return rawResults(c.core.doMultiCache(ctx, multi))
}

func (c *compat) DoStream(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResultStream {
	return rawStream(c.core.stream(ctx, "DoStream", []rueidis.Completed{cmd}))
}

func (c *compat) DoMultiStream(ctx context.Context, multi ...rueidis.Completed) rueidis.MultiRedisResultStream {
	if len(multi) == 0 {
		return rueidis.NewErrorResultStream(io.EOF)
	}
	return rawStream(c.core.stream(ctx, "DoMultiStream", multi))
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

// rawResult is the result as rueidis would give it: the last reply, unless the
// caller's context or the client ended between two attempts.
func rawResult(res rueidis.RedisResult, failure *errs.Error) rueidis.RedisResult {
	if err, ok := endOf(failure); ok {
		return rueidis.NewErrorResult(err)
	}
	return res
}

func rawResults(results []rueidis.RedisResult, failures []*errs.Error) []rueidis.RedisResult {
	for i, failure := range failures {
		results[i] = rawResult(results[i], failure)
	}
	return results
}

func rawStream(out rueidis.RedisResultStream, failure *errs.Error) rueidis.RedisResultStream {
	if err, ok := endOf(failure); ok {
		return rueidis.NewErrorResultStream(err)
	}
	return out
}

// endOf is the value of rueidis for a caller or a client that has ended.
//
//nolint:revive // the error is the value looked up
func endOf(failure *errs.Error) (error, bool) {
	if failure == nil {
		return nil, false
	}
	switch failure.Kind {
	case errs.Closed:
		return rueidis.ErrClosing, true
	case errs.Canceled:
		return context.Canceled, true
	case errs.Deadline:
		return context.DeadlineExceeded, true
	}
	return nil, false
}

// rawError is a failure that has no reply: the value of rueidis if it has one,
// else ours.
func rawError(failure *errs.Error) error {
	if err, ok := endOf(failure); ok {
		return err
	}
	return failure
}
