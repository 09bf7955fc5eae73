package client_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// These run on the real clock: that of a bubble stands so far back that sums
// which overflow outside do not overflow in it.

func TestPauseWithoutEndIsNotBegun(t *testing.T) {
	t.Parallel()
	fake := respfake.New(plan{"SET": {respfake.Error("LOADING later"), respfake.OK}}.script())
	defer fake.Close()
	c := dial(t, fake, func(opt *rueidis.ClientOption) {
		opt.RetryDelay = func(int, rueidis.Completed, error) time.Duration { return math.MaxInt64 }
	})
	err := do(context.Background(), c, "SET", "k", "v")
	wantErr(t, err, errs.Loading, errs.NotExecuted, 1)
	wantWhy(t, err, errs.WhyElapsed)
}

func TestDeadlineBeyondTheClockIsNoBound(t *testing.T) {
	t.Parallel()
	fake := respfake.New(plan{"SET": {respfake.Error("LOADING soon"), respfake.OK}, "INCR": {drop}}.script())
	defer fake.Close()
	c := dial(t, fake)
	for name, far := range map[string]time.Time{
		"longest timeout": time.Now().Add(math.MaxInt64),
		"a year 9999":     time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		ctx, cancel := context.WithDeadline(context.Background(), far)
		if err := do(ctx, c, "SET", "k", "v"); err != nil {
			t.Errorf("%s: got %v; want the second reply", name, err)
		}
		wantErr(t, incr(ctx, c), errs.ConnLost, errs.Unknown, 1)
		cancel()
	}
}
