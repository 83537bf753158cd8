package layout

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The layers of package tcbauth, the lowest first. A file uses its own layer and the ones below. The generated file is of
// none: it has methods of types of all layers, and nobody calls them by name.
var layers = []struct {
	name  string
	files []string
}{
	{"contracts", []string{
		"category.go", "credentials.go", "doc.go", "errors.go", "events.go", "options.go", "phone.go", "sealed.go", "store.go",
		"user.go", "validate.go",
	}},
	{"frame", []string{"auth.go", "call.go"}},
	{"subjects", []string{
		"account.go", "aliases.go", "anonymous.go", "authorize.go", "captcha.go", "claims.go", "contact.go", "custom.go",
		"deviceflow.go", "encrypt.go", "finish.go", "identity.go", "login.go", "oauth.go", "otp.go", "password.go", "person.go",
		"profile.go", "provider.go", "session.go", "signin.go", "signout.go", "signup.go", "transport.go", "updateuser.go",
		"verification.go",
	}},
}

const generated = "redact_gen.go"

// layerOf returns the index of the layer that a file is listed in, -1 for none.
func layerOf(file string) int {
	for i, layer := range layers {
		if slices.Contains(layer.files, file) {
			return i
		}
	}
	return -1
}

// Contracts never use Auth or what else the frame has, and the frame never uses a subject.
func TestLayers(t *testing.T) {
	t.Parallel()
	src := load(t, ".")
	listed := []string{generated}
	for _, layer := range layers {
		listed = append(listed, layer.files...)
	}
	assert.ElementsMatch(t, src.files, listed, "every file has a place in exactly one layer")
	for _, wrong := range upward(src.uses) {
		t.Error(wrong)
	}
}

// upward returns what uses something of a layer above its own, as lines of a failure.
func upward(u uses) []string {
	var found []string
	for _, from := range u.from() {
		for _, to := range u.to(from) {
			if low, high := layerOf(from), layerOf(to); low >= 0 && low < high {
				found = append(found, layers[low].name+" must not use "+layers[high].name+": "+u.arrow(from, to))
			}
		}
	}
	return found
}

func TestUpwardUsesAreFound(t *testing.T) {
	t.Parallel()
	u := uses{}
	u.add("user.go", "auth.go", "Auth")
	u.add("call.go", "login.go", "Auth.obtain")
	u.add("login.go", "call.go", "call")
	u.add("login.go", "user.go", "User")
	u.add("user.go", "events.go", "Event")
	u.add(generated, "login.go", "LoginState")
	assert.Equal(t, []string{
		"frame must not use subjects: call.go uses of login.go: Auth.obtain",
		"contracts must not use frame: user.go uses of auth.go: Auth",
	}, upward(u))
}
