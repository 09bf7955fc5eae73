package benchkit_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-go/redoubt/internal/benchkit"
)

func work(name, ratioTo string, subjects ...benchkit.Subject) benchkit.Work {
	return benchkit.Work{Name: name, RatioTo: ratioTo, Open: func() ([]benchkit.Subject, func(), error) {
		return subjects, func() {}, nil
	}}
}

// lasting is a subject whose operations take exactly d of a bubble's time.
func lasting(name string, d time.Duration) benchkit.Subject {
	return benchkit.Subject{Name: name, Run: func(n int) error {
		time.Sleep(time.Duration(n) * d)
		return nil
	}}
}

func TestRatioIsThroughput(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := work("w", "reference",
			lasting("fast", time.Millisecond),
			lasting("reference", 2*time.Millisecond),
			lasting("slow", 8*time.Millisecond),
		)
		results, err := benchkit.Measure(t.Context(), w, benchkit.Config{Round: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []struct {
			subject string
			ns      float64
			ratio   float64
		}{
			{"fast", 1e6, 2},
			{"reference", 2e6, 1},
			{"slow", 8e6, 0.25},
		} {
			got := results[i]
			if got.Work != "w" || got.Subject != want.subject || got.RatioTo != "reference" {
				t.Errorf("result %d is %s of %s to %s; want %s of w to reference",
					i, got.Subject, got.Work, got.RatioTo, want.subject)
			}
			if all := (benchkit.Quartiles{Low: want.ns, Median: want.ns, High: want.ns}); got.Ns != all {
				t.Errorf("%s: got %v ns; want %v", want.subject, got.Ns, all)
			}
			if got.Ratio.Median != want.ratio {
				t.Errorf("%s: got ratio %v; want %v", want.subject, got.Ratio.Median, want.ratio)
			}
			if got.Rounds != benchkit.Rounds || got.Ops != 500 {
				t.Errorf("%s: got %d rounds of %d; want %d of 500", want.subject, got.Rounds, got.Ops, benchkit.Rounds)
			}
		}
	})
}

func TestNoSubjectAlwaysFollowsTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sequence []string
		var subjects []benchkit.Subject
		for _, name := range []string{"a", "b", "c", "d"} {
			subjects = append(subjects, benchkit.Subject{Name: name, Run: func(n int) error {
				sequence = append(sequence, name)
				time.Sleep(time.Duration(n) * time.Second)
				return nil
			}})
		}
		if _, err := benchkit.Measure(t.Context(), work("w", "a", subjects...), benchkit.Config{Rounds: 8}); err != nil {
			t.Fatal(err)
		}
		measured := sequence[len(sequence)-8*4:]
		follows := map[string]map[string]bool{}
		leads := map[string]int{}
		for round := range 8 {
			names := measured[round*4 : round*4+4]
			leads[names[0]]++
			for i := 1; i < 4; i++ {
				if follows[names[i]] == nil {
					follows[names[i]] = map[string]bool{}
				}
				follows[names[i]][names[i-1]] = true
			}
			if got := slices.Sorted(slices.Values(names)); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
				t.Errorf("round %d measures %v; want every subject once", round, names)
			}
		}
		for _, name := range []string{"a", "b", "c", "d"} {
			if len(follows[name]) < 2 {
				t.Errorf("%s always follows %v", name, follows[name])
			}
			if leads[name] != 2 {
				t.Errorf("%s leads %d of 8 rounds; want 2", name, leads[name])
			}
		}
	})
}

func TestAllocationsAreCounted(t *testing.T) {
	// Not parallel: the counter is the process's.
	var sink *[64]byte
	w := work("w", "three",
		benchkit.Subject{Name: "three", Run: benchkit.Serial(func(int) error {
			for range 3 {
				sink = new([64]byte)
			}
			return nil
		})},
		benchkit.Subject{Name: "none", Run: benchkit.Serial(func(int) error { return nil })},
	)
	results, err := benchkit.Measure(t.Context(), w, benchkit.Config{Rounds: 5, Round: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if got := results[0].Allocs; got < 3 || got > 3.1 {
		t.Errorf("got %v allocations; want 3", got)
	}
	if got := results[1].Allocs; got > 0.1 {
		t.Errorf("got %v allocations; want 0", got)
	}
	if sink == nil {
		t.Error("nothing was allocated")
	}
}

func TestFailureEndsTheMeasurement(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	w := work("get", "good",
		benchkit.Subject{Name: "good", Run: benchkit.Serial(func(int) error { return nil })},
		benchkit.Subject{Name: "bad", Run: benchkit.Serial(func(i int) error {
			if i == 3 {
				return broken
			}
			return nil
		})},
	)
	results, err := benchkit.Measure(t.Context(), w, benchkit.Config{Rounds: 1, Round: time.Millisecond})
	if !errors.Is(err, broken) || results != nil {
		t.Fatalf("got %v, %v; want no result and the failure", results, err)
	}
	if got, want := err.Error(), "get: bad: broken"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestSubjectsAreReleasedAlsoAfterAFailure(t *testing.T) {
	t.Parallel()
	released := 0
	w := benchkit.Work{Name: "w", RatioTo: "s", Open: func() ([]benchkit.Subject, func(), error) {
		bad := benchkit.Subject{Name: "s", Run: func(int) error { return errors.New("broken") }}
		return []benchkit.Subject{bad}, func() { released++ }, nil
	}}
	if _, err := benchkit.Measure(t.Context(), w, benchkit.Config{}); err == nil || released != 1 {
		t.Errorf("got %v and %d releases; want the failure and 1", err, released)
	}
}

func TestMeasureStopsBetweenRounds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	runs := 0
	w := work("w", "s",
		benchkit.Subject{Name: "s", Run: func(int) error {
			runs++
			if runs == 5 { // three calibrate, one warms up
				cancel()
			}
			return nil
		}},
	)
	_, err := benchkit.Measure(ctx, w, benchkit.Config{Round: time.Nanosecond})
	if !errors.Is(err, context.Canceled) || runs != 5 {
		t.Errorf("got %v after %d runs; want %v after 5", err, runs, context.Canceled)
	}
}

func TestComparisonNeedsItsReference(t *testing.T) {
	t.Parallel()
	w := work("w", "nobody", lasting("s", 0))
	if _, err := benchkit.Measure(t.Context(), w, benchkit.Config{}); err == nil {
		t.Error("got no error; want one about the missing reference")
	}
}

func TestParallelRunsEveryOperationOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3, 4, 5, 1000} {
		counts := make([]atomic.Int32, n)
		if err := benchkit.Parallel(4, func(i int) error { counts[i].Add(1); return nil })(n); err != nil {
			t.Fatal(err)
		}
		for i := range counts {
			if got := counts[i].Load(); got != 1 {
				t.Errorf("operation %d of %d ran %d times; want once", i, n, got)
			}
		}
	}
}

func TestParallelReportsAFailureOfAnyGoroutine(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	err := benchkit.Parallel(4, func(i int) error {
		if i == 6 {
			return broken
		}
		return nil
	})(100)
	if !errors.Is(err, broken) {
		t.Errorf("got %v; want %v", err, broken)
	}
}
