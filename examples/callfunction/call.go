package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// event is a call of a function: its name, and the JSON object that it is given.
type event struct{ function, data string }

// maxResult is the most that is read of a function's answer, in bytes.
const maxResult = 1 << 20

// newClient returns a client that calls the environment's APIs as the signed-in user.
func newClient(auth *tcbauth.Auth) *http.Client {
	return &http.Client{Transport: auth.Transport(nil), Timeout: time.Minute}
}

// call calls a function, by POST {gateway}/v1/functions/{name}, and returns what it answers.
func call(ctx context.Context, client *http.Client, gateway string, what event) (string, error) {
	if !json.Valid([]byte(what.data)) {
		return "", errors.New("the argument of the function is not JSON")
	}
	target := gateway + "/v1/functions/" + url.PathEscape(what.function)
	// A body of a strings.Reader can be had again, so that the call can be repeated if the token is refused.
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(what.data))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	result, err := io.ReadAll(io.LimitReader(resp.Body, maxResult+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("reading the answer: %w", err)
	case len(result) > maxResult:
		return "", fmt.Errorf("the answer is larger than %d bytes", maxResult)
	case resp.StatusCode != http.StatusOK:
		return "", refused(resp.Status, result)
	}
	return string(result), nil
}

// oneLine is a function's answer without line breaks.
func oneLine(result string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(result)) != nil {
		return strconv.Quote(result)
	}
	return b.String()
}

// refused words the gateway's refusal.
func refused(status string, body []byte) error {
	var why struct{ Code, Message, RequestID string }
	if json.Unmarshal(body, &why) != nil || why.Code == "" {
		return fmt.Errorf("the function was not called: %s", status)
	}
	return fmt.Errorf("the function was not called: %s: %s: %q (request id %s)", status, why.Code, why.Message, why.RequestID)
}
