package page

import (
	"bufio"
	"context"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest/internal/language"
	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

func TestPageShowsWhatHappens(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, text := d.get("")
	has(t, text, `id="connect" open>`)
	has(t, text, "No user yet.")
	d.add(known(), service.Person{Sub: "7", Username: "u\u202e", Name: "<script>alert(1)</script>", Password: "s3cret-pass", Blocked: true})
	d.signIn("user_01")
	d.call("verification", `{"phone_number":"+86 13800000000"}`)
	d.call("verification", `{"phone_number":"+86 13800000000"}`)
	d.call("captcha/data", "{}")
	answer, text := d.get("")
	code := d.Inbox.To("", time.Time{})[0].Code
	has(t, text, "<title>"+code)
	has(t, text, `id="latest">New code `+code+" for +86 13800000000")
	has(t, text, `id="connect">`)
	has(t, text, "sms_interval")
	has(t, text, "Your phone can receive up to 1 text message per minute.")
	has(t, text, d.Captchas.Pictures()[0].Answer)
	has(t, text, `"u\u202e"`)
	hasNot(t, strings.ReplaceAll(text, `<script src="page.js" defer></script>`, ""), "<script src")
	assert.NotContains(t, text, "<script>")
	hasNot(t, text, "s3cret-pass")

	assert.Equal(t, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'", answer.Header.Get("Content-Security-Policy"))
	assert.NotRegexp(t, ` (on[a-z]+|style)=`, text, "nothing that the policy forbids")
	for name, kind := range map[string]string{"page.js": "text/javascript", "page.css": "text/css", "icon.svg": "image/svg+xml"} {
		answer, body := d.get(name)
		assert.Equal(t, http.StatusOK, answer.StatusCode)
		assert.Contains(t, answer.Header.Get("Content-Type"), kind)
		assert.NotRegexp(t, `url\(|@import|https?://(?:[^w]|w[^w])`, body, "it loads nothing")
	}
}

func TestNamesAreQuotedOnlyIfTheyCannotBeSeen(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"\U0001F469\u200D\U0001F4BB Ada": "<b>\U0001F469\u200D\U0001F4BB Ada</b>", // a joiner within an emoji
		"张\u3000三":                       "<b>张\u3000三</b>",
		"می\u200Cخواهم":                  "<b>می\u200Cخواهم</b>",
		"中文\u202Etxt":                    `<b>&#34;中文\u202etxt&#34;</b>`,
		"a\u200Db":                       `<b>&#34;a\u200db&#34;</b>`,
		"Ada\u00A0L":                     `<b>&#34;Ada\u00a0L&#34;</b>`,
		"\u3000x":                        `<b>&#34;\u3000x&#34;</b>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.add(service.Person{Username: "user_01", Name: name})
			_, text := d.get("")
			assert.Contains(t, text, want)
		})
	}
}

// Lists are cut, and a search finds what is not shown.
func TestSearch(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var people []service.Person
	for i := range maxUsers + 5 {
		people = append(people, service.Person{Sub: "sub-" + string(rune('A'+i)), Username: "user_" + string(rune('A'+i))})
	}
	d.add(people...)
	require.NoError(t, d.EditUser("sub-A", func(p *service.Person) (bool, error) { p.Name = "Rare Name"; return true, nil }))
	d.call("signin/anonymously", "")
	for range maxRequests + 4 {
		d.call("nothing/anonymously", "")
	}
	_, text := d.get("")
	has(t, text, "and 6 more: search to find them") // users, of whom one is anonymous
	has(t, text, "and 5 more: search to find them") // requests
	_, text = d.get("?users=rare+NAME&sessions=nobody&requests=anonymously&inbox=x")
	has(t, text, "Rare Name")
	has(t, text, `action="?inbox=x&requests=anonymously&sessions=nobody&users=rare+NAME"`)
	hasNot(t, text, `id="u-sub-B"`)
	has(t, text, "and 5 more")
	assert.Equal(t, 2, strings.Count(text, "Nothing matches the search."))
	_, text = d.get("?requests=404")
	hasNot(t, text, `id="r-1"`)
	_, text = d.get("?users=x" + strings.Repeat("%E5", 200))
	has(t, text, `name="users" value="x"`)
	_, text = d.get("?users=x" + url.QueryEscape(strings.Repeat("字", maxFilter)))
	has(t, text, `name="users" value="x`+strings.Repeat("字", (maxFilter-1)/3)+`"`)
}

// A number is found as clients write it, and what is searched for makes no older message the newest one.
func TestSearchForNumbers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.add(known())
	d.call("verification", `{"phone_number":"+86 13800000000"}`)
	d.call("verification", `{"email":"a@b.cn"}`)
	newest := d.Inbox.To("a@b.cn", time.Time{})[0].Code
	_, text := d.get("?inbox=%2B8613800000000&users=%2B8613800000000")
	has(t, text, `<b>user_01</b>`)
	has(t, text, `<span class="to">+86 13800000000</span>`)
	hasNot(t, text, `<span class="to">a@b.cn</span>`)
	has(t, text, "<title>"+newest)
	has(t, text, `id="latest">New code `+newest+" for a@b.cn")
}

// Of more faults than are shown the page shows those that can still hit, the newest first, and then those that are used up.
func TestFaultsOrder(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for range maxOthers + 1 {
		_, err := ops.Inject(d.Service, service.Fault{Operation: "certs", Body: service.BadJSON, Times: 1})
		require.NoError(t, err)
	}
	for range 2 { // the oldest ones hit first
		d.do(http.MethodGet, "/auth/v1/certs", "")
	}
	_, text := d.get("")
	var shown []string
	for _, found := range regexp.MustCompile(`<li id="f-(\d+)"`).FindAllStringSubmatch(text, -1) {
		shown = append(shown, found[1])
	}
	require.Len(t, shown, maxOthers)
	assert.Equal(t, strconv.Itoa(maxOthers+1), shown[0], "the newest")
	assert.Equal(t, []string{"3", "2"}, shown[maxOthers-2:])
	has(t, text, "and 1 more")
	assert.Equal(t, 1, strings.Count(text, `<span class="chip">used up</span>`))
	d.lang = language.Chinese
	_, text = d.get("")
	has(t, text, `<span class="chip">已用完</span>`)
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	answer, text := d.get("?lang=zh-CN&users=x")
	assert.Equal(t, "users=x", answer.Request.URL.RawQuery)
	has(t, text, `<html lang="en">`) // without cookies nothing is remembered
	d.server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, _ = d.get("?lang=zh-CN")
	_, text = d.get("", "Cookie", strings.Split(answer.Header.Get("Set-Cookie"), ";")[0])
	has(t, text, `<html lang="zh-CN">`)
	answer, _ = d.get("?lang=xx")
	assert.Contains(t, answer.Header.Get("Set-Cookie"), "=en;")
}

// sourcesOf returns the files that match, but for tests and the texts themselves.
func sourcesOf(t *testing.T, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	require.NoError(t, err)
	var sources strings.Builder
	for _, name := range names {
		if name == "texts.go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		body, err := os.ReadFile(name) //nolint:gosec // G304: the sources of this repository
		require.NoError(t, err)
		sources.Write(body)
	}
	return sources.String()
}

// No text is missing in a language, none is left over, and none that a template names is unknown.
func TestTexts(t *testing.T) {
	t.Parallel()
	shown := sourcesOf(t, "templates/*.html")
	for _, found := range regexp.MustCompile(`\.T "([^"]+)"`).FindAllStringSubmatch(shown, -1) {
		assert.Contains(t, texts, found[1])
	}
	sources := shown + sourcesOf(t, "*.go") + sourcesOf(t, "../service/*.go") // the last ones have words of which keys are made
	isQuoted := func(word string) bool { return strings.Contains(sources, `"`+word+`"`) }
	isUsed := func(key string) bool {
		used := isQuoted(key)
		for i := range key { // "field_" + name, or name + "_filter"
			used = used || key[i] == '_' && (isQuoted(key[:i+1]) && isQuoted(key[i+1:]) || isQuoted(key[:i]) && isQuoted(key[i:]))
		}
		return used
	}
	same := map[string]bool{"other": true}
	for key, text := range texts {
		assert.True(t, isUsed(key), "%s is used by nothing", key)
		assert.NotEmpty(t, text.en, key)
		assert.NotEmpty(t, text.zh, key)
		if same[key] {
			continue
		}
		assert.True(t, strings.ContainsFunc(text.zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }), key)
		assert.False(t, strings.ContainsFunc(text.en, func(r rune) bool { return unicode.Is(unicode.Han, r) }), key)
		assert.Equal(t, strings.Count(text.en, "%"), strings.Count(text.zh, "%"), key)
	}
	for do, action := range actions {
		assert.Contains(t, texts, "said_"+do)
		assert.Contains(t, texts, action.section)
	}
	for _, effect := range effects {
		assert.Contains(t, texts, "effect_"+effect)
	}
}

// The page has a name for every rule by which an operation is refused.
func TestRuleLabels(t *testing.T) {
	t.Parallel()
	rules := map[string]bool{ // those whose names are not whole in the code of the operations
		"sms_interval": true, "sms_daily_limit": true, "email_interval": true, "email_daily_limit": true,
		"max_sessions": true, "sms_code_lifetime": true, "email_code_lifetime": true,
	}
	sources, err := filepath.Glob("../ops/*.go")
	require.NoError(t, err)
	for _, name := range sources {
		body, err := os.ReadFile(name) //nolint:gosec // G304: the sources of this repository
		require.NoError(t, err)
		for _, found := range regexp.MustCompile(`(?:byRule\(|loginDisabled\(|Rule: )"([a-z_]+)"[,})]`).FindAllSubmatch(body, -1) {
			rules[string(found[1])] = true
		}
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(rules)), slices.Collect(maps.Keys(ruleLabels)))
	v := view{translator: translator{language.English}}
	for rule := range rules {
		assert.NotEmpty(t, v.RuleLabel(rule), rule)
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, " 2h ": 2 * time.Hour, "1h 30m": 90 * time.Minute, "30d": 720 * time.Hour, "0.5d": 12 * time.Hour, "0": 0} {
		d, ok := readDuration(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, d, text)
	}
	for _, text := range []string{"", "x", "1", "d", "xd", "1e300d", "NaNd", "-Infd", "2 hours"} {
		_, ok := readDuration(text)
		assert.False(t, ok, text)
	}
	for d, want := range map[time.Duration]string{time.Hour: "1h", 90 * time.Minute: "1h30m", 36 * time.Hour: "36h", 48 * time.Hour: "2d", 70 * time.Second: "1m10s", time.Minute: "1m", 10 * time.Second: "10s"} {
		assert.Equal(t, want, short(d))
	}
}

// A stream has an event at its beginning, and one for each change that comes some time after the one before. There are only so many
// streams, and each ends with its reader.
func TestChanges(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	open := func() *http.Response {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.server.URL+"/_emulator/changes", http.NoBody)
		require.NoError(t, err)
		answer, err := d.server.Client().Do(r)
		require.NoError(t, err)
		return answer
	}
	first := open() //nolint:bodyclose // it is closed at the end
	assert.Equal(t, "text/event-stream", first.Header.Get("Content-Type"))
	lines := bufio.NewReader(first.Body)
	next := func() {
		t.Helper()
		for _, want := range []string{"data:\n", "\n"} {
			line, err := lines.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, want, line)
		}
	}
	next()
	d.add(known())
	next()
	d.call("verification", `{"phone_number":"+86 13800000000"}`)
	next()

	others := make([]*http.Response, maxStreams-1)
	for i := range others {
		others[i] = open() //nolint:bodyclose // likewise
		require.Equal(t, http.StatusOK, others[i].StatusCode)
	}
	refused := open()
	assert.Equal(t, http.StatusServiceUnavailable, refused.StatusCode)
	require.NoError(t, refused.Body.Close())
	require.NoError(t, others[0].Body.Close())
	require.Eventually(t, func() bool {
		again := open()
		defer func() { _ = again.Body.Close() }()
		return again.StatusCode == http.StatusOK
	}, 10*time.Second, 10*time.Millisecond)
	for _, other := range append(others[1:], first) { //nolint:bodyclose // they are closed here
		require.NoError(t, other.Body.Close())
	}
}
