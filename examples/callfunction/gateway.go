package main

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// gateway stands in for CloudBase's: one host with the auth API, which is the emulator's here, and the functions.
type gateway struct {
	url    string
	server *http.Server
	served chan error
}

// openGateway listens on a free port of this machine.
func openGateway(emulator *authtest.Server) (*gateway, error) {
	target, err := url.Parse(emulator.URL)
	if err != nil {
		return nil, err
	}
	app, err := tcbauth.NewApp(emulator.Env, tcbauth.WithBaseURL(emulator.URL))
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/auth/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	mux.Handle("POST /v1/functions/hello", asUser(app, hello))
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it waits for nothing
	if err != nil {
		return nil, err
	}
	g := &gateway{
		url:    "http://" + listener.Addr().String(),
		server: &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second},
		served: make(chan error, 1),
	}
	go func() { g.served <- g.server.Serve(listener) }()
	return g, nil
}

// close ends the gateway and its goroutine.
func (g *gateway) close() error {
	err := g.server.Close()
	if served := <-g.served; !errors.Is(served, http.ErrServerClosed) {
		return errors.Join(err, served)
	}
	return err
}

// function is a cloud function: what it is given, and who calls it.
type function func(caller *tcbauth.User, event map[string]any) (result any)

func hello(caller *tcbauth.User, event map[string]any) any {
	return map[string]any{"message": "hello", "event": event, "caller": caller.Sub}
}

// asUser asks the auth server whose the bearer is, as the gateway does before it lets anybody call a function.
func asUser(app *tcbauth.App, f function) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			answer(w, http.StatusUnauthorized, refusal{Code: "MISSING_CREDENTIALS", Message: "no access token"})
			return
		}
		caller, err := app.ForToken(token).GetUserInfo(r.Context(), tcbauth.GetUserInfoRequest{})
		switch {
		case errors.Is(err, tcbauth.CodeUnauthenticated):
			answer(w, http.StatusUnauthorized, refusal{Code: "INVALID_CREDENTIALS", Message: "the access token is not valid"})
			return
		case err != nil:
			answer(w, http.StatusServiceUnavailable, refusal{Code: "SERVICE_UNAVAILABLE", Message: "try again"})
			return
		}
		var event map[string]any
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxResult)).Decode(&event); err != nil {
			answer(w, http.StatusBadRequest, refusal{Code: "FUNCTION_PARAM_INVALID", Message: "want a JSON object"})
			return
		}
		answer(w, http.StatusOK, f(caller, event))
	})
}

// refusal is the gateway's form of an error.
type refusal struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestID string `json:"requestId"`
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a caller that went away needs no answer
}
