package ticket_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/ticket"
)

const bom = "\uFEFF"

// privateKey is the PEM in a key file.
func privateKey(tb testing.TB, file []byte) string {
	tb.Helper()
	var members struct {
		Key string `json:"private_key"`
	}
	require.NoError(tb, json.Unmarshal(file, &members))
	return members.Key
}

// A key whose text has been through environment variables, YAML or editors signs as it did before.
func TestNewSignerTakes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pkcs1-2048", "pkcs8-2048"} {
		good := keyFile(t, name)
		key := privateKey(t, good)
		replaced := func(pairs ...string) []byte {
			return changed(t, good, "private_key", strings.NewReplacer(pairs...).Replace(key))
		}
		lines := strings.Split(strings.TrimSpace(key), "\n")
		body := strings.Join(lines[1:len(lines)-1], "")
		var indented bytes.Buffer
		require.NoError(t, json.Indent(&indented, good, "\t", "  "))
		for name, file := range map[string][]byte{
			"literal \\n":                replaced("\n", `\n`),
			"literal \\r\\n":             replaced("\n", `\r\n`),
			"literal \\\\n":              replaced("\n", `\\n`),
			"literal \\n at some ends":   changed(t, good, "private_key", strings.Replace(key, "\n", `\n`, 2)),
			"literal and line ends":      replaced("\n", "\\n\n"),
			"CR":                         replaced("\n", "\r"),
			"BOM before the file":        []byte(bom + string(good)),
			"BOM before the key":         changed(t, good, "private_key", bom+key),
			"indented with spaces":       replaced("\n", "\n    "),
			"indented, first line too":   changed(t, good, "private_key", "  "+strings.ReplaceAll(key, "\n", "\n  ")),
			"indented with tabs":         replaced("\n", "\n\t"),
			"literal tabs":               replaced("\n", `\n\t`),
			"spaces at the ends":         replaced("\n", "  \n"),
			"empty lines":                replaced("\n", "\n\n"),
			"one line":                   changed(t, good, "private_key", lines[0]+body+lines[len(lines)-1]),
			"one line with spaces":       replaced("\n", " "),
			"in quotes":                  changed(t, good, "private_key", `"`+key+`"`),
			"text before and after":      changed(t, good, "private_key", "The key:\n"+key+"\nThat is all.\n"),
			"the file is indented":       indented.Bytes(),
			"line ends in the JSON":      []byte(strings.ReplaceAll(string(good), `\n`, "\n")),
			"CR LF in the JSON":          []byte(strings.ReplaceAll(string(good), `\n`, "\r\n")),
			"tabs in the JSON":           []byte(strings.ReplaceAll(string(good), `\n`, "\n\t")),
			"the JSON's \\n doubled":     []byte(strings.ReplaceAll(string(good), `\n`, `\\n`)),
			"line ends and quotes":       []byte(`{"note":"\\ \"",` + strings.ReplaceAll(string(good), `\n`, "\n")[1:]),
			"spaces around the file":     []byte(" \r\n" + string(good) + "\n \n"),
			"BOM, CR LF and no last end": []byte(bom + strings.ReplaceAll(strings.TrimSpace(string(good)), "\n", "\r\n")),
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				clock := ticket.WithClock(func() time.Time { return time.UnixMilli(1767323045678) })
				plain, err := ticket.NewSigner(good, clock)
				require.NoError(t, err)
				want, err := plain.Sign("user-0001", ticket.SignOptions{})
				require.NoError(t, err)
				signer, err := ticket.NewSigner(file, clock)
				require.NoError(t, err)
				got, err := signer.Sign("user-0001", ticket.SignOptions{})
				require.NoError(t, err)
				assert.Equal(t, want, got)
			})
		}
	}
}

// Of a key that is not taken it is said why, without a word of the key.
func TestNewSignerSaysWhy(t *testing.T) {
	t.Parallel()
	good := keyFile(t, "pkcs8-2048")
	key := privateKey(t, good)
	lines := strings.Split(strings.TrimSpace(key), "\n")
	labelled := func(label string, headers map[string]string) []byte {
		return changed(t, good, "private_key", string(pem.EncodeToMemory(&pem.Block{Type: label, Headers: headers, Bytes: []byte("no key")})))
	}
	var utf16LE []byte
	for _, unit := range utf16.Encode([]rune(bom + string(good))) {
		utf16LE = binary.LittleEndian.AppendUint16(utf16LE, unit)
	}
	utf16BE := bytes.Clone(utf16LE)
	for i := 0; i < len(utf16BE); i += 2 {
		utf16BE[i], utf16BE[i+1] = utf16BE[i+1], utf16BE[i]
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	ofCurve, err := x509.MarshalPKCS8PrivateKey(curve)
	require.NoError(t, err)
	quoted, err := json.Marshal(string(good))
	require.NoError(t, err)
	for want, file := range map[string][]byte{
		"it is empty":                       []byte(bom + "\n"),
		"it is PEM alone":                   []byte(key),
		"it is in UTF-16":                   utf16LE,
		"it is in UTF-16, big-endian":       utf16BE,
		"it does not begin with {":          quoted,
		"JSON ends too early":               good[:len(good)/2],
		"is wrong at byte ":                 append([]byte("{,"), good...),
		"private_key_id is not a text":      changed(t, good, "private_key_id", []int{1}),
		"no line -----BEGIN":                changed(t, good, "private_key", lines[1]),
		"no line -----END":                  changed(t, good, "private_key", strings.Join(lines[:len(lines)-1], "\n")),
		"encrypted":                         labelled("ENCRYPTED PRIVATE KEY", nil),
		"encrypted, as its header":          labelled("RSA PRIVATE KEY", map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}),
		"encrypted, on one line":            changed(t, good, "private_key", strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: []byte("no key")})), "\n", `\n`)),
		"public key":                        labelled("PUBLIC KEY", nil),
		"public key of RSA":                 labelled("RSA PUBLIC KEY", nil),
		"a certificate":                     labelled("CERTIFICATE", nil),
		"something else, not an RSA key":    changed(t, good, "private_key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: ofCurve}))),
		"more than one key":                 changed(t, good, "private_key", key+key),
		"more than one key, on one line":    changed(t, good, "private_key", strings.ReplaceAll(key+key, "\n", `\n`)),
		"character that base64 does not":    changed(t, good, "private_key", strings.Replace(key, lines[3], "*", 1)),
		"character that base64 does not ha": changed(t, good, "private_key", strings.Replace(key, lines[3], "…", 1)),
		"cut":                               changed(t, good, "private_key", strings.Replace(key, lines[3], lines[3][1:], 1)),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			signer, err := ticket.NewSigner(file)
			require.ErrorContains(t, err, "ticket: ")
			want, _, _ := strings.Cut(want, ",")
			want = strings.TrimSuffix(want, " of RSA")
			require.ErrorContains(t, err, want)
			assert.Nil(t, signer)
			for _, line := range lines[1 : len(lines)-1] {
				assert.NotContains(t, err.Error(), line[:8])
			}
		})
	}
}
