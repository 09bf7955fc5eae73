package benchkit_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redoubt-go/redoubt/internal/benchkit"
)

// memory is a peer that needs no server, and knows what was asked of it.
type memory struct {
	mu        sync.Mutex
	values    map[string]string
	sets      int
	deadlines int
	batches   map[int]int // size to count
	closed    int
}

func (m *memory) Get(ctx context.Context, key string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := ctx.Deadline(); ok {
		m.deadlines++
	}
	return m.values[key], nil
}

func (m *memory) Set(_ context.Context, key, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sets++
	m.values[key] = value
	return nil
}

func (m *memory) GetBatch(_ context.Context, keys []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.batches[len(keys)]++
	return nil
}

func (m *memory) Close() error {
	m.closed++
	return nil
}

var quick = benchkit.Config{Rounds: 1, Round: 100 * time.Microsecond}

// commands measures the work of that name over the peer.
func commands(t *testing.T, name string, p benchkit.Peer) error {
	t.Helper()
	connect := func() ([]benchkit.NamedPeer, error) {
		return []benchkit.NamedPeer{{Name: "rueidis", Peer: p}}, nil
	}
	for _, w := range benchkit.Commands(connect) {
		if w.Name == name {
			_, err := benchkit.Measure(t.Context(), w, quick)
			return err
		}
	}
	t.Fatalf("no work %s", name)
	return nil
}

func TestWorksAskWhatTheirNamesSay(t *testing.T) {
	t.Parallel()
	const seeded = 1000
	for name, asked := range map[string]func(*memory) bool{
		"get-serial":       func(m *memory) bool { return m.sets == seeded && m.deadlines == 0 },
		"get-128":          func(m *memory) bool { return m.sets == seeded && m.deadlines == 0 },
		"set-128":          func(m *memory) bool { return m.sets > seeded },
		"get-128-deadline": func(m *memory) bool { return m.sets == seeded && m.deadlines > 0 },
		"domulti-100":      func(m *memory) bool { return len(m.batches) == 1 && m.batches[100] > 0 },
	} {
		m := &memory{values: map[string]string{}, batches: map[int]int{}}
		if err := commands(t, name, m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !asked(m) {
			t.Errorf("%s: got %d sets, %d gets with a deadline, batches %v", name, m.sets, m.deadlines, m.batches)
		}
		if m.closed != 1 {
			t.Errorf("%s: closed %d times; want once", name, m.closed)
		}
	}
}

// forgetful answers, but not what was set.
type forgetful struct{ *memory }

func (f forgetful) Get(context.Context, string) (string, error) { return "", nil }

func TestWrongAnswerIsNoFigure(t *testing.T) {
	t.Parallel()
	m := &memory{values: map[string]string{}}
	err := commands(t, "get-128", forgetful{m})
	if err == nil || !strings.Contains(err.Error(), "get-128: rueidis: ") {
		t.Errorf("got %v; want an error that names work and subject", err)
	}
}

func TestFailureToConnectEndsTheWork(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	connect := func() ([]benchkit.NamedPeer, error) { return nil, refused }
	for _, w := range benchkit.Commands(connect) {
		if _, err := benchkit.Measure(t.Context(), w, quick); !errors.Is(err, refused) {
			t.Errorf("%s: got %v; want %v", w.Name, err, refused)
		}
	}
}

func TestClassificationAllocatesOnlyTheError(t *testing.T) {
	// Not parallel: allocations are counted for the whole process.
	results, err := benchkit.Measure(t.Context(), benchkit.Classification(), benchkit.Config{Rounds: 3, Round: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if typed := r.Subject == "redoubt-typed"; !typed && r.Allocs > 0.1 {
			t.Errorf("%s: got %v allocations; want none", r.Subject, r.Allocs)
		}
	}
}
