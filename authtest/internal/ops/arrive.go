package ops

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// mask stands in the log for what is not shown.
const mask = "***"

// arrive logs and counts a call, and finds the fault that hits it. op is nil for what is no operation.
func arrive(s *service.Service, op *operation, c *call) (*service.Request, *service.Logged, service.Fault) {
	r := c.request
	entry := &service.Request{Method: loggedMethod(r.Method), Path: loggedPath(op, r.URL.Path), Query: url.Values{}, Header: http.Header{}}
	for name, values := range r.URL.Query() {
		if len(entry.Query) < maxNames && len(values) > 0 {
			entry.Query.Set(loggedName(name), masked(s, name, values[0]))
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
			entry.Body[loggedName(name)] = masked(s, name, value)
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

// loggedMethod is a method that HTTP has, or mask: anything can stand there.
func loggedMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return mask
	}
}

// loggedPath is the path of an operation. Of another path it keeps the parts that operations have, and "*" stands for the rest.
func loggedPath(op *operation, path string) string {
	if op == nil {
		parts := strings.Split(path, "/")
		for i, part := range parts {
			if !pathParts()[part] {
				parts[i] = "*"
			}
		}
		return cut(strings.Join(parts, "/"))
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

// pathParts are the parts of the paths of all operations, and that between two slashes.
var pathParts = sync.OnceValue(func() map[string]bool {
	parts := map[string]bool{"": true, "auth": true, "v1": true}
	for _, op := range All() {
		for part := range strings.SplitSeq(op.Name, "/") {
			parts[part] = true
		}
	}
	return parts
})

// fieldName has no digits, as no field of a request has any, so that no code, phone number or token passes that stands in the
// place of a name.
var fieldName = regexp.MustCompile(`^[a-z][A-Za-z_]{0,39}(\[[a-z_]{1,40}\])?$`)

// loggedName returns the name of a field as the log may show it.
func loggedName(name string) string {
	if fieldName.MatchString(name) {
		return name
	}
	return mask
}

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
