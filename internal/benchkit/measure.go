package benchkit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Rounds is the smallest number of rounds whose quartiles are worth
// publishing.
const Rounds = 31

// maxOps bounds the operations of a round whose subject costs next to nothing.
const maxOps = 1 << 30

// Work is one question asked of several subjects.
type Work struct {
	Name    string
	RatioTo string // the subject that the others are compared with

	// Open makes the subjects, and a function that releases them. They are made
	// anew for each measurement, since what a work does to a connection stays:
	// once rueidis pipelines, it pipelines for a serial caller too.
	Open func() (subjects []Subject, release func(), err error)
}

// Subject is what a work measures. Run performs n operations and reports the
// first that failed: the time of a failure is no figure.
type Subject struct {
	Name string
	Run  func(n int) error
}

// Config says how long to measure. The zero value means [Rounds] rounds of
// 50 ms for each subject.
type Config struct {
	Rounds int
	Round  time.Duration // of the subject that the others are compared with
}

// Result is what a work found out about one subject.
type Result struct {
	Work    string
	Subject string
	RatioTo string
	Ops     int       // operations in each round
	Rounds  int       // rounds measured
	Ns      Quartiles // wall time of an operation in nanoseconds
	Allocs  float64   // heap allocations of an operation, median
	Ratio   Quartiles // throughput over that of RatioTo; more is better
}

// sample is one round of one subject.
type sample struct {
	elapsed time.Duration
	mallocs uint64
}

// Measure runs the subjects of w alternately and returns a result for each, in
// the order of w.Open. It ends early when a subject fails or, between two
// rounds, when ctx is done.
func Measure(ctx context.Context, w Work, cfg Config) ([]Result, error) {
	if cfg.Rounds <= 0 {
		cfg.Rounds = Rounds
	}
	if cfg.Round <= 0 {
		cfg.Round = 50 * time.Millisecond
	}
	subjects, release, err := w.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", w.Name, err)
	}
	defer release()
	reference := slices.IndexFunc(subjects, func(s Subject) bool { return s.Name == w.RatioTo })
	if reference < 0 {
		return nil, fmt.Errorf("%s: no subject %s to compare with", w.Name, w.RatioTo)
	}
	n, err := calibrate(subjects[reference], cfg.Round)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", w.Name, w.RatioTo, err)
	}

	samples := make([][]sample, len(subjects))
	for round := -1; round < cfg.Rounds; round++ {
		for _, i := range order(max(round, 0), len(subjects)) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			got, err := measure(subjects[i], n)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", w.Name, subjects[i].Name, err)
			}
			if round >= 0 { // the first one warms up
				samples[i] = append(samples[i], got)
			}
		}
	}

	results := make([]Result, len(subjects))
	for i, s := range subjects {
		results[i] = summarize(samples[i], samples[reference], n)
		results[i].Work, results[i].Subject, results[i].RatioTo = w.Name, s.Name, w.RatioTo
	}
	return results, nil
}

// order is the order of the subjects in a round: it starts with another one
// each time and turns round each time, so that nobody always follows the same
// neighbour.
func order(round, subjects int) []int {
	indices := make([]int, subjects)
	for i := range indices {
		step := i
		if round%2 == 1 {
			step = subjects - i
		}
		indices[i] = (round/2 + step) % subjects
	}
	return indices
}

// calibrate finds the number of operations that fills a round. The quickest of
// three rounds counts, as the first ones are slow: connections are still being
// made and caches filled.
func calibrate(s Subject, round time.Duration) (int, error) {
	n, tries := 1, 0
	quickest := time.Duration(math.MaxInt64)
	for tries < 3 {
		got, err := measure(s, n)
		if err != nil {
			return 0, err
		}
		if got.elapsed < round/2 && n < maxOps {
			n, tries, quickest = n*2, 0, math.MaxInt64
			continue
		}
		tries++
		quickest = min(quickest, max(got.elapsed, 1))
	}
	return min(maxOps, max(1, int(float64(n)*float64(round)/float64(quickest)))), nil
}

func measure(s Subject, n int) (sample, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	err := s.Run(n)
	elapsed := time.Since(start)
	runtime.ReadMemStats(&after)
	return sample{elapsed: elapsed, mallocs: after.Mallocs - before.Mallocs}, err
}

func summarize(own, reference []sample, n int) Result {
	allocs := make([]float64, len(own))
	for i, s := range own {
		allocs[i] = float64(s.mallocs) / float64(n)
	}
	r := Compare(perOp(own, n), perOp(reference, n))
	r.Ops, r.Allocs = n, quartiles(allocs).Median
	return r
}

func perOp(samples []sample, n int) []float64 {
	ns := make([]float64, len(samples))
	for i, s := range samples {
		ns[i] = float64(max(s.elapsed, 1).Nanoseconds()) / float64(n)
	}
	return ns
}

// Compare makes the result of a subject from its nanoseconds per operation and
// those of the subject it is compared with, round by round.
func Compare(own, reference []float64) Result {
	ratios := make([]float64, len(own))
	for i := range own {
		ratios[i] = reference[i] / own[i]
	}
	return Result{Rounds: len(own), Ns: quartiles(slices.Clone(own)), Ratio: quartiles(ratios)}
}

// Serial makes a Run of a single goroutine. The operations of a round are
// numbered from 0.
func Serial(op func(i int) error) func(n int) error {
	return func(n int) error {
		for i := range n {
			if err := op(i); err != nil {
				return err
			}
		}
		return nil
	}
}

// Parallel makes a Run whose operations are dealt out to a number of
// goroutines beforehand: a shared counter would be measured too.
func Parallel(goroutines int, op func(i int) error) func(n int) error {
	return func(n int) error {
		failures := make([]error, goroutines)
		var wg sync.WaitGroup
		for g := range goroutines {
			wg.Go(func() {
				for i := g; i < n; i += goroutines {
					if err := op(i); err != nil {
						failures[g] = err
						return
					}
				}
			})
		}
		wg.Wait()
		return errors.Join(failures...)
	}
}
