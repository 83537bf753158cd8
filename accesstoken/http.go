package accesstoken

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxAnswer is the most that is read of an answer, in bytes.
const maxAnswer = 1 << 20

// get sends one request to the auth server, with a bearer unless it is "", and returns the whole answer. It uses the
// transport itself, since an http.Client would follow redirects and quote what they point to.
func (c *config) get(ctx context.Context, path, bearer string) (status int, body []byte, err error) {
	timeout := c.timeout
	if c.client.Timeout > 0 {
		timeout = min(timeout, c.client.Timeout)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.baseURL+path, nil)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "tcbauth")
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	transport := c.client.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, nil, err
	}
	if resp == nil || resp.Body == nil {
		return 0, nil, errors.New("the transport returned no answer")
	}
	defer func() { _ = resp.Body.Close() }() // nothing is lost by a failing Close of a body that was read
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return 0, nil, fmt.Errorf("read the answer: %w", err)
	case len(body) > maxAnswer:
		return 0, nil, fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
	}
	return resp.StatusCode, body, nil
}
