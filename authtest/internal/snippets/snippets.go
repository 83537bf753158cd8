// Package snippets has the lines that point a client at an emulator.
package snippets

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Snippet is what one kind of client is given.
type Snippet struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// For returns the snippets of an environment with this base URL. Every one has been tried by a test.
func For(env, base string) []Snippet {
	scheme, address, _ := strings.Cut(base, ":")
	js := fmt.Sprintf(`const app = cloudbase.init({ env: '%s' })
app.registerEndPoint('%[2]s', '%[3]s:')
app.registerEndPointWithKey?.({ key: 'GATEWAY', url: '%[2]s', protocol: '%[3]s:' }) // js-sdk 3
const auth = app.auth({ persistence: 'local' })`, env, address, scheme)
	return []Snippet{
		{"js-sdk in a page", js},
		{"js-sdk in Node", "// load js-sdk 2 with require: its file for import fails in Node\n" +
			"cloudbase.useAdapters(adapter) // such as conformance/lib/adapter.mjs\n" + js},
		{"Go", fmt.Sprintf(`auth, err := tcbauth.New("%s", tcbauth.WithBaseURL("%s")%s)`, env, base, insecure(base))},
		{"curl", fmt.Sprintf(`curl -d '{"phone_number":"+86 13800000000"}' '%s/auth/v1/verification?client_id=%s'`, base, env)},
	}
}

// insecure is the option without which the Go client refuses plain http to another host.
func insecure(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" {
		return ""
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() || u.Hostname() == "localhost" {
		return ""
	}
	return ", tcbauth.WithInsecureEmulator()"
}
