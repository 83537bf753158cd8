package main

import (
	"errors"

	"github.com/cloudbase-community/tcbauth"
)

// openStore returns the store of sessions and logins, and what ends its use.
func openStore(redisURL string) (store tcbauth.TokenStore, end func() error, err error) {
	if redisURL != "" {
		return nil, nil, errors.New("REDIS_URL")
	}
	return tcbauth.NewMemoryStore(), func() error { return nil }, nil
}
