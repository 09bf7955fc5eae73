package classify_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/errs"
)

func TestContexts(t *testing.T) {
	t.Parallel()
	alive := classify.Op{Now: 100, Deadline: 200}
	late := classify.Op{Now: 200, Deadline: 200}
	canceled := classify.Op{CtxErr: context.Canceled, Now: 100, Deadline: 200}
	expired := classify.Op{CtxErr: context.DeadlineExceeded}
	unsent := func(op classify.Op) *classify.Op { op.Unsent = true; return &op }
	dialing := func(op classify.Op) *classify.Op { op.Dialing = true; return &op }
	dialCanceled := func() error {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:1")
		return err
	}()
	for _, tt := range []struct {
		name   string
		err    error
		op     *classify.Op
		kind   errs.Kind
		effect errs.Effect
		do     classify.Do
	}{
		{"own cancel", context.Canceled, &canceled, errs.Canceled, errs.Unknown, classify.Return},
		{"own cancel, unsent", context.Canceled, unsent(canceled), errs.Canceled, errs.NotExecuted, classify.Return},
		{"own deadline", context.DeadlineExceeded, &expired, errs.Deadline, errs.Unknown, classify.Return},
		{"own deadline by the clock", context.DeadlineExceeded, &late, errs.Deadline, errs.Unknown, classify.Return},
		{"own deadline, unsent", context.DeadlineExceeded, unsent(late), errs.Deadline, errs.NotExecuted, classify.Return},
		{"own deadline as an i/o timeout", os.ErrDeadlineExceeded, &late, errs.Deadline, errs.Unknown, classify.Return},
		{"own cancel, foreign deadline", context.DeadlineExceeded, &canceled, errs.Canceled, errs.Unknown, classify.Return},
		{"foreign cancel", context.Canceled, &alive, errs.ForeignContext, errs.NotExecuted, classify.RetryNow},
		{"foreign deadline", context.DeadlineExceeded, &alive, errs.ForeignContext, errs.NotExecuted, classify.RetryNow},
		{"foreign cancel of a dial", dialCanceled, &alive, errs.ForeignContext, errs.NotExecuted, classify.RetryNow},
		{"own cancel of a dial", dialCanceled, &canceled, errs.Canceled, errs.Unknown, classify.Return},
		{"foreign, by the seam", &errs.Error{Kind: errs.ForeignContext, Effect: errs.NotExecuted}, &alive, errs.ForeignContext, errs.NotExecuted, classify.RetryNow},
		{"own, by the seam", &errs.Error{Kind: errs.ForeignContext, Effect: errs.NotExecuted}, &late, errs.Deadline, errs.NotExecuted, classify.Return},
		{"bound on the set-up", context.DeadlineExceeded, dialing(alive), errs.DialTimeout, errs.NotExecuted, classify.RetryBackoff},
		{"no operation", context.Canceled, nil, errs.Canceled, errs.Unknown, classify.Return},
		{"no operation, deadline", context.DeadlineExceeded, nil, errs.Deadline, errs.Unknown, classify.Return},
		{"EOF while the set-up", io.EOF, dialing(alive), errs.DialFailed, errs.NotExecuted, classify.RetryBackoff},
		{"i/o timeout while the set-up", os.ErrDeadlineExceeded, dialing(alive), errs.DialTimeout, errs.NotExecuted, classify.RetryBackoff},
		{"a reply though the context ended", classify.Line("WRONGTYPE x"), &canceled, errs.WrongType, errs.NotExecuted, classify.Return},
	} {
		v := classify.Of(tt.err, tt.op)
		if v.Kind != tt.kind || v.Effect != tt.effect || v.Do != tt.do {
			t.Errorf("%s: got %v, %v, %v; want %v, %v, %v", tt.name, v.Kind.String(), v.Effect, v.Do, tt.kind.String(), tt.effect, tt.do)
		}
		op := tt.op
		if op == nil {
			op = &classify.Op{}
		}
		e := classify.Wrap(v, tt.err, op)
		ownCanceled, ownDeadline := v.Kind == errs.Canceled, v.Kind == errs.Deadline
		if errors.Is(e, context.Canceled) != ownCanceled || errors.Is(e, context.DeadlineExceeded) != ownDeadline {
			t.Errorf("%s: errors.Is finds Canceled %v, DeadlineExceeded %v; want %v, %v", tt.name,
				errors.Is(e, context.Canceled), errors.Is(e, context.DeadlineExceeded), ownCanceled, ownDeadline)
		}
	}
}
