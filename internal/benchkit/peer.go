package benchkit

import (
	"context"

	"github.com/redis/rueidis"

	"github.com/redoubt-go/redoubt/client"
)

// Peer is a client reduced to the calls that the works make. Its methods must
// do what a user of that client would write, and nothing else.
type Peer interface {
	Get(ctx context.Context, key string) (string, error)
	Set(ctx context.Context, key, value string) error
	// GetBatch gets the keys in one round trip and fails if one of them fails.
	GetBatch(ctx context.Context, keys []string) error
	Close() error
}

// NamedPeer is a peer and the name of the subject that it is.
type NamedPeer struct {
	Name string
	Peer
}

// Connect makes the clients that need no more than this module, each with
// connections of its own: redoubt, rueidis with the options that redoubt
// passes to it, the same once more as the control, and rueidis as it comes.
// The caller closes them, with [Close].
func Connect(opt rueidis.ClientOption) ([]NamedPeer, error) {
	same := opt
	same.PipelineMultiplex = -1 // one wire
	same.DisableRetry = true
	same.ForceSingleClient = true

	var peers []NamedPeer
	for _, subject := range []struct {
		name string
		open func() (rueidis.Client, error)
	}{
		{"redoubt", func() (rueidis.Client, error) { return client.New(opt) }},
		{"rueidis", func() (rueidis.Client, error) { return rueidis.NewClient(same) }},
		{"rueidis-control", func() (rueidis.Client, error) { return rueidis.NewClient(same) }},
		{"rueidis-defaults", func() (rueidis.Client, error) { return rueidis.NewClient(opt) }},
	} {
		c, err := subject.open()
		if err != nil {
			Close(peers)
			return nil, err
		}
		peers = append(peers, NamedPeer{subject.name, Rueidis(c)})
	}
	return peers, nil
}

// Close closes the peers. Their errors say nothing about what was measured.
func Close(peers []NamedPeer) {
	for _, p := range peers {
		_ = p.Close()
	}
}

// Rueidis makes a peer of anything that implements the interface of rueidis.
// The peer owns the client.
func Rueidis(c rueidis.Client) Peer { return rueidisPeer{c} }

type rueidisPeer struct{ c rueidis.Client }

func (p rueidisPeer) Get(ctx context.Context, key string) (string, error) {
	return p.c.Do(ctx, p.c.B().Get().Key(key).Build()).ToString()
}

func (p rueidisPeer) Set(ctx context.Context, key, value string) error {
	return p.c.Do(ctx, p.c.B().Set().Key(key).Value(value).Build()).Error()
}

func (p rueidisPeer) GetBatch(ctx context.Context, keys []string) error {
	batch := make(rueidis.Commands, len(keys))
	for i, key := range keys {
		batch[i] = p.c.B().Get().Key(key).Build()
	}
	for _, result := range p.c.DoMulti(ctx, batch...) {
		if err := result.Error(); err != nil {
			return err
		}
	}
	return nil
}

func (p rueidisPeer) Close() error {
	p.c.Close()
	return nil
}
