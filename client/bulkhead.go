package client

import (
	"context"
	"errors"
	"time"

	"github.com/redoubt-go/redoubt/errs"
)

// bulkhead bounds how many dedicated clients, blocking commands and streams
// are in use together. It is not larger than rueidis' own pool, which would
// wait without a bound. The zero of wait refuses at once.
type bulkhead struct {
	seats chan struct{}
	wait  time.Duration
}

func newBulkhead(limit int, wait time.Duration) *bulkhead {
	return &bulkhead{seats: make(chan struct{}, limit), wait: wait}
}

// enter takes a seat. It fails with kind BulkheadFull when there is none and
// waiting is off, PoolWait when none came free in time, Deadline or Canceled
// when the caller's context ended, and Closed when the client was closed.
func (b *bulkhead) enter(ctx context.Context, closed <-chan struct{}) *errs.Error {
	select {
	case b.seats <- struct{}{}:
		return nil
	default:
	}
	if b.wait <= 0 {
		return &errs.Error{Kind: errs.BulkheadFull, Effect: errs.NotExecuted}
	}
	timer := time.NewTimer(b.wait)
	defer timer.Stop()
	select {
	case b.seats <- struct{}{}:
		return nil
	case <-timer.C:
		return &errs.Error{Kind: errs.PoolWait, Effect: errs.NotExecuted}
	case <-ctx.Done():
		return ended(ctx.Err())
	case <-closed:
		return closedError()
	}
}

func (b *bulkhead) leave() { <-b.seats }

// ended is the failure of a caller whose context ended before anything was
// sent.
func ended(err error) *errs.Error {
	kind := errs.Canceled
	if errors.Is(err, context.DeadlineExceeded) {
		kind = errs.Deadline
	}
	return &errs.Error{Kind: kind, Effect: errs.NotExecuted, Err: err}
}
