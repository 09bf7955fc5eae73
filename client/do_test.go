package client_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

func TestNilReplyIsAResult(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"GET": {respfake.Null}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		if err := get(context.Background(), c, "k"); err != rueidis.Nil {
			t.Errorf("got %#v; want rueidis.Nil itself", err)
		}
		wantCount(t, fake, "GET", 1)
	})
}

func TestEmptyCommandIsMisuse(t *testing.T) {
	t.Parallel()
	bubble(t, plan{}.script, func(t *testing.T, c *client.Client, _ *respfake.Server) {
		wantErr0(t, c.Do(context.Background(), rueidis.Completed{}).Error(), errs.Misuse)
	})
}

func TestFailureIsFoundByKindClassAndType(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"SET": {respfake.Error("OOM command not allowed when used memory > 'maxmemory'.")}}.script,
		func(t *testing.T, c *client.Client, _ *respfake.Server) {
			raw := do(context.Background(), c, "SET", "k", "v")
			for _, err := range []error{raw, fmt.Errorf("saving: %w", raw), errors.Join(errors.New("other"), raw)} {
				if !errors.Is(err, errs.OOM) || !errors.Is(err, errs.ServerState) || errors.Is(err, errs.Loading) || errors.Is(err, errs.Transport) {
					t.Errorf("%v: errors.Is does not find exactly OOM and ServerState", err)
				}
				if e, ok := errors.AsType[*errs.Error](err); !ok || e.Code != "OOM" || e.Op != "SET" || e.Addr != addr || e.Attempts != 1 {
					t.Errorf("%v: AsType gives %#v", err, e)
				}
				var server *rueidis.RedisError
				if !errors.As(err, &server) || server.Error()[:3] != "OOM" {
					t.Errorf("%v: the server's reply is not behind it", err)
				}
				var kind errs.Kind
				if errors.As(err, &kind) && kind != errs.OOM {
					t.Errorf("%v: As gives kind %v", err, kind)
				}
			}
		})
}

func TestRedirectionsOfAStandaloneServerAreTypedAndNotFollowed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line string
		kind errs.Kind
		want errs.RedirectError
	}{
		{"MOVED 7629 10.0.0.2:6380", errs.Moved, errs.RedirectError{To: "10.0.0.2:6380", Slot: 7629}},
		{"MOVED 7629 :6380", errs.Moved, errs.RedirectError{To: "redis.test:6380", Slot: 7629}},
		{"ASK 7629 [::1]:6380", errs.Ask, errs.RedirectError{To: "[::1]:6380", Slot: 7629}},
		{"REDIRECT 10.0.0.2:6380", errs.RedirectTo, errs.RedirectError{To: "10.0.0.2:6380", Slot: -1}},
		{"MOVED 7629 ?:6380", errs.UnknownTarget, errs.RedirectError{Slot: 7629}},
		{"MOVED", errs.BadRedirect, errs.RedirectError{Slot: -1}},
		{"MOVED 99999 10.0.0.2:6380", errs.BadRedirect, errs.RedirectError{Slot: -1}},
		{"MOVED x y z", errs.BadRedirect, errs.RedirectError{Slot: -1}},
		{"ASK 7629 nowhere", errs.BadRedirect, errs.RedirectError{Slot: -1}},
	} {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			bubble(t, plan{"GET": {respfake.Error(tt.line)}}.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
				err := get(context.Background(), c, "k")
				wantErr(t, err, tt.kind, errs.NotExecuted, 1)
				re, ok := errors.AsType[*errs.RedirectError](err)
				if !ok || re.From != addr || re.To != tt.want.To || re.Slot != tt.want.Slot {
					t.Errorf("got %+v; want %+v from %s", re, tt.want, addr)
				}
				if _, ok := errors.AsType[*rueidis.RedisError](err); !ok {
					t.Error("the server's reply is not behind it")
				}
				wantCount(t, fake, "GET", 1)
			})
		})
	}
}

// forgetful is a server whose script cache is empty.
var forgetful = plan{
	"EVALSHA":    {respfake.Error("NOSCRIPT No matching script. Please use EVAL.")},
	"EVALSHA_RO": {respfake.Error("NOSCRIPT No matching script. Please use EVAL.")},
	"EVAL":       {respfake.Int(1)},
	"EVAL_RO":    {respfake.Int(1)},
}

func TestNoScriptToEvalshaStaysRaw(t *testing.T) {
	t.Parallel()
	bubble(t, forgetful.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		for _, cmd := range []rueidis.Completed{
			c.B().Evalsha().Sha1("abc").Numkeys(0).Build(),
			c.B().EvalshaRo().Sha1("abc").Numkeys(0).Build(),
		} {
			if re, ok := rueidis.IsRedisErr(c.Do(context.Background(), cmd).Error()); !ok || !re.IsNoScript() {
				t.Errorf("got %v; want the NOSCRIPT of rueidis", re)
			}
		}
		wantCount(t, fake, "EVALSHA", 1)
		wantCount(t, fake, "EVALSHA_RO", 1)
	})
}

func TestLuaHealsOverBothFaces(t *testing.T) {
	t.Parallel()
	bubble(t, forgetful.script, func(t *testing.T, c *client.Client, fake *respfake.Server) {
		for _, face := range []rueidis.Client{c, c.Compat()} {
			for _, script := range []*rueidis.Lua{rueidis.NewLuaScript("return 1"), rueidis.NewLuaScriptReadOnly("return 1")} {
				if n, err := script.Exec(context.Background(), face, []string{"k"}, nil).AsInt64(); n != 1 || err != nil {
					t.Errorf("%T: got %d, %v; want 1", face, n, err)
				}
			}
		}
		wantCount(t, fake, "EVAL", 2)
		wantCount(t, fake, "EVAL_RO", 2)
	})
}

func TestForeignScriptErrorIsTyped(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"FCALL": {respfake.Error("NOSCRIPT No matching script.")}}.script,
		func(t *testing.T, c *client.Client, _ *respfake.Server) {
			err := c.Do(context.Background(), c.B().Fcall().Function("f").Numkeys(0).Build()).Error()
			wantErr(t, err, errs.NoScript, errs.NotExecuted, 1)
		})
}

// door is a server with a password that changes under its clients: a
// connection is only as good as the password of its HELLO.
type door struct{ password, told string }

func (d *door) script() respfake.Handler {
	return func(c *respfake.Conn, cmd []string) {
		switch {
		case cmd[0] == "HELLO" && cmd[len(cmd)-1] == d.password:
			c.State = d.password
			respfake.Greet(c, cmd)
		case cmd[0] == "HELLO":
			c.Write(respfake.Error("WRONGPASS invalid username-password pair or user is disabled."))
		case c.State != d.password:
			c.Write(respfake.Error("NOAUTH Authentication required."))
		case cmd[0] == "LOSE":
			c.Close()
		case !respfake.Greet(c, cmd):
			c.Write(respfake.OK)
		}
	}
}

func (d *door) credentials(opt *rueidis.ClientOption) {
	opt.AuthCredentialsFn = func(rueidis.AuthCredentialsContext) (rueidis.AuthCredentials, error) {
		return rueidis.AuthCredentials{Username: "app", Password: d.told}, nil
	}
}

func TestNoAuthIsTriedOnceMoreWithFreshCredentials(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]setup{"own pauses": slow, "pauses of the options": setup(hasty)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modes(t, func(t *testing.T, mode setup) {
				d := &door{password: "one", told: "one"}
				fake := respfake.NewRaw(d.script())
				defer fake.Close()
				c := dial(t, fake, mode, again, d.credentials)
				if err := incr(context.Background(), c); err != nil {
					t.Fatal(err)
				}
				d.password, d.told = "two", "two"
				within(t, 0, 0, func() {
					if err := incr(context.Background(), c); err != nil {
						t.Errorf("after the rotation: %v", err)
					}
				})
				if got := fake.Dials(); got != 2 {
					t.Errorf("got %d dials; want one more", got)
				}
			})
		})
	}
}

func TestNoAuthThatStaysIsReturned(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]setup{"own pauses": slow, "pauses of the options": setup(hasty)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, plan{"INCR": {respfake.Error("NOAUTH Authentication required.")}}.script,
				func(t *testing.T, c *client.Client, fake *respfake.Server) {
					wantErr(t, incr(context.Background(), c), errs.NoAuth, errs.NotExecuted, 2)
					wantCount(t, fake, "INCR", 2)
				}, again)
		})
	}
}

// Such a reply comes as an error of the connection: it is not the command that
// was refused.
func TestWrongPasswordOfAReconnectIsNoReplyToTheCommand(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		d := &door{password: "one", told: "one"}
		fake := respfake.NewRaw(d.script())
		defer fake.Close()
		c := dial(t, fake, mode, d.credentials)
		lose(t, c)
		d.password = "two"
		e := wantErr(t, incr(context.Background(), c), errs.WrongPass, errs.NotExecuted, 1)
		if e.Code != "WRONGPASS" || !errors.Is(e, errs.Auth) {
			t.Errorf("got %#v; want WRONGPASS of class Auth", e)
		}
		for _, cmd := range fake.Log() {
			if cmd.Args[0] == "INCR" {
				t.Error("INCR was sent")
			}
		}
	})
}

func TestCredentialsFunctionThatFailsIsWaitedOutAndTyped(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		d := &door{password: "one", told: "one"}
		fake := respfake.NewRaw(d.script())
		defer fake.Close()
		vault := errors.New("the vault is sealed")
		failures := 0
		c := dial(t, fake, mode, client.Retry(client.RetryPolicy{MaxAttempts: 4}), func(opt *rueidis.ClientOption) {
			opt.AuthCredentialsFn = func(rueidis.AuthCredentialsContext) (rueidis.AuthCredentials, error) {
				if failures--; failures >= 0 {
					return rueidis.AuthCredentials{}, vault
				}
				return rueidis.AuthCredentials{Username: "app", Password: d.told}, nil
			}
		})
		lose(t, c)
		failures = 2
		if err := incr(context.Background(), c); err != nil {
			t.Errorf("INCR: got %v; want it sent with the third credentials", err)
		}
		lose(t, c)
		failures = 1000
		err := incr(context.Background(), c)
		wantErr(t, err, errs.CredsFailed, errs.NotExecuted, 4)
		if !errors.Is(err, vault) {
			t.Errorf("%v: want the function's own error behind it", err)
		}
		failures = 0
	})
}

// A password that was changed on the server leaves its connections alive.
func TestRefusedConnectionDoesNotCostTheOthersTheirs(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"WRONGPASS invalid username-password pair or user is disabled.",
		"NOAUTH HELLO must be called with the client already authenticated",
		"ERR max number of clients reached",
	} {
		t.Run(line[:6], func(t *testing.T) {
			t.Parallel()
			modes(t, func(t *testing.T, mode setup) {
				fake := respfake.NewRaw(func(c *respfake.Conn, cmd []string) {
					if c.ID > 1 {
						c.Write(respfake.Error(line))
					} else if !respfake.Greet(c, cmd) {
						c.Write(respfake.OK)
					}
				})
				defer fake.Close()
				c := dial(t, fake, mode, patient)
				pop := c.B().Blpop().Key("q").Timeout(0).Build() // needs another connection
				e := mine(t, c.Do(context.Background(), pop).Error())
				if e.Effect != errs.NotExecuted || e.Addr != addr {
					t.Errorf("got %#v; want it not executed at %s", e, addr)
				}
				if err := incr(context.Background(), c); err != nil {
					t.Error(err)
				}
				for _, cmd := range fake.Log() {
					if cmd.Args[0] == "INCR" && cmd.Conn != 1 {
						t.Errorf("INCR came on connection %d; want the first one, unharmed", cmd.Conn)
					}
				}
			})
		})
	}
}

func TestMaxClientsOnAReconnectIsTypedAndWaitedOut(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode setup) {
		full := func(c *respfake.Conn) bool { return c.ID == 2 || c.ID == 3 }
		fake := respfake.NewRaw(func(c *respfake.Conn, cmd []string) {
			switch {
			case full(c):
				c.Write(respfake.Error("ERR max number of clients reached"))
				c.Close()
			case cmd[0] == "LOSE":
				c.Close()
			case !respfake.Greet(c, cmd):
				c.Write(respfake.OK)
			}
		})
		defer fake.Close()
		o := &recorder{}
		c := dial(t, fake, mode, client.WithObserver(o))
		lose(t, c)
		o.reset()
		if err := incr(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		attempts := o.attempts()
		if len(attempts) < 2 {
			t.Fatalf("got %d attempts; want refused ones", len(attempts))
		}
		for _, ev := range attempts[:len(attempts)-1] {
			if ev.Kind != errs.MaxClients || ev.Effect != errs.NotExecuted {
				t.Errorf("attempt %d: got %v, %v; want MaxClients, not executed", ev.Attempt, ev.Kind.Label(), ev.Effect)
			}
		}
	})
}

func TestCompatGivesTheValuesOfRueidis(t *testing.T) {
	t.Parallel()
	bubble(t, plan{"INCR": {respfake.Error(loading), respfake.Error(wrongType)}}.script,
		func(t *testing.T, c *client.Client, fake *respfake.Server) {
			err := incr(context.Background(), c.Compat())
			if re, ok := rueidis.IsRedisErr(err); !ok || re.Error() != wrongType {
				t.Errorf("got %#v; want the reply to the second attempt", err)
			}
			wantCount(t, fake, "INCR", 2)
			canceled, cancel := context.WithCancel(context.Background())
			cancel()
			err = incr(canceled, c.Compat())
			if _, ours := errors.AsType[*errs.Error](err); ours || !errors.Is(err, context.Canceled) {
				t.Errorf("canceled: got %#v; want context.Canceled itself", err)
			}
		})
}
