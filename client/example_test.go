package client_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/rueidis"
	"github.com/redis/rueidis/rueidiscompat"

	"github.com/redoubt-go/redoubt/classify"
	"github.com/redoubt-go/redoubt/client"
	"github.com/redoubt-go/redoubt/errs"
	"github.com/redoubt-go/redoubt/internal/respfake"
)

// shop is a server in memory that fails in the way of each command.
func shop() *respfake.Server {
	seen := map[string]int{}
	return respfake.New(func(c *respfake.Conn, cmd []string) {
		line := strings.Join(cmd, " ")
		seen[line]++
		switch {
		case line == "SET color red" && seen[line] == 1, line == "INCR visits":
			c.Close() // executed or not, nobody will know
		case line == "GET missing":
			c.Write(respfake.Null)
		case line == "LPUSH color x":
			c.Write(respfake.Error("WRONGTYPE Operation against a key holding the wrong kind of value"))
		case cmd[0] == "GET":
			c.Write(respfake.Bulk("red"))
		default:
			c.Write("+OK\r\n")
		}
	})
}

func open(server *respfake.Server, opts ...client.Option) *client.Client {
	c, err := client.New(rueidis.ClientOption{
		InitAddress: []string{"shop:6379"}, DialCtxFn: server.Dial, ForceSingleClient: true,
	}, opts...)
	if err != nil {
		panic(err)
	}
	return c
}

func ExampleNew() {
	server := shop()
	defer server.Close()
	opt := rueidis.ClientOption{InitAddress: []string{"shop:6379"}, DialCtxFn: server.Dial, ForceSingleClient: true}

	c, err := client.New(opt) // in place of rueidis.NewClient
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	fmt.Println(c.Do(context.Background(), c.B().Get().Key("color").Build()).ToString())
	// Output: red <nil>
}

// An INCR whose connection broke under it is not sent again: the caller
// decides what the doubt means.
func Example_mayHaveExecuted() {
	server := shop()
	defer server.Close()
	c, ctx := open(server), context.Background()
	defer c.Close()

	err := c.Do(ctx, c.B().Incr().Key("visits").Build()).Error()
	fmt.Println(errors.Is(err, errs.ConnLost), errors.Is(err, errs.Transport), errs.MayHaveExecuted(err))
	// Output: true true true
}

func ExampleReplay() {
	server := shop()
	defer server.Close()
	c, ctx := open(server), context.Background()
	defer c.Close()

	ctx = client.With(ctx, client.Replay(classify.LastWins))
	err := c.Do(ctx, c.B().Set().Key("color").Value("red").Build()).Error()
	fmt.Println(err)
	// Output: <nil>
}

func ExampleBatchError() {
	server := shop()
	defer server.Close()
	c, ctx := open(server), context.Background()
	defer c.Close()

	results := c.DoMulti(ctx,
		c.B().Get().Key("color").Build(),
		c.B().Lpush().Key("color").Element("x").Build())
	err := client.BatchError(results)
	if batch, ok := errors.AsType[*errs.BatchError](err); ok {
		fmt.Println(batch, "the first at", batch.Failed[0].Index)
	}
	// Output: 1 of 2 commands failed the first at 1
}

// Code that was written for rueidis' errors takes the other face of the client.
func ExampleClient_Compat() {
	server := shop()
	defer server.Close()
	c, ctx := open(server), context.Background()
	defer c.Close()

	rdb := c.Compat()
	err := rdb.Do(ctx, rdb.B().Lpush().Key("color").Element("x").Build()).Error()
	if reply, ok := rueidis.IsRedisErr(err); ok {
		fmt.Println(reply.Error())
	}
	fmt.Println(classify.KindOf(err).String()) // the taxonomy reads raw errors too
	// Output:
	// WRONGTYPE Operation against a key holding the wrong kind of value
	// WrongType
}

// The commands of go-redis, over the resilience of this client.
func ExampleClient_Compat_goRedis() {
	server := shop()
	defer server.Close()
	c, ctx := open(server), context.Background()
	defer c.Close()

	rdb := rueidiscompat.NewAdapter(c.Compat())
	color, err := rdb.Get(ctx, "color").Result()
	fmt.Println(color, err)

	_, err = rdb.Get(ctx, "missing").Result()
	fmt.Println(errors.Is(err, rueidiscompat.Nil))

	err = rdb.Incr(ctx, "visits").Err()
	fmt.Println(errs.MayHaveExecuted(classify.Typed(err)))
	// Output:
	// red <nil>
	// true
	// true
}

func Example_errorsOfRueidis() {
	server := shop()
	defer server.Close()
	c, ctx := open(server), context.Background()
	defer c.Close()

	err := c.Do(ctx, c.B().Lpush().Key("color").Element("x").Build()).Error()

	// was: if e, ok := rueidis.IsRedisErr(err); ok && strings.HasPrefix(e.Error(), "WRONGTYPE")
	if errors.Is(err, errs.WrongType) {
		fmt.Println("another type")
	}
	if reply, ok := errors.AsType[*rueidis.RedisError](err); ok { // still there, behind ours
		fmt.Println(reply.Error() != "")
	}

	err = c.Do(ctx, c.B().Get().Key("missing").Build()).Error()
	if rueidis.IsRedisNil(err) { // a nil reply is passed on as it is
		fmt.Println("no such key")
	}
	// Output:
	// another type
	// true
	// no such key
}
