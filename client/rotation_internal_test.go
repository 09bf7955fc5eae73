package client

import (
	"context"
	"testing"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// A re-authentication that times out ends what is in flight with
// context.DeadlineExceeded, so there a foreign context proves nothing.
func TestForeignContextIsInDoubtWhereCredentialsAreRenewed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rotates bool
		err     error
		want    errs.Effect
	}{
		{false, context.DeadlineExceeded, errs.NotExecuted},
		{true, context.DeadlineExceeded, errs.Unknown},
		{true, &errs.Error{Kind: errs.ForeignContext, Effect: errs.NotExecuted}, errs.NotExecuted},
	} {
		c := memoryCore(t)
		c.rotates = tt.rotates
		r := c.run(context.Background(), Op{}, nano())
		r.look()
		got := &try{op: classify.Op{Name: "INCR", Safety: classify.Accumulating}}
		r.judge(got, c.top.pick(route{}), tt.err, false)
		if got.v.Kind != errs.ForeignContext || got.v.Effect != tt.want {
			t.Errorf("renewed %v, %T: got %v, %v; want ForeignContext, %v", tt.rotates, tt.err, got.v.Kind, got.v.Effect, tt.want)
		}
	}
}
