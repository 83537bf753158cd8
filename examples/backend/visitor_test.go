package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestCookieValues: what is no id of this service's is looked up nowhere.
func TestCookieValues(t *testing.T) {
	t.Parallel()
	id := newID()
	assert.NotEqual(t, id, newID())
	for value, want := range map[string]string{
		id: id, "": "", "short": "", id + "x": "", strings.Repeat("x", 4000): "", id[:42] + "/": "", id[:42] + "=": "",
	} {
		r := &http.Request{Header: http.Header{"Cookie": {"__Host-session=" + value}}}
		assert.Equal(t, want, jar{secure: true}.id(r, sessionCookie), value)
		assert.Empty(t, jar{secure: false}.id(r, sessionCookie), "another name")
	}
}

// TestPictures: nothing but a picture gets into the page.
func TestPictures(t *testing.T) {
	t.Parallel()
	for _, data := range []string{
		"", "javascript:alert(1)", "data:text/html;base64,PGI+", "data:image/svg+xml;base64,PGI+", "https://elsewhere.example/x.png",
		`data:image/png;base64,AAAA" onerror="alert(1)`, "data:image/png;base64,",
	} {
		assert.Empty(t, pictureURL(data), data)
	}
	assert.EqualValues(t, "data:image/png;base64,AAAA==", pictureURL("data:image/png;base64,AAAA=="))
}
