package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/clikit"
)

// demo runs command lines against an emulator on a loopback port, with sessions in a directory that is removed at the end. The
// last line of out is "ok" if all went well.
func demo(ctx context.Context, out io.Writer) int {
	if err := demonstrate(ctx, out); err != nil {
		_, _ = fmt.Fprintln(out, "mytool:", err) // there is nobody else to tell
		return clikit.ExitError
	}
	_, _ = fmt.Fprintln(out, "ok")
	return clikit.ExitOK
}

func demonstrate(ctx context.Context, out io.Writer) (err error) {
	srv, err := authtest.Listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.Close()) }()
	srv.FixCode("13800000000", "123456")
	dir, err := os.MkdirTemp("", "mytool-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, line := range []struct {
		words string
		want  int
	}{
		{"hello", clikit.ExitLoginRequired},
		{"login --phone 13800000000 --code-stdin --store file", clikit.ExitOK},
		{"hello", clikit.ExitOK},
		{"status", clikit.ExitOK},
		{"logout", clikit.ExitOK},
		{"hello --json", clikit.ExitLoginRequired},
	} {
		_, _ = fmt.Fprintln(out, "$ mytool "+line.words)
		cfg := clikit.Config{
			Env: srv.Env, BaseURL: srv.URL, Dir: dir, Stdin: strings.NewReader("123456"), Stdout: out, Stderr: out,
			LookupEnv: func(string) (string, bool) { return "", false }, // the same everywhere
		}
		if code := mytool(ctx, cfg, strings.Fields(line.words)...); code != line.want {
			return fmt.Errorf("exit code %d", code)
		}
	}
	return nil
}
