package accesstoken

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/detach"
)

// maxAnswer is the most that is read of an answer, in bytes, and maxDiscarded of one that is not used.
const (
	maxAnswer    = 1 << 20
	maxDiscarded = 4 << 10
)

// answer is an answer of the auth server, with its body if the status is 200.
type answer struct {
	status int
	body   []byte
}

// get sends one request to the auth server, with a bearer unless it is "", and returns the whole answer. It ends with the
// timeout whatever the transport does, and a panic of the transport is an error.
func (c *config) get(ctx context.Context, path, bearer string) (answer, error) {
	timeout := c.timeout
	if c.client.Timeout > 0 {
		timeout = min(timeout, c.client.Timeout)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return detach.Run(ctx, func() (answer, error) { return c.send(ctx, path, bearer) })
}

var (
	errNoAnswer = errors.New("the transport returned no answer")
	errTooLarge = fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
)

// send is get without the limit. It uses the transport itself, since an http.Client would follow redirects and quote what
// they point to.
func (c *config) send(ctx context.Context, path, bearer string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.baseURL+path, nil)
	if err != nil {
		return answer{}, err
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
	switch {
	case err != nil:
		return answer{}, sound(err)
	case resp == nil:
		return answer{}, errNoAnswer
	case resp.Body == nil: // which http.Client accepts too
		return answer{status: resp.StatusCode}, nil
	}
	defer func() { _ = resp.Body.Close() }() // nothing is lost by a failing Close of a body that was read
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusSwitchingProtocols: // the body would end with the connection
		return answer{status: resp.StatusCode}, nil
	default: // a connection is used again if its answer was read
		_, _ = io.CopyN(io.Discard, resp.Body, maxDiscarded)
		return answer{status: resp.StatusCode}, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return answer{}, fmt.Errorf("read the answer: %w", sound(err))
	case len(body) > maxAnswer:
		return answer{}, errTooLarge
	}
	return answer{status: resp.StatusCode, body: body}, nil
}

// sound returns err. If a method of err panics, as those of a nil pointer do, it panics here, where get makes that an error.
func sound(err error) error {
	_ = err.Error()
	_ = errors.Is(err, errNoAnswer) // looks at all that err wraps
	return err
}
