package client_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
)

// A service that would rather answer late than not at all.
func ExampleRetry() {
	server := shop()
	defer server.Close()
	patient := client.Retry(client.RetryPolicy{MaxAttempts: 30, MaxElapsed: 20 * time.Second})
	c := open(server, patient)
	defer c.Close()
	fmt.Println(c.Do(context.Background(), c.B().Get().Key("color").Build()).ToString())
	// Output: red <nil>
}

// A fleet so large that its retries alone could keep a server down.
func ExampleRetryBudget() {
	server := shop()
	defer server.Close()
	sparing := client.RetryBudget(client.RetryBudgetPolicy{Ratio: 0.1, PerSecond: 5, Burst: 50})
	c := open(server, sparing)
	defer c.Close()
	fmt.Println(c.Do(context.Background(), c.B().Get().Key("color").Build()).ToString())
	// Output: red <nil>
}

// A caller with something better to do than to wait for a sick server.
func ExampleBreaker() {
	server := shop()
	defer server.Close()
	touchy := client.Breaker(client.BreakerPolicy{Failures: 1, OpenFor: time.Minute, MaxOpenFor: time.Minute})
	c, ctx := open(server, touchy), context.Background()
	defer c.Close()
	for range 2 {
		err := c.Do(ctx, c.B().Incr().Key("visits").Build()).Error()
		if open, ok := errors.AsType[*errs.OpenError](err); ok {
			fmt.Println("the", open.Lane, "lane is open")
			continue
		}
		fmt.Println(errs.KindOf(err).Label())
	}
	// Output:
	// conn_lost
	// the write lane is open
}

// Dedicated connections that must not be more than two, and nobody waits.
func ExampleBulkhead() {
	server := shop()
	defer server.Close()
	c := open(server, client.Bulkhead(2, 0))
	defer c.Close()
	for range 3 {
		d, giveBack := c.Dedicate()
		defer giveBack() //nolint:gocritic // at the end: they are to be in use together
		err := d.Do(context.Background(), d.B().Get().Key("color").Build()).Error()
		fmt.Println(errors.Is(err, errs.BulkheadFull))
	}
	// Output:
	// false
	// false
	// true
}

func ExampleLogger() {
	server := shop()
	defer server.Close()
	plain := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	once := client.Breaker(client.BreakerPolicy{Failures: 1, OpenFor: time.Minute, MaxOpenFor: time.Minute})
	c := open(server, client.Logger(plain), once)
	defer c.Close()
	c.Do(context.Background(), c.B().Incr().Key("visits").Build())
	// Unordered output:
	// level=WARN msg="redis breaker changed" addr=shop:6379 cause=conn_lost lane=write from=closed to=open
	// level=WARN msg="redis breaker changed" addr=shop:6379 cause=conn_lost lane=read from=closed to=open
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// failures prints what went wrong in the end.
type failures struct{}

func (failures) Start(ctx context.Context, _ client.Op) context.Context { return ctx }

func (failures) Done(_ context.Context, out client.Outcome) {
	if out.Err != nil {
		fmt.Println(out.Name, out.Kind.Label(), out.Effect, "after", out.Attempts)
	}
}

func (failures) Event(context.Context, client.Event) {}

func ExampleWithObserver() {
	server := shop()
	defer server.Close()
	c := open(server, client.WithObserver(failures{}))
	defer c.Close()
	c.Do(context.Background(), c.B().Incr().Key("visits").Build())
	// Output: INCR conn_lost unknown after 1
}
