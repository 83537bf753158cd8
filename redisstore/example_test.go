package redisstore_test

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

// Two processes of a service share the sessions of their users: what one stores, the other finds.
func Example() {
	server, err := miniredis.Run() // in a program: your Redis
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	ctx := context.Background()
	start := func() (*tcbauth.App, func(), error) {
		client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{server.Addr()}, ContextTimeoutEnabled: true})
		store, err := redisstore.New(client)
		if err != nil {
			return nil, nil, err
		}
		app, err := tcbauth.NewApp("your-env-id",
			tcbauth.WithTokenStore(store),
			tcbauth.WithSessionTTL(14*24*time.Hour)) // after the last refresh; miniredis knows no month where an int has 32 bits
		return app, func() { _ = client.Close() }, err
	}
	first, closeFirst, err := start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer closeFirst()
	second, closeSecond, err := start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer closeSecond()

	const sessionID = "the id in the user's cookie"
	err = first.ForUser(sessionID).SetCredentials(ctx, &tcbauth.Credentials{AccessToken: "access-token", ExpiresIn: 7200, Sub: "user-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	found, err := second.ForUser(sessionID).GetCredentials(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the second process found the session of", found.Sub)
	// Output: the second process found the session of user-1
}

// Several programs use one Redis. A short lease lets others continue soon after a process has died.
func ExampleNew() {
	server, err := miniredis.Run()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{server.Addr()}, ContextTimeoutEnabled: true})
	defer func() { _ = client.Close() }()

	store, err := redisstore.New(client, redisstore.WithPrefix("shop:"), redisstore.WithLockLease(3e9))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := store.Set(context.Background(), "device_id", []byte("0123456789abcdef"), 0); err != nil {
		fmt.Println(err)
		return
	}
	keys := server.Keys()
	fmt.Println(len(keys), keys[0][:5])
	// Output: 1 shop:
}
