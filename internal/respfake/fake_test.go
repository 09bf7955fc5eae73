package respfake_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/goleak"

	"github.com/redoubt-go/redoubt/internal/respfake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// modes are the ways in which rueidis uses a connection: the adaptive one
// reads and writes in the caller's goroutine until callers meet.
var modes = map[string]bool{"adaptive": false, "pipelining": true}

// inBubble runs a test on the fake clock with a client of the server, in both
// modes.
func inBubble(t *testing.T, script respfake.Handler, run func(t *testing.T, client rueidis.Client, fake *respfake.Server), change ...func(*rueidis.ClientOption)) {
	t.Helper()
	for name, pipelining := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fake := respfake.New(script)
				defer fake.Close()
				opt := rueidis.ClientOption{AlwaysPipelining: pipelining}
				for _, c := range change {
					c(&opt)
				}
				run(t, connect(t, fake, opt), fake)
			})
		})
	}
}

func connect(t *testing.T, fake *respfake.Server, opt rueidis.ClientOption) rueidis.Client {
	t.Helper()
	opt.InitAddress, opt.DialCtxFn = []string{"fake:6379"}, fake.Dial
	opt.PipelineMultiplex, opt.DisableRetry = -1, true
	client, err := rueidis.NewClient(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func TestScriptAnswersCommandByCommand(t *testing.T) {
	t.Parallel()
	script := func(c *respfake.Conn, cmd []string) {
		switch cmd[0] {
		case "GET":
			c.Write(respfake.Bulk("v of " + cmd[1]))
		case "INCR":
			n, _ := c.State.(int)
			c.State = n + 1
			c.Write(respfake.Int(n + 1))
		case "MGET":
			c.Write(respfake.Array(respfake.Bulk("a"), respfake.Null))
		default:
			c.Write(respfake.Error("LOADING not yet"))
		}
	}
	inBubble(t, script, func(t *testing.T, client rueidis.Client, fake *respfake.Server) {
		ctx := t.Context()
		if got, err := client.Do(ctx, client.B().Get().Key("k").Build()).ToString(); got != "v of k" {
			t.Errorf("GET: got %q, %v; want %q", got, err, "v of k")
		}
		for want := int64(1); want <= 2; want++ {
			if got, err := client.Do(ctx, client.B().Incr().Key("n").Build()).AsInt64(); got != want {
				t.Errorf("INCR: got %d, %v; want %d", got, err, want)
			}
		}
		list, err := client.Do(ctx, client.B().Mget().Key("a", "b").Build()).ToArray()
		if err != nil || len(list) != 2 || !list[1].IsNil() {
			t.Errorf("MGET: got %v, %v; want a and nil", list, err)
		}
		err = client.Do(ctx, client.B().Set().Key("k").Value("v").Build()).Error()
		if re, ok := rueidis.IsRedisErr(err); !ok || !re.IsLoading() {
			t.Errorf("SET: got %v; want LOADING", err)
		}
		var lines []string
		for _, cmd := range fake.Commands() {
			lines = append(lines, cmd.String())
		}
		if got, want := strings.Join(lines, "; "), "GET k; INCR n; INCR n; MGET a b; SET k v"; got != want {
			t.Errorf("commands: got %q; want %q", got, want)
		}
		if got := fake.Count("INCR"); got != 2 {
			t.Errorf("Count(INCR): got %d; want 2", got)
		}
		if log := fake.Log(); log[0].Args[0] != "HELLO" || !log[0].Greeting || log[0].Conn != 1 {
			t.Errorf("first of the log: got %+v; want the greeting HELLO of connection 1", log[0])
		}
	})
}

func TestSilenceLastsUntilTheDeadlineOnTheFakeClock(t *testing.T) {
	t.Parallel()
	silent := func(*respfake.Conn, []string) {}
	inBubble(t, silent, func(t *testing.T, client rueidis.Client, _ *respfake.Server) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		err := client.Do(ctx, client.B().Get().Key("k").Build()).Error()
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("got %v after %v; want the deadline after 2s", err, time.Since(start))
		}
	})
}

func TestLateReplyIsFollowedByTheGreetingsBehindIt(t *testing.T) {
	t.Parallel()
	late := func(c *respfake.Conn, cmd []string) {
		time.AfterFunc(5*time.Second, func() { c.Write(respfake.Bulk("late")) })
	}
	// The keep-alive of a pipelining client sends a PING behind each GET.
	inBubble(t, late, func(t *testing.T, client rueidis.Client, _ *respfake.Server) {
		for range 2 {
			got, err := client.Do(t.Context(), client.B().Get().Key("k").Build()).ToString()
			if got != "late" {
				t.Errorf("got %q, %v; want late", got, err)
			}
		}
	})
}

func TestSleepDelaysTheReply(t *testing.T) {
	t.Parallel()
	slow := func(c *respfake.Conn, cmd []string) {
		c.Sleep(3 * time.Second)
		c.Write(respfake.OK)
	}
	inBubble(t, slow, func(t *testing.T, client rueidis.Client, _ *respfake.Server) {
		start := time.Now()
		err := client.Do(t.Context(), client.B().Set().Key("k").Value("v").Build()).Error()
		if err != nil || time.Since(start) != 3*time.Second {
			t.Errorf("got %v after %v; want OK after 3s", err, time.Since(start))
		}
	})
}

func TestPipelineLargerThanAnyBufferIsAnswered(t *testing.T) {
	t.Parallel()
	echo := func(c *respfake.Conn, cmd []string) { c.Write(respfake.Bulk(cmd[1])) }
	inBubble(t, echo, func(t *testing.T, client rueidis.Client, _ *respfake.Server) {
		key := strings.Repeat("k", 64<<10)
		cmds := make(rueidis.Commands, 64)
		for i := range cmds {
			cmds[i] = client.B().Get().Key(key).Build()
		}
		for i, resp := range client.DoMulti(t.Context(), cmds...) {
			if got, err := resp.ToString(); got != key {
				t.Fatalf("reply %d: got %d bytes, %v; want %d", i, len(got), err, len(key))
			}
		}
	})
}

func TestCloseLosesTheReplyAndTheNextDialIsAnother(t *testing.T) {
	t.Parallel()
	script := func(c *respfake.Conn, cmd []string) {
		if c.ID == 1 && cmd[0] == "INCR" {
			c.Close()
			return
		}
		c.Write(respfake.Int(c.ID))
	}
	inBubble(t, script, func(t *testing.T, client rueidis.Client, fake *respfake.Server) {
		incr := func() rueidis.RedisResult { return client.Do(t.Context(), client.B().Incr().Key("n").Build()) }
		if err := incr().Error(); !errors.Is(err, io.EOF) {
			t.Errorf("first INCR: got %v; want EOF", err)
		}
		if got, err := incr().AsInt64(); got != 2 {
			t.Errorf("second INCR: got %d, %v; want it on connection 2", got, err)
		}
		if got := fake.Dials(); got != 2 {
			t.Errorf("dials: got %d; want 2", got)
		}
	})
}

func TestRefuseAndDropMakeAnOutage(t *testing.T) {
	t.Parallel()
	ok := func(c *respfake.Conn, _ []string) { c.Write(respfake.OK) }
	inBubble(t, ok, func(t *testing.T, client rueidis.Client, fake *respfake.Server) {
		ping := func() error { return client.Do(t.Context(), client.B().Set().Key("k").Value("v").Build()).Error() }
		fake.Refuse(syscall.ECONNREFUSED)
		fake.Drop()
		synctest.Wait()
		if err := ping(); !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("during the outage: got %v; want a broken or refused connection", err)
		}
		if err := ping(); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("later in the outage: got %v; want ECONNREFUSED", err)
		}
		fake.Refuse(nil)
		if err := ping(); err != nil {
			t.Errorf("after the outage: %v", err)
		}
	})
}

func TestPushReachesTheClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := respfake.New(nil)
		defer fake.Close()
		invalidated := make(chan string, 1)
		connect(t, fake, rueidis.ClientOption{OnInvalidations: func(keys []rueidis.RedisMessage) {
			for _, key := range keys {
				text, _ := key.ToString()
				invalidated <- text
			}
		}})
		for _, c := range fake.Conns() {
			c.Write(respfake.Push(respfake.Bulk("invalidate"), respfake.Array(respfake.Bulk("k"))))
		}
		if got := <-invalidated; got != "k" {
			t.Errorf("invalidated: got %q; want k", got)
		}
	})
}

func TestRESP2ClientIsGreeted(t *testing.T) {
	t.Parallel()
	ok := func(c *respfake.Conn, _ []string) { c.Write(respfake.Nil) }
	inBubble(t, ok, func(t *testing.T, client rueidis.Client, _ *respfake.Server) {
		if err := client.Do(t.Context(), client.B().Get().Key("k").Build()).Error(); !rueidis.IsRedisNil(err) {
			t.Errorf("GET: got %v; want nil", err)
		}
	}, func(opt *rueidis.ClientOption) { opt.AlwaysRESP2, opt.DisableCache = true, true })
}

func TestRawScriptSeesTheGreeting(t *testing.T) {
	t.Parallel()
	fake := respfake.NewRaw(func(c *respfake.Conn, cmd []string) {
		if cmd[0] == "HELLO" {
			c.Write(respfake.Error("NOAUTH Authentication required."))
			return
		}
		if !respfake.Greet(c, cmd) {
			c.Write(respfake.OK)
		}
	})
	defer fake.Close()
	_, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{"a:1"}, DialCtxFn: fake.Dial, ForceSingleClient: true})
	if err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("got %v; want NOAUTH", err)
	}
}

func TestHalfCloseEndsReadsAndNotWrites(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 2)
	fake := respfake.New(func(c *respfake.Conn, cmd []string) {
		heard <- cmd[0]
		if cmd[0] == "FIRST" {
			c.Write("+last words\r\n")
			c.CloseWrite()
		}
	})
	defer fake.Close()
	addr, err := fake.Listen()
	if err != nil {
		t.Fatal(err)
	}
	overTCP, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	inMemory, err := fake.Dial(t.Context(), "a:1", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]net.Conn{"tcp": overTCP, "memory": inMemory} {
		c.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(c, "*1\r\n$5\r\nfirst\r\n")
		if got, err := io.ReadAll(c); string(got) != "+last words\r\n" {
			t.Errorf("%s: read %q, %v; want the last words and EOF", name, got, err)
		}
		if _, err := io.WriteString(c, "*1\r\n$6\r\nsecond\r\n"); err != nil {
			t.Errorf("%s: write after the half-close: %v", name, err)
		}
		if a, b := <-heard, <-heard; a != "FIRST" || b != "SECOND" {
			t.Errorf("%s: the script heard %s, %s; want FIRST, SECOND", name, a, b)
		}
		c.Close()
	}
}

func TestResetIsAResetOverTCP(t *testing.T) {
	t.Parallel()
	fake := respfake.New(func(c *respfake.Conn, _ []string) { c.Reset() })
	defer fake.Close()
	addr, err := fake.Listen()
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "*1\r\n$3\r\nGET\r\n")
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read: got %v; want ECONNRESET", err)
	}
}

func TestStalledConnectionReadsNothingUntilClose(t *testing.T) {
	t.Parallel()
	stalled := make(chan struct{})
	fake := respfake.New(func(c *respfake.Conn, _ []string) { close(stalled); c.Stall() })
	c, err := fake.Dial(t.Context(), "a:1", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "*1\r\n$3\r\nGET\r\n")
	<-stalled
	c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := c.Write(bytes.Repeat([]byte("x"), 8192)); err == nil {
		t.Error("a stalled server reads on")
	}
	fake.Close() // ends the script, too
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("read after Close: got %v; want EOF", err)
	}
	if _, err := fake.Dial(t.Context(), "a:1", nil, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Dial after Close: got %v; want net.ErrClosed", err)
	}
}

func TestGarbageFromAClientEndsTheConnection(t *testing.T) {
	t.Parallel()
	for _, garbage := range []string{"\n", "GET k\r\n", "*0\r\n", "*-1\r\n", "*1\r\n$-1\r\n", "*1\r\n:1\r\n", "*99999999999999999999\r\n"} {
		fake := respfake.New(func(*respfake.Conn, []string) { t.Errorf("%q reached the script", garbage) })
		c, err := fake.Dial(t.Context(), "a:1", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() { io.WriteString(c, garbage) })
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("%q: read gives %v; want EOF", garbage, err)
		}
		fake.Close()
		wg.Wait()
	}
}
