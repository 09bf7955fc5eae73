package benchkit

import (
	"errors"

	"github.com/redoubt-go/redoubt/classify"
)

var errNotClassified = errors.New("the reply was not classified")

// Classification is the work of judging a reply: one that begins with a code
// (redoubt), one that has only a text behind ERR, and the making of the error
// that a caller sees.
func Classification() Work {
	// Made once: it is a reply, not its way into an interface, that is judged.
	var (
		coded error = classify.Line("LOADING Redis is loading the dataset in memory")
		text  error = classify.Line("ERR value is not an integer or out of range")
	)
	op := classify.Op{Name: "INCR", Safety: classify.Accumulating}
	judge := func(reply error) func(int) error {
		return func(int) error {
			if v := classify.Of(reply, &op); v.Kind == 0 {
				return errNotClassified
			}
			return nil
		}
	}
	subjects := []Subject{
		{"redoubt", Serial(judge(coded))},
		{"redoubt-err-text", Serial(judge(text))},
		{"redoubt-typed", Serial(func(int) error {
			if classify.Typed(coded) == nil {
				return errNotClassified
			}
			return nil
		})},
	}
	return Work{Name: "classify", RatioTo: "redoubt", Open: func() ([]Subject, func(), error) {
		return subjects, func() {}, nil
	}}
}
