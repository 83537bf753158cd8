package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/filestore"
)

type liveConfig struct {
	env                string
	baseURL            string // "": CloudBase's gateway
	dir                string // "": that of examples/smslogin
	username, password string // "": nobody signs in
}

// live calls a function of a real environment, prints its answer and then "ok".
func live(ctx context.Context, out io.Writer, cfg liveConfig, what event) error {
	auth, err := open(cfg)
	if err != nil {
		return err
	}
	if err := ensureSession(ctx, auth, cfg); err != nil {
		return err
	}
	result, err := call(ctx, newClient(auth), auth.BaseURL(), what)
	if errors.Is(err, tcbauth.CodeUnauthenticated) {
		return fmt.Errorf("sign in again with examples/smslogin: %w", err)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\nok\n", oneLine(result))
	return err
}

func open(cfg liveConfig) (*tcbauth.Auth, error) {
	if cfg.dir == "" {
		var err error
		if cfg.dir, err = filestore.DefaultDir("tcbauth-smslogin"); err != nil {
			return nil, err
		}
	}
	store, err := filestore.New(cfg.dir)
	if err != nil {
		return nil, err
	}
	host := tcbauth.WithGateway()
	if cfg.baseURL != "" {
		host = tcbauth.WithBaseURL(cfg.baseURL)
	}
	return tcbauth.New(cfg.env, host, tcbauth.WithTokenStore(store))
}

// ensureSession signs in if nobody is.
func ensureSession(ctx context.Context, auth *tcbauth.Auth, cfg liveConfig) error {
	_, err := auth.GetLoginState(ctx)
	switch {
	case err == nil || !errors.Is(err, tcbauth.CodeUnauthenticated):
		return err
	case cfg.username == "":
		return fmt.Errorf("run examples/smslogin first, or set TCB_USERNAME and TCB_PASSWORD: %w", err)
	}
	_, err = auth.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: cfg.username, Password: cfg.password})
	return err
}
