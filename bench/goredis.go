package main

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/redoubt-go/redoubt/internal/benchkit"
)

// goRedis is go-redis with the options that it comes with.
func goRedis(addr string) benchkit.Peer {
	return goRedisPeer{redis.NewClient(&redis.Options{Addr: addr})}
}

type goRedisPeer struct{ c *redis.Client }

func (p goRedisPeer) Get(ctx context.Context, key string) (string, error) {
	return p.c.Get(ctx, key).Result()
}

func (p goRedisPeer) Set(ctx context.Context, key, value string) error {
	return p.c.Set(ctx, key, value, 0).Err()
}

func (p goRedisPeer) GetBatch(ctx context.Context, keys []string) error {
	batch := p.c.Pipeline()
	for _, key := range keys {
		batch.Get(ctx, key)
	}
	_, err := batch.Exec(ctx)
	return err
}

func (p goRedisPeer) Close() error { return p.c.Close() }
