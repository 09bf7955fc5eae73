package backoff_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redoubt-go/redoubt/client/internal/backoff"
	"github.com/redoubt-go/redoubt/errs"
)

func TestDelaysGrowToTheirBound(t *testing.T) {
	t.Parallel()
	p := backoff.Policy{MinDelay: 10 * time.Millisecond, MaxDelay: 960 * time.Millisecond}.WithDefaults()
	for range 100 {
		d := p.Start()
		for n := range 20 {
			low := p.MinDelay << min(n, 5) // 10, 20 ... 320 ms
			if got := d.Next(); got < low-time.Microsecond || got > 3*low+time.Microsecond {
				t.Fatalf("delay %d = %v; want %v to %v", n, got, low, 3*low)
			}
		}
	}
}

func TestDelaysKeepTheirBounds(t *testing.T) {
	t.Parallel()
	for _, p := range []backoff.Policy{
		{},
		{MinDelay: 1, MaxDelay: 1 << 62},
		{MinDelay: 100 * time.Millisecond, MaxDelay: 150 * time.Millisecond}, // closer than the jitter is wide
		{MinDelay: time.Second, MaxDelay: time.Second},
		{MinDelay: time.Minute},
	} {
		p = p.WithDefaults()
		for range 50 {
			d := p.Start()
			for n := range 80 {
				if got := d.Next(); got < p.MinDelay || got > p.MaxDelay {
					t.Fatalf("delay %d = %v; want %v to %v", n, got, p.MinDelay, p.MaxDelay)
				}
			}
		}
	}
}

func TestDelaysAreJittered(t *testing.T) {
	t.Parallel()
	p := backoff.Policy{}.WithDefaults()
	seen := map[time.Duration]bool{}
	var sum time.Duration
	const operations = 1000
	for range operations {
		d := p.Start().Next()
		seen[d] = true
		sum += d
	}
	if len(seen) < operations/2 {
		t.Errorf("%d different first delays of %d; want most of them different", len(seen), operations)
	}
	if mean := sum / operations; mean < 15*time.Millisecond || mean > 17*time.Millisecond {
		t.Errorf("mean of the first delay = %v; want about 16ms", mean)
	}
}

// The attempts must last as long as the time that they are given, or a server
// that loads its dataset is given up early.
func TestAttemptsFillTheTime(t *testing.T) {
	t.Parallel()
	p := backoff.Policy{}.WithDefaults()
	var sum time.Duration
	const operations = 200
	for range operations {
		d := p.Start()
		for range p.MaxAttempts - 1 {
			sum += d.Next()
		}
	}
	if mean := sum / operations; mean < p.MaxElapsed*3/4 || mean > p.MaxElapsed*5/4 {
		t.Errorf("%d attempts take %v; want about %v", p.MaxAttempts, mean, p.MaxElapsed)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, p := range []backoff.Policy{{}, {MaxAttempts: 1}, {MinDelay: time.Hour}, {MinDelay: 1, MaxDelay: 1}} {
		if err := p.Validate(); err != nil {
			t.Errorf("Validate(%+v) = %v; want nil", p, err)
		}
	}
	for _, p := range []backoff.Policy{
		{MaxAttempts: -1},
		{MaxUnknown: -1},
		{MaxElapsed: -1},
		{MinDelay: -1},
		{MaxDelay: -1},
		{MaxDelay: 1},
		{MinDelay: 2, MaxDelay: 1},
	} {
		if err := p.Validate(); !errors.Is(err, errs.BadOption) {
			t.Errorf("Validate(%+v) = %v; want BadOption", p, err)
		}
	}
}

func BenchmarkFirstDelay(b *testing.B) {
	p := backoff.Policy{}.WithDefaults()
	b.ReportAllocs()
	for b.Loop() {
		p.Start().Next()
	}
}
