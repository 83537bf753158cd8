package vectors_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// jsMethod is a method of the js-sdk and what stands for it in Go. scripts/js-sdk-methods.mjs makes the list.
type jsMethod struct {
	Name   string `json:"name"`
	Layer  string `json:"layer"`  // "app": app.auth(), "lower": the class below it, "user": the user object
	Go     string `json:"go"`     // a method of Auth, or one of jsFunctions
	Reason string `json:"reason"` // why there is no Go method
	Note   string `json:"note"`   // what else to know about Go; Go names in backticks
}

// jsFunctions are the Go names that are not methods of Auth. The values make the compiler check them.
var jsFunctions = map[string]any{
	"WithAccessKey":    tcbauth.WithAccessKey,
	"WithInitialState": tcbauth.WithInitialState,
	"WithTicketSource": tcbauth.WithTicketSource,
}

// goOnly are the methods of Auth that stand for no method of the js-sdk.
//
//nolint:gosec // the names of methods are no secrets
var goOnly = map[string]string{
	"BaseURL":             "the configuration in force",
	"Env":                 "the configuration in force",
	"FinishOtp":           "js: the functions data.verifyOtp and data.updateUser of what a first step returns",
	"Format":              "fmt.Formatter, which hides the secrets",
	"PollDeviceToken":     "js: none, the device has to poll by itself",
	"SignOutWithRedirect": "js: signOut with parameters",
	"StoredOtp":           "js: none, a page keeps what a first step returns in a variable",
	"Transport":           "js: none, what calls other APIs of the environment takes the token by itself",
}

// notRecorded are the js-sdk's methods that jsCalls cannot make from recorded JSON.
var notRecorded = map[string]string{
	"onAuthStateChange": "takes a function; what it hears is in every vector",
	"verifyOAuth":       "reads the page's URL and its sessionStorage",
}

// notPlayed are the methods of jsCalls that the scenarios cannot play. The flows of conformance/ call them.
//
//nolint:gosec // the names of methods are no secrets
var notPlayed = map[string]string{
	"linkIdentity":               "reads the page's URL",
	"modifyPassword":             "encrypts with random padding; encrypt.json has what the encryptor makes",
	"modifyPasswordWithoutLogin": "the same",
}

func readJSMethods(t *testing.T) (sdk string, methods []jsMethod) {
	t.Helper()
	data, err := os.ReadFile("../../testdata/js-sdk-methods.json")
	require.NoError(t, err)
	var list struct {
		SDK     string     `json:"sdk"`
		Methods []jsMethod `json:"methods"`
	}
	require.NoError(t, json.Unmarshal(data, &list))
	require.NotEmpty(t, list.Methods)
	return list.SDK, list.Methods
}

// hasGo says whether name is something of the Go API that may stand for a method of the js-sdk.
func hasGo(name string) bool {
	_, method := reflect.TypeFor[*tcbauth.Auth]().MethodByName(name)
	return method || jsFunctions[name] != nil
}

// capital is how Go spells the js-sdk's name.
func capital(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

var quotedGoName = regexp.MustCompile("`([A-Z]\\w*)`")

func TestJSMethodsAreDecided(t *testing.T) {
	t.Parallel()
	_, methods := readJSMethods(t)
	seen := map[string]bool{}
	for _, m := range methods {
		id := m.Layer + " " + m.Name
		assert.False(t, seen[id], "%s is there twice", id)
		seen[id] = true
		assert.Contains(t, []string{"app", "lower", "user"}, m.Layer, m.Name)
		assert.NotEqual(t, m.Go == "", m.Reason == "", "%s needs a Go method or a reason, not both", id)
		if m.Go != "" {
			assert.True(t, hasGo(m.Go), "%s: there is no Go method %s", id, m.Go)
		} else if m.Layer != "user" {
			assert.False(t, hasGo(capital(m.Name)), "%s has a reason and yet a Go method", id)
		}
		for _, name := range quotedGoName.FindAllStringSubmatch(m.Note+" "+m.Reason, -1) {
			assert.True(t, hasGo(name[1]), "%s: there is no Go method %s", id, name[1])
		}
	}
}

func TestJSMethodsCoverAuth(t *testing.T) {
	t.Parallel()
	_, methods := readJSMethods(t)
	targets := map[string]bool{}
	for _, m := range methods {
		targets[m.Go] = true
	}
	auth := reflect.TypeFor[*tcbauth.Auth]()
	for method := range auth.Methods() {
		_, only := goOnly[method.Name]
		assert.NotEqual(t, targets[method.Name], only,
			"Auth.%s must stand for a method of testdata/js-sdk-methods.json or have a reason in goOnly, not both", method.Name)
	}
	for name, reason := range goOnly {
		_, ok := auth.MethodByName(name)
		assert.True(t, ok, "goOnly has %s, which is no method of Auth", name)
		assert.NotEmpty(t, reason, name)
	}
}

func TestJSMethodsCanBeReplayed(t *testing.T) {
	t.Parallel()
	_, methods := readJSMethods(t)
	known := map[string]bool{}
	for _, m := range methods {
		known[m.Name] = true
		// Another name for a Go method needs no call of its own.
		if m.Layer == "user" || m.Go != capital(m.Name) {
			continue
		}
		call, reason := jsCalls[m.Name] != nil, notRecorded[m.Name] != ""
		assert.NotEqual(t, call, reason, "%s must be in jsCalls or have a reason in notRecorded, not both", m.Name)
	}
	for name := range jsCalls {
		assert.True(t, known[strings.TrimPrefix(name, "api.")], "jsCalls has %s, which the js-sdk does not", name)
	}
	for name := range notRecorded {
		assert.True(t, known[name], "notRecorded has %s, which the js-sdk does not", name)
	}
}

// TestJSMethodsAreRecorded: the requests of every method were recorded from both generations, so that TestWire compares them.
func TestJSMethodsAreRecorded(t *testing.T) {
	t.Parallel()
	for name, generation := range generations {
		var file wireFile
		testbed.ReadJSON(t, generation.file, &file)
		recorded := map[string]bool{}
		for _, vector := range file.Vectors {
			for _, step := range vector.Steps {
				recorded[strings.TrimPrefix(step.Call, "api.")] = true
			}
		}
		for call := range jsCalls {
			assert.NotEqual(t, recorded[call], notPlayed[call] != "",
				"js-sdk %s: %s must be in a vector or have a reason in notPlayed, not both", name, call)
		}
	}
}

const (
	tableBegin = "<!-- js-sdk to Go: begin -->\n\n"
	tableEnd   = "<!-- js-sdk to Go: end -->"
)

const jsPage = "../../docs/js-sdk.md"

// TCBAUTH_UPDATE_DOCS=1 writes the table into the page.
func TestJSSDKPage(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(jsPage)
	require.NoError(t, err)
	page := strings.ReplaceAll(string(data), "\r\n", "\n")
	before, rest, begins := strings.Cut(page, tableBegin)
	table, after, ends := strings.Cut(rest, tableEnd)
	require.True(t, begins && ends, "docs/js-sdk.md needs the lines %q and %q", tableBegin, tableEnd)
	want := methodTable(readJSMethods(t))
	if os.Getenv("TCBAUTH_UPDATE_DOCS") != "" {
		//nolint:gosec // a page is for everybody to read
		require.NoError(t, os.WriteFile(jsPage, []byte(before+tableBegin+want+tableEnd+after), 0o644))
		return
	}
	assert.Equal(t, want, table, "update it: TCBAUTH_UPDATE_DOCS=1 go test -run TestJSSDKPage ./internal/vectors")
}

// methodTable is the Markdown between the markers. Methods of authApi that app.auth() has too are left out.
func methodTable(sdk string, methods []jsMethod) string {
	app := map[string]bool{}
	for _, m := range methods {
		app[m.Name] = app[m.Name] || m.Layer == "app"
	}
	var upper, lower, without jsTable
	for _, m := range methods {
		shown := m.Name
		switch m.Layer {
		case "user":
			shown = "currentUser." + m.Name
		case "lower":
			if app[m.Name] {
				continue
			}
		}
		switch {
		case m.Go == "":
			without.add(m.Reason, shown, m.Reason)
		case m.Layer == "lower":
			lower.add(m.Go, shown, goCell(m))
		default:
			upper.add(m.Go, shown, goCell(m))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Every method of `%s`; a test compares the list with the Go API. The functions `data.verifyOtp` and\n"+
		"`data.updateUser` in js-sdk results are `FinishOtp`.\n\n", sdk)
	b.WriteString("### Methods of app.auth() and its user\n\n" + upper.markdown("Go"))
	b.WriteString("### Methods that only oauthInstance.authApi has\n\n" + lower.markdown("Go"))
	b.WriteString("### Without a Go method\n\n" + without.markdown("why"))
	return b.String()
}

func goCell(m jsMethod) string {
	cell := "`" + m.Go + "`"
	if m.Note != "" {
		cell += "; " + m.Note
	}
	return cell
}

// jsTable has one row for all names that have the same right-hand cell.
type jsTable map[jsRow][]string

type jsRow struct{ order, cell string }

func (t *jsTable) add(order, name, cell string) {
	if *t == nil {
		*t = jsTable{}
	}
	row := jsRow{order, cell}
	(*t)[row] = append((*t)[row], name)
}

func (t jsTable) markdown(right string) string {
	rows := slices.SortedFunc(maps.Keys(t), func(a, b jsRow) int {
		return cmp.Or(strings.Compare(a.order, b.order), strings.Compare(a.cell, b.cell))
	})
	out := "| js-sdk | " + right + " |\n| --- | --- |\n"
	for _, row := range rows {
		names := slices.SortedFunc(slices.Values(t[row]), func(a, b string) int {
			switch row.order { // the name that Go has too comes first
			case capital(a):
				return -1
			case capital(b):
				return 1
			}
			return strings.Compare(a, b)
		})
		out += "| `" + strings.Join(names, "`, `") + "` | " + row.cell + " |\n"
	}
	return out + "\n"
}
