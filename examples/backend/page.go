package main

import (
	"bytes"
	_ "embed" // the page
	"html/template"
	"net/http"
	"regexp"

	"github.com/cloudbase-community/tcbauth"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// view is what the page shows.
type view struct {
	User         *me
	WaitsForCode bool
	Image        template.URL // of a captcha
	Picture      string       // its token, which comes back with the answer
	Phone        string       // whose code the captcha is asked for, "" for another step
	Problem      string
}

// me is what a visitor may know of the signed-in user.
type me struct {
	Sub   string `json:"sub"`
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone_number,omitempty"`
}

func aboutMe(u *tcbauth.User) *me { return &me{Sub: u.Sub, Name: u.Name, Phone: u.PhoneNumber} }

var picturePattern = regexp.MustCompile(`^data:image/(?:gif|jpeg|png);base64,[A-Za-z0-9+/]+=*$`)

// pictureURL lets the server's picture into the page, and nothing else that could be in its place.
func pictureURL(data string) template.URL {
	if !picturePattern.MatchString(data) {
		return ""
	}
	return template.URL(data) //nolint:gosec // the pattern's
}

// show writes the page. The status of a problem was written before.
func show(w http.ResponseWriter, v view) error {
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
