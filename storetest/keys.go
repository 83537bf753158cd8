package storetest

import (
	"context"
	"strings"
	"testing"

	"github.com/cloudbase-community/tcbauth"
)

// keys are all different, though a store that puts them into a path, a pattern or a folder of its own may mix them up.
var keys = []string{
	"credentials_env",
	"credentials_env.damaged",
	"credentials_env.lock",
	"credentials_env.tmp",
	"Credentials_Env",
	"CREDENTIALS_ENV",
	"users/1/credentials_env",
	"users/1/credentials_ENV",
	"users/..%2F/credentials_env",
	"users/../credentials_env",
	"users/%2e%2e/credentials_env",
	"users//credentials_env",
	"users/*/credentials_env",
	"users/a b/credentials_env",
	"users/a%20b/credentials_env",
	"users/a+b/credentials_env",
	"../x",
	"../../x",
	"x",
	"./x",
	"x/",
	"/x",
	"a/b",
	`a\b`,
	"a:b",
	"a%2Fb",
	"a",
	".",
	"..",
	" ",
	"CON",
	"nul.value",
	"-rf",
	"{hash}key",
	"quote'\"`$(x);--",
	"line\nbreak",
	"tab\tbed",
	"用户/张三",
	"caf\u00e9",
	"cafe\u0301",
	"\U0001f511",
	strings.Repeat("k", 1000),
	strings.Repeat("k", 1001),
	strings.Repeat("k", 999) + "l",
}

func testKeys(ctx context.Context, t *testing.T, store tcbauth.TokenStore) {
	for _, key := range keys {
		wantNothing(ctx, t, store, key)
		set(ctx, t, store, key, []byte("value of "+key))
	}
	for _, key := range keys {
		wantValue(ctx, t, store, key, []byte("value of "+key))
	}
	for i, key := range keys {
		if err := store.Delete(ctx, key); err != nil {
			t.Fatalf("Delete(%s): %v", short(key), err)
		}
		wantNothing(ctx, t, store, key)
		for _, other := range keys[i+1:] {
			wantValue(ctx, t, store, other, []byte("value of "+other))
		}
	}
}
