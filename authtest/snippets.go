package authtest

import "github.com/cloudbase-community/tcbauth/authtest/internal/snippets"

// Snippet has the lines that point one kind of client at a server.
type Snippet struct {
	Name string // such as "js-sdk in a page"
	Text string
}

// Snippets returns the lines that point clients at this server: the js-sdk in a page and in Node, the Go client, and curl.
// They are for a server made by Listen.
func (s *Server) Snippets() []Snippet {
	var all []Snippet
	for _, snippet := range snippets.For(s.Env, s.URL) {
		all = append(all, Snippet(snippet))
	}
	return all
}
