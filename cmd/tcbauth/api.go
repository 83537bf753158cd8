package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/clikit/cobrakit"
)

// apiRequest is the command line of api.
type apiRequest struct {
	data    string
	headers []string
	include bool

	kit *clikit.Kit
}

func apiCommand(kit *clikit.Kit) *cobra.Command {
	r := &apiRequest{kit: kit}
	language := kit.Language()
	cmd := &cobra.Command{
		Use: "api METHOD PATH", Short: apiShort.In(language), Args: cobrakit.Args(kit, 2, 2),
		RunE: cobrakit.Run(kit, func(ctx context.Context, args []string) error {
			return r.send(ctx, strings.ToUpper(args[0]), args[1])
		}),
	}
	cmd.Flags().StringVarP(&r.data, "data", "d", "", flagData.In(language))
	cmd.Flags().StringArrayVarP(&r.headers, "header", "H", nil, flagHeader.In(language))
	cmd.Flags().BoolVarP(&r.include, "include", "i", false, flagInclude.In(language))
	return cmd
}

// send sends the request and prints the answer, whatever its status. A status of 400 or more is an error too.
func (r *apiRequest) send(ctx context.Context, method, path string) error {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return &clikit.UsageError{Err: errors.New(badPath.In(r.kit.Language()))}
	}
	if !httpToken.MatchString(method) {
		return &clikit.UsageError{Err: errors.New(badMethod.In(r.kit.Language()))}
	}
	auth, err := r.kit.Auth(ctx)
	if err != nil {
		return err
	}
	body, closeBody, err := r.body()
	if err != nil {
		return &clikit.UsageError{Err: err}
	}
	defer closeBody()
	req, err := http.NewRequestWithContext(ctx, method, auth.BaseURL()+path, body)
	if err != nil {
		return &clikit.UsageError{Err: errors.New(badPath.In(r.kit.Language()))} // its own text quotes the path
	}
	if err := r.setHeaders(req.Header); err != nil {
		return err
	}
	client := &http.Client{
		Transport:     auth.Transport(nil),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return unanswered(err)
	}
	defer func() { _ = resp.Body.Close() }() // what it had was read
	return r.print(resp)
}

// body is what is sent; nil for nothing.
func (r *apiRequest) body() (io.Reader, func(), error) {
	name, isFile := strings.CutPrefix(r.data, "@")
	switch {
	case r.data == "":
		return nil, func() {}, nil
	case !isFile:
		return strings.NewReader(r.data), func() {}, nil
	case name == "-":
		return r.kit.Stdin(), func() {}, nil
	}
	file, err := os.Open(name) //nolint:gosec // G304: the file that the user has named
	if err != nil {
		return nil, nil, err
	}
	return file, func() { _ = file.Close() }, nil // nothing is lost by closing what was read
}

// What a method, a header's name (RFC 9110, 9.1 and 5.1: both are a token of HTTP) and its value (5.5) can be made of.
var (
	httpToken   = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	headerValue = regexp.MustCompile("^[^\x00-\x08\x0a-\x1f\x7f]*$")
)

func (r *apiRequest) setHeaders(h http.Header) error {
	if r.data != "" {
		h.Set("Content-Type", "application/json")
	}
	for _, line := range r.headers {
		name, value, ok := strings.Cut(line, ":")
		name = strings.TrimSpace(name)
		value = strings.TrimSpace(value)
		if !ok || !httpToken.MatchString(name) || !headerValue.MatchString(value) || strings.EqualFold(name, "Authorization") {
			return &clikit.UsageError{Err: errors.New(badHeader.In(r.kit.Language()))}
		}
		h.Set(name, value)
	}
	return nil
}

func (r *apiRequest) print(resp *http.Response) error {
	if r.include {
		say(r.kit.Stdout(), "%s %s\n", resp.Proto, resp.Status)
		if err := resp.Header.Write(r.kit.Stdout()); err != nil {
			return err
		}
		say(r.kit.Stdout(), "\n")
	}
	out := &output{Writer: r.kit.Stdout()}
	if _, err := io.Copy(out, resp.Body); err != nil {
		if out.err != nil {
			return out.err
		}
		return unanswered(err)
	}
	if resp.StatusCode < http.StatusBadRequest {
		return nil
	}
	failed := &apiError{status: resp.StatusCode, text: apiFailed.In(r.kit.Language(), resp.StatusCode)}
	if wait, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 16); err == nil { // a date is not read
		failed.wait = time.Duration(wait) * time.Second
	}
	return failed
}

// output remembers why it could not be written to, which is no fault of the server's.
type output struct {
	io.Writer
	err error
}

func (o *output) Write(p []byte) (n int, err error) {
	n, err = o.Writer.Write(p)
	o.err = err
	return n, err
}

// unanswered is a request that got no answer, or not the whole of it.
func unanswered(err error) error {
	if sending, ok := errors.AsType[*url.Error](err); ok {
		err = sending.Err // without the URL, which may hold secrets
	}
	if _, ok := errors.AsType[*tcbauth.Error](err); ok || errors.Is(err, context.Canceled) {
		return err
	}
	return &apiError{text: err.Error()}
}

// apiError is what has become of a request. By errors.Is it is of the kind that its status says.
type apiError struct {
	status int // 0: no answer
	text   string
	wait   time.Duration // 0: the server has not said
}

func (e *apiError) Error() string { return e.text }

// RetryAfter is how long to wait before the next try.
func (e *apiError) RetryAfter() time.Duration { return e.wait }

// Is says what the status stands for.
func (e *apiError) Is(target error) bool {
	switch {
	case e.status == http.StatusUnauthorized:
		return target == error(tcbauth.CodeUnauthenticated)
	case e.status == http.StatusTooManyRequests:
		return target == tcbauth.ErrRateLimited
	case e.status == 0, e.status >= http.StatusInternalServerError:
		return target == tcbauth.ErrServiceError
	}
	return false
}
