// Command backend tells callers who they are. It verifies their access tokens with the keys of the environment TCB_ENV. With
// TCB_BASE_URL that is an emulator, whose tokens name TCB_ISSUER; TCB_INSECURE_EMULATOR=true allows plain http to it.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

func main() {
	fmt.Fprintln(os.Stderr, "backend:", serve(":8080"))
	os.Exit(1)
}

func serve(addr string) error {
	verifier, err := newVerifier()
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println("listening on", listener.Addr())
	return (&http.Server{Handler: newHandler(verifier), ReadHeaderTimeout: 5 * time.Second}).Serve(listener)
}

func newVerifier() (*accesstoken.Verifier, error) {
	var opts []accesstoken.Option
	if base := os.Getenv("TCB_BASE_URL"); base != "" {
		opts = append(opts, accesstoken.WithBaseURL(base), accesstoken.WithIssuer(os.Getenv("TCB_ISSUER")))
	}
	if os.Getenv("TCB_INSECURE_EMULATOR") == "true" {
		opts = append(opts, accesstoken.WithInsecureEmulator())
	}
	return accesstoken.NewVerifier(os.Getenv("TCB_ENV"), opts...)
}

func newHandler(verifier *accesstoken.Verifier) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /me", verifier.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := accesstoken.FromContext(r.Context())
		_, _ = fmt.Fprint(w, claims.Subject)
	})))
	return mux
}
