package benchkit

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

const (
	keyCount  = 1000
	valueSize = 100
	callers   = 128 // concurrent callers of the works whose name ends in 128
	batchSize = 100
)

var errWrongValue = errors.New("the value is not the one that was set")

// Commands are the works over single commands and batches, compared with
// rueidis. Each connects peers of its own and closes them; it sets the keys
// that it reads.
func Commands(connect func() ([]NamedPeer, error)) []Work {
	keys, value := dataset()

	// The measured calls run under context.Background(): a client may treat a
	// context that can end differently, and that is a work of its own.
	background := context.Background()

	get := func(p Peer) func(int) error {
		return func(i int) error { return getOne(background, p, keys[i%keyCount]) }
	}
	set := func(p Peer) func(int) error {
		return func(i int) error { return p.Set(background, keys[i%keyCount], value) }
	}
	getWithDeadline := func(p Peer) func(int) error {
		return func(i int) error {
			ctx, cancel := context.WithTimeout(background, time.Minute)
			defer cancel()
			return getOne(ctx, p, keys[i%keyCount])
		}
	}
	getBatch := func(p Peer) func(int) error {
		return func(i int) error {
			first := i * batchSize % keyCount
			return p.GetBatch(background, keys[first:first+batchSize])
		}
	}

	serial := Serial
	parallel := func(op func(int) error) func(int) error { return Parallel(callers, op) }
	return []Work{
		overPeers("get-serial", connect, serial, get),
		overPeers("get-128", connect, parallel, get),
		overPeers("set-128", connect, parallel, set),
		overPeers("get-128-deadline", connect, parallel, getWithDeadline),
		overPeers("domulti-100", connect, serial, getBatch),
	}
}

func dataset() (keys []string, value string) {
	keys = make([]string, keyCount)
	for i := range keys {
		keys[i] = "redoubt:bench:" + strconv.Itoa(i)
	}
	return keys, strings.Repeat("v", valueSize)
}

func getOne(ctx context.Context, p Peer, key string) error {
	value, err := p.Get(ctx, key)
	if err == nil && len(value) != valueSize {
		err = errWrongValue
	}
	return err
}

// overPeers asks one question of every peer.
func overPeers(
	name string,
	connect func() ([]NamedPeer, error),
	schedule func(op func(int) error) func(int) error,
	op func(Peer) func(int) error,
) Work {
	open := func() ([]Subject, func(), error) {
		peers, err := connect()
		if err != nil {
			return nil, nil, err
		}
		if err := seed(peers[0]); err != nil {
			Close(peers)
			return nil, nil, err
		}
		subjects := make([]Subject, len(peers))
		for i, p := range peers {
			subjects[i] = Subject{Name: p.Name, Run: schedule(op(p.Peer))}
		}
		return subjects, func() { Close(peers) }, nil
	}
	return Work{Name: name, RatioTo: "rueidis", Open: open}
}

// seed sets the keys that the works read.
func seed(p Peer) error {
	keys, value := dataset()
	for _, key := range keys {
		if err := p.Set(context.Background(), key, value); err != nil {
			return err
		}
	}
	return nil
}
