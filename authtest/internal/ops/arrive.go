package ops

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// mask stands in the log for what is not shown.
const mask = "***"

// arrive logs and counts a call, and finds the fault that hits it. op is nil for what is no operation.
func arrive(s *service.Service, op *operation, c *call) (*service.Request, *service.Logged, service.Fault) {
	r := c.request
	entry := &service.Request{Method: cut(r.Method), Path: loggedPath(op, r.URL.Path), Query: url.Values{}, Header: http.Header{}}
	for name, values := range r.URL.Query() {
		if len(entry.Query) < maxNames && len(values) > 0 {
			entry.Query.Set(cut(name), masked(s, name, values[0]))
		}
	}
	for _, name := range []string{"Accept-Language", "Content-Type", "User-Agent", "X-Device-Id", "X-Request-Id", "X-Sdk-Version"} {
		if values := r.Header.Values(name); len(values) > 0 {
			entry.Header.Set(name, cut(values[0]))
		}
	}
	if value := r.Header.Get("Authorization"); value != "" {
		scheme := mask
		for _, known := range []string{"Bearer", "Basic"} {
			if first, _, ok := strings.Cut(value, " "); ok && strings.EqualFold(first, known) {
				scheme = known + " " + mask
			}
		}
		entry.Header.Add("Authorization", scheme)
	}
	if c.body != nil {
		entry.Body = make(map[string]any, len(c.body))
		for name, raw := range c.body {
			if len(entry.Body) == maxNames {
				break
			}
			var value string
			if json.Unmarshal(raw, &value) != nil {
				value = mask
			}
			entry.Body[cut(name)] = masked(s, name, value)
		}
	}
	if op != nil {
		entry.Operation = op.Name
	}
	logged := service.Pack(entry)
	s.Lock()
	defer s.Unlock()
	entry.Time = s.Log.Add(logged)
	if op == nil {
		return entry, logged, service.Fault{}
	}
	return entry, logged, s.Faults.Take(op.Name, func(key string) bool { return isAbout(s, c, key) })
}

// maxNames is how many fields of an entry are kept, so that the log of a server that is flooded stays small.
const maxNames = 64

func loggedPath(op *operation, path string) string {
	if op == nil {
		return cut(digits.ReplaceAllString(path, "*"))
	}
	if _, name, ok := strings.Cut(op.Name, "{"); ok && name != "" {
		prefix := "/auth/v1/"
		if strings.HasPrefix(op.Name, "v2/") {
			prefix = "/auth/"
		}
		return prefix + op.Name
	}
	return path
}

var digits = regexp.MustCompile(`[0-9]{3,}`)

// harmless has no digits, so that no code, phone number or token passes in a field it does not belong to.
var harmless = regexp.MustCompile(`^[A-Za-z_:-]{0,64}$`)

// masked returns a value as the log may show it. What is not known to be harmless is not shown.
func masked(s *service.Service, name, value string) string {
	switch name {
	case "grant_type", "target", "usage":
		if harmless.MatchString(value) {
			return value
		}
	case "client_id":
		if _, known := s.Clients[value]; known {
			return value
		}
	}
	return mask
}
