package wire

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/cloudbase-community/tcbauth/internal/advice"
)

// minScrubbed is the shortest value that is worth hiding: shorter ones would blank ordinary words.
const minScrubbed = 4

// sentValues lists the texts that a call sent: a server may quote them in its error.
func (c *Client) sentValues(req *Request, body []byte) []string {
	var values []string
	if len(body) > 0 {
		var v any
		if json.Unmarshal(body, &v) == nil {
			values = appendTexts(values, v)
		}
	}
	for _, list := range req.Query {
		for _, value := range list {
			values = appendTexts(values, value)
		}
	}
	return append(values, req.Token, c.secret, strings.TrimPrefix(c.basic, "Basic "))
}

func appendTexts(to []string, v any) []string {
	switch v := v.(type) {
	case string:
		if country, number, ok := strings.Cut(v, " "); ok && strings.HasPrefix(country, "+") {
			to = append(to, number) // a phone number may come back without its country code
		}
		return append(to, v)
	case []any:
		for _, e := range v {
			to = appendTexts(to, e)
		}
	case map[string]any:
		for key, e := range v {
			if !plainFields[key] {
				to = appendTexts(to, e)
			}
		}
	}
	return to
}

// plainFields hold words of the protocol, which a server's text may use as ordinary words.
var plainFields = map[string]bool{
	"client_id": true, "grant_type": true, "response_type": true, "scope": true, "target": true, "usage": true,
	"provider_id": true, "conflict_resolution": true, "gender": true, "locale": true,
}

// ScrubCode is the code of an error, or "unknown" if a sent value came back as one. What is known as an error code is one,
// even if a user is called so.
func ScrubCode(code string, sent []string) string {
	if advice.Known(code) {
		return code
	}
	for _, value := range sent {
		if len(value) >= minScrubbed && strings.EqualFold(code, value) {
			return unknown
		}
	}
	return code
}

// Scrub replaces every sent value in text, as it is and as URLs have it, and then cuts text to what is worth keeping.
func Scrub(text string, sent []string) string {
	longestFirst := slices.Clone(sent) // one may be part of another
	slices.SortFunc(longestFirst, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, value := range longestFirst {
		if len(value) >= minScrubbed {
			for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value)} {
				text = strings.ReplaceAll(text, form, "[redacted]")
			}
		}
	}
	return cut(text)
}
