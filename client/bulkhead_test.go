package client_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// waiting answers a BLPOP after the seconds that it names, and all else at
// once.
func waiting() respfake.Handler {
	return func(c *respfake.Conn, cmd []string) {
		if cmd[0] == "BLPOP" {
			d, err := time.ParseDuration(cmd[len(cmd)-1] + "s")
			if err != nil || !c.Sleep(d) {
				return
			}
		}
		c.Write(respfake.Null)
	}
}

func blpop(ctx context.Context, c rueidis.Client, seconds float64) error {
	return c.Do(ctx, c.B().Blpop().Key("q").Timeout(seconds).Build()).Error()
}

// occupy lets n blocking commands of ten seconds take seats.
func occupy(t *testing.T, c rueidis.Client, n int) <-chan error {
	t.Helper()
	done := make(chan error, n)
	for range n {
		go func() { done <- blpop(context.Background(), c, 10) }()
	}
	synctest.Wait()
	return done
}

func TestFullBulkheadRefusesAtOnce(t *testing.T) {
	t.Parallel()
	bubble(t, waiting, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		done := occupy(t, c, 2)
		within(t, 0, 0, func() {
			e := wantErr0(t, blpop(context.Background(), c, 1), errs.BulkheadFull)
			if e.Op != "BLPOP" || !errors.Is(e, errs.Resilience) {
				t.Errorf("got %#v; want BLPOP refused, class Resilience", e)
			}
		})
		if err := get(context.Background(), c, "k"); err != rueidis.Nil {
			t.Errorf("a command that does not block: got %v; want it served", err)
		}
		<-done
		<-done
		if err := blpop(context.Background(), c, 1); err != rueidis.Nil {
			t.Errorf("with free seats: %v", err)
		}
		wantCount(t, fake, "BLPOP", 3)
	}, client.Bulkhead(2, 0))
}

func TestCallerWaitsForASeat(t *testing.T) {
	t.Parallel()
	bubble(t, waiting, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		done := occupy(t, c, 1)
		within(t, 3*time.Second, 3*time.Second, func() {
			e := wantErr0(t, blpop(context.Background(), c, 1), errs.PoolWait)
			if !e.Timeout() {
				t.Errorf("%v is no timeout", e)
			}
		})
		canceled, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		within(t, time.Second, time.Second, func() {
			if err := blpop(canceled, c, 1); !errors.Is(wantErr0(t, err, errs.Deadline), context.DeadlineExceeded) {
				t.Errorf("%v: want context.DeadlineExceeded behind it", err)
			}
		})
		time.Sleep(4 * time.Second)
		within(t, 3*time.Second, 3*time.Second, func() { // 2 s for the seat, 1 s for the reply
			if err := blpop(context.Background(), c, 1); err != rueidis.Nil {
				t.Errorf("with a free seat: %v", err)
			}
		})
		<-done
		wantCount(t, fake, "BLPOP", 2)
	}, client.Bulkhead(1, 3*time.Second))
}

func TestCloseEndsTheWaitForASeat(t *testing.T) {
	t.Parallel()
	bubble(t, waiting, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		done := occupy(t, c, 1)
		time.AfterFunc(time.Second, c.Close)
		within(t, time.Second, time.Second, func() {
			wantErr0(t, blpop(context.Background(), c, 1), errs.Closed)
		})
		<-done
	}, client.Bulkhead(1, time.Minute))
}

func TestSeatIsFreeAgainAfterACancel(t *testing.T) {
	t.Parallel()
	bubble(t, waiting, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		for range 3 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			if err := blpop(ctx, c, 60); !errors.Is(err, errs.Deadline) || !errs.MayHaveExecuted(err) {
				t.Fatalf("got %v; want Deadline, perhaps executed", err)
			}
			cancel()
		}
	}, client.Bulkhead(1, 0))
}

// Dedicated clients and blocking commands share the seats.
func TestDedicatedClientsTakeSeatsToo(t *testing.T) {
	t.Parallel()
	bubble(t, waiting, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		_, release := c.Dedicate()
		wantErr0(t, blpop(context.Background(), c, 1), errs.BulkheadFull)
		release()
		release() // once more is harmless
		if err := blpop(context.Background(), c, 1); err != rueidis.Nil {
			t.Errorf("after the release: %v", err)
		}
		_, release = c.Dedicate()
		defer release()
		wantErr0(t, blpop(context.Background(), c, 1), errs.BulkheadFull)
	}, client.Bulkhead(1, 0))
}
