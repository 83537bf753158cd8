package wire

import "net/http"

// defaultTransport looks http.DefaultTransport up at each call, so that what replaces it later (a mock, an
// instrumentation) is used.
type defaultTransport struct{}

func (defaultTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	return http.DefaultTransport.RoundTrip(r)
}

func (defaultTransport) CloseIdleConnections() {
	if t, ok := http.DefaultTransport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// outermost stands between http.Client and the user's transport. Neither may send a request again by itself.
type outermost struct{ http.RoundTripper }

func (t outermost) RoundTrip(r *http.Request) (*http.Response, error) {
	// http.Client makes an error of a nil answer without an error.
	resp, err := t.RoundTripper.RoundTrip(r.Context().Value(attemptKey{}).(*attempt).request(r)) // no others come here
	if err != nil || resp == nil {
		return resp, err
	}
	if resp.StatusCode/100 == 3 && resp.Header != nil {
		resp.Header.Del("Location") // or http.Client would follow it, or quote it in an error
	}
	return resp, nil
}

func (t outermost) CloseIdleConnections() {
	if c, ok := t.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
