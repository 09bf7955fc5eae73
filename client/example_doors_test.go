package client_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

func ExampleOpen() {
	_, err := client.Open(context.Background(), "http://:secret@127.0.0.1:6379")
	fmt.Println(errors.Is(err, errs.BadURL), err) // the URL is not in the text: it holds a password
	// Output: true client.Open: the connection URL is invalid
}

// A subscription lives until its context ends; when the connection breaks, it
// is made again.
func ExampleClient_Receive() {
	server := respfake.New(func(c *respfake.Conn, cmd []string) {
		c.Write(">3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
		c.Write(">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n")
	})
	defer server.Close()
	c := open(server)
	defer c.Close()

	ctx, cancel := context.WithCancel(context.Background())
	err := c.Receive(ctx, c.B().Subscribe().Channel("news").Build(), func(m rueidis.PubSubMessage) {
		fmt.Println(m.Channel, m.Message)
		cancel()
	})
	fmt.Println(errors.Is(err, context.Canceled), errors.Is(err, errs.Canceled))
	// Output:
	// news hello
	// true true
}

// WATCH, MULTI and EXEC on a connection of their own: failures are typed, and
// nothing is sent again.
func ExampleClient_Dedicated() {
	server := shop()
	defer server.Close()
	c, ctx := open(server), context.Background()
	defer c.Close()

	err := c.Dedicated(func(d rueidis.DedicatedClient) error {
		return d.Do(ctx, d.B().Lpush().Key("color").Element("x").Build()).Error()
	})
	fmt.Println(err)
	// Output: LPUSH: the key holds another type (WRONGTYPE), node shop:6379, slot 4601
}

// A miss asks the server, a hit does not.
func ExampleClient_DoCache() {
	server := respfake.New(func(c *respfake.Conn, cmd []string) {
		switch cmd[0] {
		case "MULTI":
			c.Write("+OK\r\n")
		case "EXEC":
			c.Write("*2\r\n:60000\r\n$3\r\nred\r\n")
		default:
			c.Write("+QUEUED\r\n")
		}
	})
	defer server.Close()
	c, ctx := open(server), context.Background()
	defer c.Close()

	for range 2 {
		res := c.DoCache(ctx, c.B().Get().Key("color").Cache(), time.Minute)
		color, err := res.ToString()
		fmt.Println(color, err, res.IsCacheHit())
	}
	// Output:
	// red <nil> false
	// red <nil> true
}
