package backoff_test

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-go/redoubt/client/internal/backoff"
	"github.com/redoubt-go/redoubt/errs"
)

// takeAll takes what there is and says how much it was.
func takeAll(b *backoff.Budget) (n int) {
	for b.Take() {
		n++
	}
	return n
}

func TestBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := backoff.NewBudget(backoff.BudgetPolicy{Ratio: 0.25, PerSecond: 10, Burst: 30})
		want := func(story string, n int) {
			t.Helper()
			if got := takeAll(b); got != n {
				t.Errorf("retries %s = %d; want %d", story, got, n)
			}
		}
		successes := func(n int) {
			for range n {
				b.Success()
			}
		}
		want("of a new budget", 30)
		want("of an empty budget", 0)
		successes(3)
		want("after 3 successes", 0)
		successes(1)
		want("after the fourth", 1)
		successes(40)
		want("after 40 more", 10)
		time.Sleep(time.Second)
		want("after a second", 10)
		time.Sleep(250 * time.Millisecond)
		want("after a quarter of a second", 2)
		time.Sleep(50 * time.Millisecond)
		want("after the rest of a retry", 1)
		successes(1_000_000)
		want("after a million successes", 30)
		time.Sleep(1000 * time.Hour)
		want("after weeks", 30)
	})
}

// A share of a retry must not be rounded away by asking too often.
func TestSlowBudgetEarnsWhileAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := backoff.NewBudget(backoff.BudgetPolicy{PerSecond: 0.01, Burst: 1})
		got := takeAll(b)
		for range 700_000 { // 133 seconds, each step worth 1.9 millionths of a retry
			time.Sleep(190 * time.Microsecond)
			got += takeAll(b)
		}
		if got != 2 {
			t.Errorf("retries in 133 s = %d; want the first and one more", got)
		}
	})
}

func TestBudgetDefaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := backoff.NewBudget(backoff.BudgetPolicy{})
		if got := takeAll(b); got != 500 {
			t.Errorf("retries at first = %d; want 500", got)
		}
		for range 100 {
			b.Success()
		}
		if got := takeAll(b); got != 20 {
			t.Errorf("retries after 100 successes = %d; want 20", got)
		}
		time.Sleep(time.Second)
		if got := takeAll(b); got != 50 {
			t.Errorf("retries after a second = %d; want 50", got)
		}
	})
}

func TestDisabledBudgetGrantsEverything(t *testing.T) {
	t.Parallel()
	b := backoff.NewBudget(backoff.BudgetPolicy{Burst: 1, Disabled: true})
	for range 1000 {
		if !b.Take() {
			t.Fatal("Take() = false; want true")
		}
	}
}

// No retry is granted twice and no success is lost, whoever asks meanwhile.
func TestBudgetUnderLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // so that time earns nothing
		const callers, each, burst = 8, 40_000, 1_000_000
		b := backoff.NewBudget(backoff.BudgetPolicy{Ratio: 0.5, Burst: burst})
		for range callers * each {
			b.Take()
		}
		var taken atomic.Int64
		var group sync.WaitGroup
		for range callers {
			group.Go(func() {
				for range each {
					b.Success()
					if b.Take() {
						taken.Add(1)
					}
				}
			})
		}
		group.Wait()
		const spent = callers * each
		if got := int(taken.Load()) + takeAll(b); got != burst-spent+spent/2 {
			t.Errorf("retries = %d; want %d", got, burst-spent+spent/2)
		}
	})
}

func TestValidateBudget(t *testing.T) {
	t.Parallel()
	for _, p := range []backoff.BudgetPolicy{{}, {Ratio: 1}, {Burst: 1}, {PerSecond: 0.5}} {
		if err := p.Validate(); err != nil {
			t.Errorf("Validate(%+v) = %v; want nil", p, err)
		}
	}
	for _, p := range []backoff.BudgetPolicy{
		{Ratio: -0.1},
		{Ratio: 1.1},
		{Ratio: math.NaN()},
		{PerSecond: -1},
		{PerSecond: math.Inf(1)},
		{PerSecond: math.NaN()},
		{Burst: -1},
		{Burst: math.MaxInt},
	} {
		if err := p.Validate(); !errors.Is(err, errs.BadOption) {
			t.Errorf("Validate(%+v) = %v; want BadOption", p, err)
		}
	}
}

func TestSuccessAllocatesNothing(t *testing.T) {
	b := backoff.NewBudget(backoff.BudgetPolicy{})
	if n := testing.AllocsPerRun(1000, func() { b.Success(); b.Take() }); n != 0 {
		t.Errorf("%v allocations; want 0", n)
	}
}

func BenchmarkBudget(b *testing.B) {
	budget := backoff.NewBudget(backoff.BudgetPolicy{})
	b.Run("success/serial", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			budget.Success()
		}
	})
	b.Run("success/parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				budget.Success()
			}
		})
	})
	b.Run("take", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			budget.Take()
		}
	})
}
