package client_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// renewing is a server whose client renews its credentials after a second, on
// the live connection, and fails to while an INCR is in flight there.
type renewing struct {
	function error         // of the credentials function
	reply    string        // to the renewing AUTH, once there is an INCR behind it
	after    time.Duration // when the INCR is sent
}

func (f renewing) incr(t *testing.T, mode setup) (*respfake.Server, error) {
	t.Helper()
	var calls atomic.Int32
	fake := respfake.NewRaw(func(c *respfake.Conn, cmd []string) {
		switch cmd[0] {
		case "AUTH":
			c.State = f.reply
		case "INCR": // it is executed, and its reply does not arrive
			if reply, ok := c.State.(string); ok {
				c.Write(reply)
			}
		default:
			respfake.Greet(c, cmd)
		}
	})
	t.Cleanup(fake.Close)
	c := dial(t, fake, mode, func(opt *rueidis.ClientOption) {
		opt.Dialer.KeepAlive, opt.ConnWriteTimeout = time.Minute, 10*time.Second // no PING of rueidis meanwhile
		opt.AuthCredentialsFn = func(rueidis.AuthCredentialsContext) (rueidis.AuthCredentials, error) {
			good := rueidis.AuthCredentials{Username: "u", Password: "p"}
			switch calls.Add(1) {
			case 1:
				good.RefreshAfter = time.Now().Add(time.Second)
			case 2:
				return good, f.function
			}
			return good, nil
		}
	})
	time.Sleep(f.after)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return fake, incr(ctx, c)
}

// Credentials that cannot be renewed end a connection with commands on it, and
// rueidis gives those the failure of the renewal, which says nothing about
// them.
func TestFailedRenewalLeavesCommandsInDoubt(t *testing.T) {
	t.Parallel()
	const before, behind = 500 * time.Millisecond, 1500 * time.Millisecond
	for name, f := range map[string]renewing{
		"function": {function: errors.New("vault is sealed"), after: before},
		"refused":  {reply: respfake.Error("WRONGPASS invalid username-password pair or user is disabled."), after: behind},
		"loading":  {reply: respfake.Error("LOADING Redis is loading the dataset in memory"), after: behind},
		"timeout":  {after: behind},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modes(t, func(t *testing.T, mode setup) {
				fake, err := f.incr(t, mode)
				arrived := fake.Count("INCR") // in adaptive mode it may have waited behind the AUTH
				if arrived > 1 || errs.MayHaveExecuted(err) != (arrived == 1) {
					t.Errorf("got %v; INCR arrived %d times", err, arrived)
				}
			})
		})
	}
}
