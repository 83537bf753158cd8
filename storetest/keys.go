package storetest

import (
	"context"
	"strings"

	"github.com/cloudbase-community/tcbauth"
)

// mostKey is how long a key may be, in bytes.
const mostKey = 8 << 10

// keys are all different, though a store that puts them into a path, a pattern, a column or a folder of its own may mix them
// up.
var keys = []string{
	"credentials_env",
	"credentials_env.damaged",
	"credentials_env.lock",
	"credentials_env.tmp",
	"Credentials_Env",
	"CREDENTIALS_ENV",
	"credentials-env",
	"users/1/credentials_env",
	"users/1/credentials_ENV",
	"users/..%2F/credentials_env",
	"users/../credentials_env",
	"users/%2e%2e/credentials_env",
	"users//credentials_env",
	"users///credentials_env",
	"users/credentials_env",
	"users/./credentials_env",
	"users/*/credentials_env",
	"users/a b/credentials_env",
	"users/a  b/credentials_env",
	"users/a\tb/credentials_env",
	"users/a\u00a0b/credentials_env",
	"users/ab/credentials_env",
	"users/a%20b/credentials_env",
	"users/a+b/credentials_env",
	"../x",
	"../../x",
	"x",
	"x ",
	" x",
	"x\x00",
	"x\x00y",
	"x\x00z",
	"x\n",
	"./x",
	"x/",
	"/x",
	"//x",
	"a/b",
	`a\b`,
	"a:b",
	"a%2Fb",
	"a%2fb",
	"a_b",
	"a%b",
	"a",
	".",
	"..",
	" ",
	"\x00",
	"%",
	"_",
	"CON",
	"nul.value",
	"-rf",
	"{hash}key",
	"quote'\"`$(x);--",
	"line\nbreak",
	"tab\tbed",
	"用户/张三",
	"cafe",
	"caf\u00e9",
	"cafe\u0301",
	"CAF\u00c9",
	"stra\u00dfe",
	"strasse",
	"\uff41", // a wide a
	"\U0001f511",
	"\xff",
	"\xfe",
	"\ufffd",
	"caf\xe9",
	"caf\xc3",
	strings.Repeat("k", 255),
	strings.Repeat("k", 256),
	strings.Repeat("k", 1000),
	strings.Repeat("k", 1001),
	strings.Repeat("k", 999) + "l",
	strings.Repeat("k", 1024),
	strings.Repeat("k", 1024) + "l",
	strings.Repeat("k", 1025),
	strings.Repeat("k", mostKey-1) + "k",
	strings.Repeat("k", mostKey-1) + "l",
}

func testKeys(ctx context.Context, b *bench, store tcbauth.TokenStore) {
	for _, key := range keys {
		wantNothing(ctx, b, store, key)
		set(ctx, b, store, key, []byte("value of "+key))
	}
	for _, key := range keys {
		wantValue(ctx, b, store, key, []byte("value of "+key))
	}
	for i, key := range keys {
		remove(ctx, b, store, key)
		wantNothing(ctx, b, store, key)
		if i%8 != 0 && i != len(keys)-1 {
			continue
		}
		for _, other := range keys[i+1:] {
			wantValue(ctx, b, store, other, []byte("value of "+other))
		}
	}
}
