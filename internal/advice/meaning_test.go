package advice_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/advice"
)

// nameOf says which meaning m is.
func nameOf(m advice.Meaning) string {
	name := m.Code
	switch {
	case m.Cause != advice.None:
		name = m.Source
	case name == "" && m.Status != 0:
		name = fmt.Sprint("status ", m.Status)
	case name == "":
		name = "any error code"
	}
	if when := m.When.String(); when != "" {
		name += " (" + when + ")"
	}
	return name
}

// factsFor are facts by which m is to be found.
func factsFor(m advice.Meaning) advice.Facts {
	f := advice.Facts{Code: m.Code, Status: m.Status, Cause: m.Cause, Gateway: m.When.Gateway, Path: "/auth/v1/plugin/weda/userinfo"}
	if len(m.When.Path) > 0 {
		f.Path = "/auth/v1/" + m.When.Path[0]
	}
	if len(m.When.Field) > 0 {
		f.Field = m.When.Field[0]
	}
	if len(m.When.Text) > 0 {
		f.Description = "Some " + strings.ToUpper(m.When.Text[0]) + " here"
	}
	return f
}

// Every row of the table is complete, and none is hidden by one before it.
func TestTable(t *testing.T) {
	t.Parallel()
	for _, m := range advice.All() {
		name := nameOf(m)
		assert.Equal(t, strings.ToLower(m.Code), m.Code, name)
		for _, text := range m.When.Text {
			assert.Equal(t, strings.ToLower(text), text, name)
			assert.NotEmpty(t, text, name)
		}
		assert.NotEmpty(t, m.Source, name)
		assert.GreaterOrEqual(t, m.HTTP, 400, name)
		assert.True(t, m.Category != "" || m.Cause != advice.None, "%s has no category", name)

		found := advice.Of(factsFor(m))
		if m.Category == "" {
			found.Category = ""
		}
		assert.Equal(t, m, found, name)
	}
}

// constants are the values of the root package's constants of a type.
func constants(t *testing.T, typ string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "*.go"))
	require.NoError(t, err)
	var values []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file) //nolint:gosec // a file of this repository
		require.NoError(t, err)
		for _, found := range regexp.MustCompile(typ+` += "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
			values = append(values, found[1])
		}
	}
	require.NotEmpty(t, values)
	return values
}

// Every error code that the library names, that the js-sdk knows, or that a page of Tencent's documents has a meaning.
func TestEveryCodeHasAMeaning(t *testing.T) {
	t.Parallel()
	codes := append(constants(t, "Code"), "unauthenticated", "unreachable")
	for _, code := range append(codes,
		"invalid_refresh_token", "refresh_token_expired", "refresh_token_exhausted", "access_token_expired", "access_token_invalid",
		"invalid_access_token", "access_token_kid_invalid", "invalid_credentials", "missing_credentials", "authentication_failed",
		"check_login_failed", "exceed_ratelimit", "exceed_request_limit", "sys_err", "server_timeout",
	) {
		assert.True(t, advice.Known(code), "%s has no meaning", code)
	}
}

// Every category but the one that no error is of is some error's.
func TestEveryCategoryHasAMeaning(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, m := range advice.All() {
		used[m.Category] = true
	}
	for _, category := range constants(t, "Category") {
		assert.Equal(t, category != "AUTH_METHOD_MISMATCH", used[category], category)
	}
}

var update = flag.Bool("update", false, "write docs/ERRORS.md anew")

const errorsPage = "../../docs/ERRORS.md"

// TestErrorsPage: docs/ERRORS.md is the table as the code has it. go test ./internal/advice -run TestErrorsPage -update
// writes it anew.
func TestErrorsPage(t *testing.T) {
	t.Parallel()
	page := renderPage()
	if *update {
		require.NoError(t, os.WriteFile(errorsPage, []byte(page), 0o644)) //nolint:gosec // a page of the documentation
	}
	have, err := os.ReadFile(errorsPage)
	require.NoError(t, err)
	assert.Equal(t, page, string(have), "stale: go test ./internal/advice -run TestErrorsPage -update")
}

func renderPage() string {
	var b strings.Builder
	b.WriteString(`# Errors and what they mean

Every error that a call of tcbauth returns is a ` + "`*tcbauth.Error`" + `. This page lists what can be in it: the category and its error value for
` + "`errors.Is`" + `, what happens to the session, the status that ` + "`tcbauth.HTTPStatus`" + ` returns, and the sentence that
` + "`tcbauth.UserMessage`" + ` returns for the user who signs in. It is generated from the table that the library itself uses.

The sentence is for the users of an application, who can correct neither its settings nor its code: what they cannot correct is
"Something went wrong." to them. A command-line tool, whose user can, prints the error itself and its ` + "`Help`" + `, or what
` + "`clikit.Message`" + ` says.

A program decides by the error code:

` + "```go" + `
var e *tcbauth.Error
switch {
case errors.Is(err, tcbauth.CodeUnauthenticated): // sign in again; also matches ErrNoSession and ErrSessionExpired
case errors.Is(err, tcbauth.ErrRateLimited) && errors.As(err, &e): // wait for e.RetryAfter
case errors.Is(err, tcbauth.ErrInvalidParams): // correct the request; a *ValidationError names the field, and nothing was sent
case errors.Is(err, tcbauth.ErrOutcomeUnknown): // it may have happened: check before you repeat it
}
` + "```" + `

The library does so too: the error code counts before the number, the number before the HTTP status, and a text counts only if a code
means several things or is not known. If a code has several rows, the first one that fits counts.

` + "`Error.Help`" + ` tells developers what to do. It is in Chinese unless ` + "`WithLanguage`" + ` or ` + "`ContextWithLanguage`" + ` sets another language, in
which the server also sends its SMS and emails. Users see ` + "`UserMessage`" + `, whose language is an argument.

The evidence levels of the sources are those of [WIRE.md](WIRE.md): LIVE is what others report of the real server, SDK is read in
Tencent's client, DOC is on Tencent's pages, 3P is a third party's, INF is inferred. ` + "`LIVE*`" + ` was seen through a proxy.

What the session does:

- *stays*: the error says nothing about it.
- *refresh*: the server does not accept the access token. The library refreshes it once and repeats the call once; if the new token
  is refused too, the session has ended (` + "`ErrSessionExpired`" + `). An Auth of ` + "`App.ForToken`" + ` has nothing to refresh: its error is
  ` + "`CodeUnauthenticated`" + `.
- *ends*: as the answer to a refresh it means that the refresh token is dead. The session is removed and its listeners are told.
- *refresh, ends*: one or the other, depending on the call.

## Error codes of the server

`)
	head := "| error code | number | status | when | source | category | error value | session | HTTPStatus | UserMessage (en) | (zh-Hans) | (zh-Hant) |\n" +
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
	b.WriteString(head)
	sections := []struct {
		title string
		is    func(advice.Meaning) bool
	}{
		{"", func(m advice.Meaning) bool { return m.Code != "" }},
		{"## No error code, or an unknown one: the HTTP status\n\n", func(m advice.Meaning) bool { return m.Code == "" && m.Status != 0 }},
		{"## No error code and no telling status: the text\n\nThe category is guessed from the text, as the js-sdk does. If no row fits, the last one counts.\n\n", func(m advice.Meaning) bool {
			return m.Code == "" && m.Status == 0 && m.Cause == advice.None
		}},
		{"## Failures without an answer, or in addition to it\n\nThese count before the answer. If no category is named, it is the answer's.\n\n" +
			"For a call that may safely be repeated, such as a read, see the row of `unreachable`, not that of `ErrOutcomeUnknown`.\n\n",
			func(m advice.Meaning) bool { return m.Cause != advice.None }},
	}
	for i, section := range sections {
		if i > 0 {
			b.WriteString("\n" + section.title + head)
		}
		for _, m := range advice.All() {
			if section.is(m) {
				b.WriteString(row(m))
			}
		}
	}
	return b.String()
}

func row(m advice.Meaning) string {
	number, status := "", ""
	if m.Number != 0 {
		number = fmt.Sprint(m.Number)
	}
	if m.Status != 0 {
		status = fmt.Sprint(m.Status)
	}
	if m.Status == 500 && m.Code == "" {
		status = "other 5xx"
	}
	code := m.Code
	if code != "" {
		code = "`" + code + "`"
	}
	session := map[advice.Tokens]string{
		0: "stays", advice.RefusesAccess: "refresh", advice.RefusesRefresh: "ends", advice.RefusesAccess | advice.RefusesRefresh: "refresh, ends",
	}[m.Tokens]
	switch m.Cause {
	case advice.SessionEnded:
		session = "has ended"
	case advice.NobodySignedIn:
		session = "is not there"
	}
	source := m.Source
	if m.Open {
		source += "; `ErrOutcomeUnknown` for a call that changes something"
	}
	return "| " + strings.Join([]string{
		code, number, status, m.When.String(), source, m.Category, sentinel(m.Category), session, fmt.Sprint(m.HTTP),
		m.Say(advice.English, m.Wait), m.Say(advice.SimplifiedChinese, m.Wait), m.Say(advice.TraditionalChinese, m.Wait),
	}, " | ") + " |\n"
}

// sentinel is the name of the root package's error of a category.
func sentinel(category string) string {
	if category == "" || category == advice.Unknown {
		return ""
	}
	name := "Err"
	for _, part := range strings.Split(category, "_") {
		if part != "MFA" {
			part = part[:1] + strings.ToLower(part[1:])
		}
		name += part
	}
	return "`" + name + "`"
}
