package ticket_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/ticket"
)

// keyFile returns a key file that belongs to no environment.
func keyFile(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "throwaway-keys.json"))
	require.NoError(tb, err)
	var files map[string]json.RawMessage
	require.NoError(tb, json.Unmarshal(data, &files))
	require.Contains(tb, files, name)
	return files[name]
}

// changed returns a key file with another value in it, nil for none.
func changed(tb testing.TB, file []byte, name string, value any) []byte {
	tb.Helper()
	var members map[string]any
	require.NoError(tb, json.Unmarshal(file, &members))
	members[name] = value
	if value == nil {
		delete(members, name)
	}
	out, err := json.Marshal(members)
	require.NoError(tb, err)
	return out
}

type nodeTickets struct {
	Tickets []struct {
		Key     string `json:"key"`
		Now     int64  `json:"now"`
		UID     string `json:"uid"`
		Refresh int64  `json:"refresh"`
		Expire  int64  `json:"expire"`
		Ticket  string `json:"ticket"`
	} `json:"tickets"`
	RefusedUIDs []string `json:"refused_uids"`
}

func fromNode(t *testing.T) nodeTickets {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "tickets.json"))
	require.NoError(t, err)
	var out nodeTickets
	require.NoError(t, json.Unmarshal(data, &out))
	require.NotEmpty(t, out.Tickets)
	require.NotEmpty(t, out.RefusedUIDs)
	return out
}

// With the same key at the same time a ticket is the node-sdk's, byte for byte.
func TestSignAsTheNodeSDK(t *testing.T) {
	t.Parallel()
	for _, want := range fromNode(t).Tickets {
		clock := func() time.Time { return time.UnixMilli(want.Now).Add(999 * time.Microsecond) }
		signer, err := ticket.NewSigner(keyFile(t, want.Key), ticket.WithClock(clock))
		require.NoError(t, err)
		opts := ticket.SignOptions{Refresh: time.Duration(want.Refresh) * time.Millisecond}
		if want.Expire != 0 {
			opts.Expire = time.UnixMilli(want.Expire)
		}
		got, err := signer.Sign(want.UID, opts)
		require.NoError(t, err)
		assert.Equal(t, want.Ticket, got, "%s %s", want.Key, want.UID)
	}
}

func TestSignRefusesUIDs(t *testing.T) {
	t.Parallel()
	signer, err := ticket.NewSigner(keyFile(t, "pkcs1-2048"))
	require.NoError(t, err)
	for _, uid := range append(fromNode(t).RefusedUIDs, "user\x00001", "user\xff01", "user&0001", "user|0001") {
		got, err := signer.Sign(uid, ticket.SignOptions{})
		require.ErrorIs(t, err, ticket.ErrInvalidUID, "%q", uid)
		assert.Empty(t, got)
	}
}

func TestSignRefusesOptions(t *testing.T) {
	t.Parallel()
	now := time.Unix(1767323045, 0)
	signer, err := ticket.NewSigner(keyFile(t, "pkcs1-2048"), ticket.WithClock(func() time.Time { return now }))
	require.NoError(t, err)
	for _, opts := range []ticket.SignOptions{
		{Refresh: -time.Hour}, {Refresh: time.Microsecond}, {Expire: now}, {Expire: now.Add(-time.Hour)},
	} {
		got, err := signer.Sign("user-0001", opts)
		require.ErrorContains(t, err, "ticket: ")
		assert.Empty(t, got)
	}
}

func TestNewSigner(t *testing.T) {
	t.Parallel()
	good := keyFile(t, "pkcs1-2048")
	signer, err := ticket.NewSigner(good, ticket.WithEnv("throwaway-1a2b3c"))
	require.NoError(t, err)
	assert.Equal(t, "throwaway-1a2b3c", signer.Env())
	var file struct {
		Key string `json:"private_key"`
	}
	require.NoError(t, json.Unmarshal(good, &file))
	lines := strings.Split(file.Key, "\n")
	for name, test := range map[string]struct {
		file []byte
		opts []ticket.Option
		want string
	}{
		"nothing":           {nil, nil, "not JSON"},
		"text":              {[]byte(file.Key), nil, "not JSON"},
		"list":              {[]byte("[]"), nil, "not JSON"},
		"null":              {[]byte("null"), nil, "private_key_id"},
		"number":            {changed(t, good, "private_key_id", 1), nil, "not JSON"},
		"no id":             {changed(t, good, "private_key_id", nil), nil, "private_key_id"},
		"no env":            {changed(t, good, "env_id", nil), nil, "env_id"},
		"no key":            {changed(t, good, "private_key", nil), nil, "not PEM"},
		"no PEM":            {changed(t, good, "private_key", lines[1]), nil, "not PEM"},
		"damaged PEM":       {changed(t, good, "private_key", strings.Replace(file.Key, lines[3], "*", 1)), nil, "not PEM"},
		"cut":               {changed(t, good, "private_key", strings.Replace(file.Key, lines[3]+"\n", "", 1)), nil, "private_key"},
		"damaged":           {changed(t, good, "private_key", strings.Replace(file.Key, lines[3], strings.Repeat("A", len(lines[3])), 1)), nil, "private_key"},
		"certificate":       {changed(t, good, "private_key", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), nil, "RSA"},
		"too small for Go":  {keyFile(t, "pkcs1-512"), nil, "512-bit keys are insecure"},
		"other environment": {good, []ticket.Option{ticket.WithEnv("another-env")}, "another environment than another-env"},
		"empty environment": {good, []ticket.Option{ticket.WithEnv("")}, "WithEnv"},
		"no clock":          {good, []ticket.Option{ticket.WithClock(nil)}, "WithClock"},
		"nil option":        {good, []ticket.Option{nil}, "nil Option"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer, err := ticket.NewSigner(test.file, test.opts...)
			require.ErrorContains(t, err, "ticket: ")
			require.ErrorContains(t, err, test.want)
			assert.Nil(t, signer)
			for _, line := range lines {
				if len(line) > 16 && !strings.HasPrefix(line, "-----") {
					assert.NotContains(t, err.Error(), line[:16])
				}
			}
		})
	}
}

// The console's file may have been through an editor on Windows.
func TestNewSignerTakesLineEnds(t *testing.T) {
	t.Parallel()
	good := keyFile(t, "pkcs8-2048")
	var file struct {
		Key string `json:"private_key"`
	}
	require.NoError(t, json.Unmarshal(good, &file))
	signer, err := ticket.NewSigner(changed(t, good, "private_key", strings.ReplaceAll(file.Key, "\n", "\r\n")))
	require.NoError(t, err)
	_, err = signer.Sign("user-0001", ticket.SignOptions{})
	require.NoError(t, err)
}

func TestSignerPrint(t *testing.T) {
	t.Parallel()
	signer, err := ticket.NewSigner(keyFile(t, "pkcs1-2048"))
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "signer", signer)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "signer", signer)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		fmt.Fprintf(&log, format+"\n", signer)
		fmt.Fprintf(&log, format+"\n", []any{signer})
		fmt.Fprintf(&log, format+"\n", struct{ S *ticket.Signer }{signer})
	}
	assert.Equal(t, 2+6*3, strings.Count(log.String(), "*ticket.Signer{throwaway-1a2b3c}"), log.String())
	assert.Less(t, log.Len(), 1500)
}

func TestSource(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1767323045678)
	signer, err := ticket.NewSigner(keyFile(t, "pkcs1-2048"), ticket.WithClock(func() time.Time { return now }))
	require.NoError(t, err)
	source := ticket.Source(signer)
	got, err := source(t.Context(), "user-0001")
	require.NoError(t, err)
	want, err := signer.Sign("user-0001", ticket.SignOptions{})
	require.NoError(t, err)
	assert.Equal(t, want, got)

	_, err = source(t.Context(), "")
	require.ErrorIs(t, err, ticket.ErrInvalidUID)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = source(ctx, "user-0001")
	require.ErrorIs(t, err, context.Canceled)
}

func FuzzNewSigner(f *testing.F) {
	for _, name := range []string{"pkcs1-2048", "pkcs8-2048", "pkcs1-1024", "pkcs1-512"} {
		file := keyFile(f, name)
		f.Add([]byte(file))
		f.Add(file[:len(file)/2])
		f.Add(changed(f, file, "private_key", "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n"))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		signer, err := ticket.NewSigner(file)
		if err != nil {
			require.Nil(t, signer)
			return
		}
		got, err := signer.Sign("user-0001", ticket.SignOptions{})
		require.NoError(t, err)
		require.Contains(t, got, "/@@/eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.")
	})
}
