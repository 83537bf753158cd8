package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// TestLogins: one that is too old is gone, also from a store that drops nothing, and so is one that cannot be read.
func TestLogins(t *testing.T) {
	t.Parallel()
	ctx, all := t.Context(), logins{tcbauth.NewMemoryStore()}
	want := &login{Session: newID(), Phone: phone, Captcha: "c", Until: time.Now().Add(time.Minute).Round(0).UTC()}
	require.NoError(t, all.save(ctx, "new", want))
	got, err := all.find(ctx, "new")
	require.NoError(t, err)
	assert.Equal(t, want, got)

	require.NoError(t, all.save(ctx, "old", &login{Until: time.Now().Add(-time.Second)}))
	require.NoError(t, all.store.Set(ctx, loginKey("damaged"), []byte("{"), 0))
	for _, id := range []string{"", "unknown", "old", "damaged"} {
		_, err := all.find(ctx, id)
		require.ErrorIs(t, err, errNoLogin, id)
		_, err = all.store.Get(ctx, loginKey(id))
		require.ErrorIs(t, err, tcbauth.ErrNotFound, id)
	}
}

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
