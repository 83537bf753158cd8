package authtest_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cloudbase-community/tcbauth/authtest"
)

func ExampleListen() {
	srv, err := authtest.Listen("127.0.0.1:0", authtest.WithEnv("env-1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	srv.FixCode("+86 13800000000", "000000")

	ctx := context.Background()
	status, _, err := send(ctx, srv, http.MethodPost, "/auth/v1/verification", "", []byte(`{"phone_number":"+86 13800000000"}`))
	fmt.Println(status, err)
	code, err := srv.WaitCode(ctx, "+86 13800000000")
	fmt.Println(code, err)
	// Output:
	// 200 <nil>
	// 000000 <nil>
}
