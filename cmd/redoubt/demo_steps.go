package main

import (
	"context"

	"github.com/redoubt-go/redoubt/client"
)

// demoSteps is the walk, in the order in which it is told.
var demoSteps = []demoStep{
	{
		title:  "LOADING is waited out",
		expect: "SET meets a server that is loading its data three times, is sent again with pauses and answers OK",
		run:    loadingIsWaitedOut,
	},
	{
		title:  "READONLY stops writes, reads go on",
		expect: "three SETs fail with kind ReadOnly and were not executed; every GET between them answers; when the node takes writes again, SET answers OK",
		run:    readOnlyStopsWrites,
	},
	{
		title:  "A connection is killed in the middle of an INCR",
		expect: "the INCR fails with \"may have been executed\" and is not sent again; the counter on the server is 1, not 2",
		run:    cutIncr,
	},
	{
		title:  "A connection is killed in the middle of a GET",
		expect: "the GET is sent again, for a read does no harm twice, and answers",
		run:    cutGet,
	},
	{
		title:  "A refused dial is retried",
		expect: "the server is gone: a SET is refused by the dial, so it was certainly not executed and is sent again once the server listens",
		run:    refusedDial,
	},
	{
		title:  "The breaker opens, probes and closes",
		expect: "after three failures calls are refused at once without a dial; when the server is back, two probes close the breaker",
		run:    breakerCycle,
	},
	{
		title:  "A flushed script heals",
		expect: "after the server has forgotten its scripts, rueidis.Lua over this client sends the script again and counts to 2",
		run:    flushedScript,
	},
	{
		title:  "MOVED from a server that stands alone",
		expect: "the GET fails with kind Moved, slot and target in the error; nobody dials the target",
		run:    movedIsTyped,
	},
	{
		title:  "A deadline is kept",
		expect: "the server goes mute; a GET with a deadline of 150 ms returns within 650 ms as the caller's own deadline, and the next GET answers",
		run:    deadlineIsKept,
	},
}

func get(ctx context.Context, c *client.Client, key string) (string, error) {
	return c.Do(ctx, c.B().Get().Key(key).Build()).ToString()
}

func set(ctx context.Context, c *client.Client, key, value string) error {
	return c.Do(ctx, c.B().Set().Key(key).Value(value).Build()).Error()
}

// answer is a reply, or the error as a program would print it.
func answer(reply string, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case reply == "":
		return "an empty reply"
	}
	return reply
}
