package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

// openStore returns the store of sessions, and what ends its use. The one in memory is good for one process, and
// keeps what visitors leave behind until it ends; Redis drops it when it is too old.
func openStore(ctx context.Context, redisURL string) (store tcbauth.TokenStore, end func() error, err error) {
	if redisURL == "" {
		return tcbauth.NewMemoryStore(), func() error { return nil }, nil
	}
	opts, err := redis.ParseURL(redisURL)
	if err != nil {
		return nil, nil, errors.New("REDIS_URL: not a URL of Redis, such as redis://127.0.0.1:6379/0") // err may have the password
	}
	opts.ContextTimeoutEnabled = true // a request waits for Redis no longer than it has time
	client := redis.NewClient(opts)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("REDIS_URL: %w", err), client.Close())
	}
	if store, err = redisstore.New(client); err != nil {
		return nil, nil, errors.Join(err, client.Close())
	}
	return store, client.Close, nil
}
