package classify_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"testing"

	"github.com/redis/rueidis"
)

// fromRueidis returns what rueidis makes of error lines, by having a server at
// the other end of a pipe send them.
func fromRueidis(t *testing.T, lines []string) []error {
	t.Helper()
	client, err := rueidis.NewClient(options(func(key string) string {
		n, _ := strconv.Atoi(key)
		return "-" + lines[n] + "\r\n"
	}))
	if err != nil {
		t.Fatalf("NewClient: %v", err)
	}
	t.Cleanup(client.Close)
	failures := make([]error, len(lines))
	for i := range lines {
		cmd := client.B().Get().Key(strconv.Itoa(i)).Build()
		failures[i] = client.Do(t.Context(), cmd).Error()
	}
	return failures
}

// connect returns a client of a server that answers every command of the
// caller with one reply.
func connect(t *testing.T, reply string) rueidis.Client {
	t.Helper()
	client, err := rueidis.NewClient(options(func(string) string { return reply }))
	if err != nil {
		t.Fatalf("NewClient: %v", err)
	}
	t.Cleanup(client.Close)
	return client
}

// fromRueidisReply returns the result of a command that was answered so.
func fromRueidisReply(t *testing.T, reply string) rueidis.RedisResult {
	t.Helper()
	client := connect(t, reply)
	return client.Do(t.Context(), client.B().Get().Key("k").Build())
}

// garbage returns the error that rueidis makes of bytes that are no reply.
func garbage(t *testing.T, reply string) error {
	t.Helper()
	err := fromRueidisReply(t, reply).NonRedisError()
	if err == nil {
		t.Fatalf("%q: got a result; want an error", reply)
	}
	return err
}

// options connect to a server that answers GET k with answer(k).
func options(answer func(key string) string) rueidis.ClientOption {
	return rueidis.ClientOption{
		InitAddress: []string{"127.0.0.1:6379"},
		DialCtxFn: func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
			near, far := net.Pipe()
			go serve(far, answer)
			return near, nil
		},
		ForceSingleClient: true,
		DisableCache:      true,
		DisableRetry:      true,
	}
}

// serve answers GET, and the set-up of rueidis with what it wants to hear.
func serve(conn net.Conn, answer func(key string) string) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		args, err := readRequest(r)
		if err != nil {
			return
		}
		reply := "+OK\r\n"
		switch args[0] {
		case "HELLO":
			reply = "%2\r\n$7\r\nversion\r\n$5\r\n7.4.0\r\n$5\r\nproto\r\n:3\r\n"
		case "PING":
			reply = "+PONG\r\n"
		case "GET":
			reply = answer(args[1])
		}
		if _, err := io.WriteString(conn, reply); err != nil {
			return
		}
	}
}

func readRequest(r *bufio.Reader) ([]string, error) {
	n, err := readLength(r, '*')
	if err != nil {
		return nil, err
	}
	args := make([]string, n)
	for i := range args {
		size, err := readLength(r, '$')
		if err != nil {
			return nil, err
		}
		b := make([]byte, size+2)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, err
		}
		args[i] = string(b[:size])
	}
	return args, nil
}

func readLength(r *bufio.Reader, typ byte) (int, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != typ {
		return 0, io.ErrUnexpectedEOF
	}
	return strconv.Atoi(line[1 : len(line)-2])
}
