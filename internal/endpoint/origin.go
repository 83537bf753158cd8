package endpoint

import (
	"net"
	"net/url"
	"strings"
	"unicode"
)

// Origins are an environment's own (WIRE.md 1), each as Origin has it: the js-sdk's host of the region and both gateways.
func Origins(env, region string) []string {
	var all []string
	for _, base := range [...]string{Regional(env, region), Gateway(env), IntlGateway(env)} {
		all = append(all, originOf(base)...)
	}
	return all
}

// OriginsWith are an environment's own origins and, after them, the origin of a base URL.
func OriginsWith(env, region, base string) []string {
	return append(Origins(env, region), originOf(base)...)
}

func originOf(base string) []string {
	u, err := url.Parse(base)
	if err != nil {
		return nil
	}
	return []string{Origin(u)}
}

// Origin is u's scheme, host and port in one form, "" if it is not to be compared: in a host that is not in ASCII, other
// letters count as the same.
func Origin(u *url.URL) string {
	host, port := u.Hostname(), u.Port()
	if strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }) {
		return ""
	}
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(host), port)
}
