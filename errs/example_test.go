package errs_test

import (
	"errors"
	"fmt"
	"io"

	"github.com/redoubt-go/redoubt/errs"
)

// A kind or a whole class is asked for with errors.Is, however often the error
// was wrapped.
func Example_askWhatFailed() {
	err := fmt.Errorf("load cart: %w", &errs.Error{
		Kind: errs.Loading, Effect: errs.NotExecuted, Code: "LOADING", Op: "HGETALL", Addr: "10.0.0.7:6379",
	})

	fmt.Println(errors.Is(err, errs.Loading))
	fmt.Println(errors.Is(err, errs.ServerState))
	fmt.Println(errors.Is(err, errs.Transport))
	fmt.Println(err)
	// Output:
	// true
	// true
	// false
	// load cart: HGETALL: the node is loading its dataset (LOADING), node 10.0.0.7:6379
}

// After a lost connection a write may have been executed; then it must be
// looked up, not just sent again.
func Example_decideWhetherToRepeatAWrite() {
	charge := func(err error) {
		switch {
		case err == nil:
			fmt.Println("charged")
		case errs.MayHaveExecuted(err):
			fmt.Println("look up the charge:", err)
		default:
			fmt.Println("charge again:", err)
		}
	}

	charge(&errs.Error{Kind: errs.ConnLost, Op: "INCRBY", Addr: "10.0.0.7:6379", Err: io.EOF})
	charge(&errs.Error{Kind: errs.DialRefused, Effect: errs.NotExecuted, Op: "INCRBY", Attempts: 3})
	// Output:
	// look up the charge: INCRBY: the connection was lost, node 10.0.0.7:6379, may have been executed
	// charge again: INCRBY: connection refused, after 3 attempts
}

// Payloads say more than the fields of Error hold.
func Example_readThePayload() {
	err := error(&errs.Error{
		Kind: errs.FanoutFailed, Effect: errs.Partial, Op: "FLUSHALL",
		Err: &errs.FanoutError{ByNode: map[string]error{
			"10.0.0.8:6379": &errs.Error{Kind: errs.DialRefused, Effect: errs.NotExecuted},
		}},
	})

	if fanout, ok := errors.AsType[*errs.FanoutError](err); ok {
		for addr, failure := range fanout.ByNode {
			fmt.Println(addr, "failed:", errs.KindOf(failure))
		}
	}
	// Output:
	// 10.0.0.8:6379 failed: connection refused
}
