// Command e2e is a test from end to end: it signs a user in by SMS, reads the code in the emulator's inbox, and asks the backend
// who is calling. TCB_CONTROL_TOKEN opens the inbox; TCB_ENV, TCB_BASE_URL and TCB_INSECURE_EMULATOR say where the emulator is, and
// BACKEND_URL where the backend.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	sub, err := signIn(ctx)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	fmt.Println("the backend knows user", sub)
}

// signIn returns the user, as the emulator and the backend know them.
func signIn(ctx context.Context) (sub string, err error) {
	var opts []tcbauth.Option
	if os.Getenv("TCB_INSECURE_EMULATOR") == "true" {
		opts = append(opts, tcbauth.WithInsecureEmulator())
	}
	app, err := tcbauth.FromEnv(opts...)
	if err != nil {
		return "", err
	}
	auth := app.Auth()
	// A new user each time: a number gets one SMS a minute.
	phone := fmt.Sprintf("+86 138%08d", rand.IntN(1e8)) //nolint:gosec // G404: it need not be secret
	info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: phone})
	if err != nil {
		return "", err
	}
	code, err := readCode(ctx, phone)
	if err != nil {
		return "", err
	}
	state, err := auth.SignInWithSms(ctx, tcbauth.SignInWithSmsRequest{VerificationInfo: info, VerificationCode: code, PhoneNum: phone})
	if err != nil {
		return "", err
	}
	token, err := auth.GetAccessToken(ctx)
	if err != nil {
		return "", err
	}
	known, err := getWhenUp(ctx, os.Getenv("BACKEND_URL")+"/me", token)
	if err == nil && string(known) != state.User.Sub {
		err = fmt.Errorf("the backend knows user %s, and %s has signed in", known, state.User.Sub)
	}
	return state.User.Sub, err
}

// readCode waits for the newest code that was sent to a phone number.
func readCode(ctx context.Context, phone string) (string, error) {
	inbox := os.Getenv("TCB_BASE_URL") + "/_emulator/inbox?wait=5s&to=" + url.QueryEscape(phone)
	body, err := get(ctx, inbox, os.Getenv("TCB_CONTROL_TOKEN"))
	if err != nil {
		return "", err
	}
	var answer struct {
		Messages []struct {
			Code string `json:"code"`
		} `json:"messages"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", err
	}
	if len(answer.Messages) == 0 {
		return "", errors.New("no code was sent")
	}
	return answer.Messages[0].Code, nil
}

// getWhenUp is get from a server that may have only just been started: it tries again while the connection is refused.
func getWhenUp(ctx context.Context, url, token string) ([]byte, error) {
	for try := 1; ; try++ {
		body, err := get(ctx, url, token)
		if try == 20 || !errors.Is(err, syscall.ECONNREFUSED) {
			return body, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// get fetches a URL with a token.
func get(ctx context.Context, url, token string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil) //nolint:gosec // G704: whoever runs this names the hosts
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r) //nolint:gosec // G704: as above
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", r.URL.Path, resp.Status)
	}
	return body, err
}
