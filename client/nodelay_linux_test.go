package client_test

import (
	"context"
	"crypto/tls"
	"net"
	"syscall"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// noDelay shows that DisableTCPNoDelay reaches the socket.
func noDelay(t *testing.T) {
	fake := respfake.New(plan{}.script())
	defer fake.Close()
	at, err := fake.Listen()
	if err != nil {
		t.Fatal(err)
	}
	for _, off := range []bool{false, true} {
		var socket *net.TCPConn
		c, err := client.New(rueidis.ClientOption{
			InitAddress: []string{at}, DisableTCPNoDelay: off, AlwaysPipelining: true,
			DialCtxFn: func(ctx context.Context, at string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
				conn, err := d.DialContext(ctx, "tcp", at)
				socket, _ = conn.(*net.TCPConn)
				return conn, err
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := socket.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		raw.Control(func(fd uintptr) {
			if on, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_NODELAY); err != nil || (on != 0) == off {
				t.Errorf("DisableTCPNoDelay %v: TCP_NODELAY is %d, %v", off, on, err)
			}
		})
		c.Close()
	}
}
