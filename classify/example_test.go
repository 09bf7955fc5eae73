package classify_test

import (
	"errors"
	"fmt"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

// A write reached a node that has become a replica: it was not executed, so it
// may be sent again, to the primary that a refresh will find.
func ExampleOf() {
	op := &classify.Op{Name: "INCR", Safety: classify.Accumulating}
	v := classify.Of(classify.Line("READONLY You can't write against a read only replica."), op)

	fmt.Println(v.Kind.String(), v.Effect, v.Do, v.Fix.Names(), v.Lane)
	fmt.Println("send again:", v.MayResend(op.Safety, classify.ReadOnly))
	// Output:
	// ReadOnly not-executed retry-backoff [refresh-topology retire-node rediscover] fail-write
	// send again: true
}

// Any error of a bare rueidis client can be typed.
func ExampleTyped() {
	raw := classify.Line("EXECABORT Transaction discarded because of: LOADING Redis is loading the dataset in memory")
	err := classify.Typed(raw)

	fmt.Println(err)
	fmt.Println(errors.Is(err, errs.ExecAbort), errors.Is(err, errs.Loading), errs.MayHaveExecuted(err))
	// Output:
	// the transaction was discarded (EXECABORT)
	// true true false
}
