//go:build !race

package client

import (
	"context"
	"strings"
	"testing"
)

// The race detector makes sync.Pool forget on purpose, so this is not counted
// under it.
func TestHealthyCallAllocatesNothingOfItsOwn(t *testing.T) {
	ctx := context.Background()
	c := &Client{memoryCore(t)}
	for name, words := range map[string]int{"GET": 2, "SET": 3, "eight words": 8, "from the pool": 9, "forty words": 40} {
		cmd := command(strings.Fields("SET " + strings.Repeat("w ", words-1))...)
		if got := testing.AllocsPerRun(200, func() { c.Do(ctx, cmd) }); got != 0 {
			t.Errorf("%s: %v allocations; want 0", name, got)
		}
	}
}
