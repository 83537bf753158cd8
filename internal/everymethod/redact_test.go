package everymethod_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/redact"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// openFields may be printed in every type: ids and words of the protocol.
var openFields = map[string]bool{
	"Sub": true, "UID": true, "UserID": true, "TokenType": true, "Scope": true, "Version": true, "Event": true,
	"Target": true, "Usage": true, "Gender": true, "Locale": true, "Status": true, "Type": true,
	"Kind": true, "GrantType": true, "ResponseType": true, "Provider": true, "ProviderID": true, "ConflictResolution": true,
}

// printedTypes are the package's structs that a caller of Auth's methods can come to hold.
func printedTypes() map[reflect.Type]bool {
	found := map[reflect.Type]bool{}
	auth := reflect.TypeFor[*tcbauth.Auth]()
	for i := range auth.NumMethod() {
		collectTypes(auth.Method(i).Type, found)
	}
	collectTypes(reflect.TypeFor[tcbauth.AuthEvent](), found)
	return found
}

func collectTypes(typ reflect.Type, found map[reflect.Type]bool) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		collectTypes(typ.Elem(), found)
	case reflect.Map:
		collectTypes(typ.Key(), found)
		collectTypes(typ.Elem(), found)
	case reflect.Func:
		for i := range typ.NumIn() {
			collectTypes(typ.In(i), found)
		}
		for i := range typ.NumOut() {
			collectTypes(typ.Out(i), found)
		}
	case reflect.Struct:
		if typ.PkgPath() != reflect.TypeFor[tcbauth.Auth]().PkgPath() || found[typ] {
			return
		}
		found[typ] = true
		for i := range typ.NumField() {
			collectTypes(typ.Field(i).Type, found)
		}
	default:
	}
}

// plant puts a secret everywhere into v that can hold text, openFields apart, down to depth: some types hold themselves.
func plant(v reflect.Value, depth int) {
	if depth == 0 {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(testbed.PlantedAccess)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		plant(v.Elem(), depth-1)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 { // json.RawMessage
			v.SetBytes([]byte(`"` + testbed.PlantedAccess + `"`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		plant(v.Index(0), depth-1)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		plant(key, depth-1)
		plant(value, depth-1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Interface:
		for _, value := range []any{errors.New(testbed.PlantedAccess), testbed.PlantedAccess} {
			if reflect.TypeOf(value).AssignableTo(v.Type()) {
				v.Set(reflect.ValueOf(value))
				return
			}
		}
	case reflect.Struct:
		if at, ok := v.Addr().Interface().(*time.Time); ok {
			*at = time.Unix(1, 0)
			return
		}
		for i := range v.NumField() {
			field := v.Type().Field(i)
			open := openFields[field.Name] && field.Type.Kind() == reflect.String
			if field.IsExported() && !open {
				plant(v.Field(i), depth-1)
			}
		}
	default:
	}
}

func TestTypesPrintNoSecret(t *testing.T) {
	t.Parallel()
	types := printedTypes()
	require.Greater(t, len(types), 15)
	for typ := range types {
		if _, ok := redact.Open[typ.Name()]; ok {
			continue
		}
		t.Run(typ.Name(), func(t *testing.T) {
			t.Parallel()
			v := reflect.New(typ)
			plant(v.Elem(), 6)
			field := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "V", Type: typ}})) // a field of the very type
			field.Elem().Field(0).Set(v.Elem())
			for kind, x := range map[string]any{"value": v.Elem().Interface(), "pointer": v.Interface()} {
				for form, text := range testbed.PrintedForms(x) {
					requireHidden(t, kind+" "+form, text)
				}
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
				requireHidden(t, "typed field "+verb, fmt.Sprintf(verb, field.Interface()))
				requireHidden(t, "typed field, value "+verb, fmt.Sprintf(verb, field.Elem().Interface()))
			}
			assert.NotPanics(t, func() { _ = fmt.Sprint(reflect.Zero(reflect.PointerTo(typ)).Interface()) }, "a nil pointer")
		})
	}
}

// requireHidden looks for the secret as text, in hexadecimal and as a list of bytes.
func requireHidden(t *testing.T, form, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	const bytesList = "112 108 97 110 116 101 100"
	for _, secret := range []string{"planted", hex.EncodeToString([]byte("planted")), bytesList} {
		require.NotContains(t, lower, secret, form)
	}
}

// What identifies a record and is no secret stays readable, or nobody could use the log.
func TestTypesPrintWhatIsOpen(t *testing.T) {
	t.Parallel()
	c := &tcbauth.Credentials{Sub: testbed.PlantedSub, AccessToken: testbed.PlantedAccess, Scope: "user", ExpiresIn: 7200}
	assert.Equal(t, "tcbauth.Credentials{AccessToken:[redacted] ExpiresIn:7200 Scope:user Sub:"+testbed.PlantedSub+"}", fmt.Sprint(c))
	state := tcbauth.LoginState{User: &tcbauth.User{Sub: testbed.PlantedSub, PhoneNumber: testbed.PlantedPhone}, Credentials: c}
	assert.Contains(t, fmt.Sprintf("%+v", state), "Sub:"+testbed.PlantedSub)
	event := tcbauth.AuthEvent{Event: tcbauth.EventSignedIn, Session: c}
	assert.Contains(t, fmt.Sprint(event), "SIGNED_IN")
	assert.Equal(t, "tcbauth.Credentials{}", fmt.Sprint(tcbauth.Credentials{}))
}

// Redaction is for texts that happen; encoding is what somebody asked for, and what stores depend on.
func TestTypesEncodeInFull(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(tcbauth.Credentials{AccessToken: testbed.PlantedAccess})
	require.NoError(t, err)
	assert.Contains(t, string(data), testbed.PlantedAccess)
}

// Handles have everything: options, keys, the session.
func TestHandlesPrintNoSecret(t *testing.T) {
	t.Parallel()
	p := &testbed.Peer{Answer: nil}
	app := testbed.NewPeerApp(t, p, testbed.SessionStore(t), tcbauth.WithAccessKey(testbed.PlantedKey), tcbauth.WithDeviceID("planted-device-id"))
	_, err := app.Auth().GetAccessToken(t.Context())
	require.NoError(t, err)
	for name, v := range map[string]any{
		"App": app, "Auth": app.Auth(), "ForUser": app.ForUser("planted-key"), "ForToken": app.ForToken(testbed.PlantedAccess),
		"Option": tcbauth.WithAccessKey(testbed.PlantedKey),
	} {
		for form, text := range testbed.PrintedForms(v) {
			if name == "Option" && strings.HasPrefix(form, "slog JSON") {
				continue // a function has no JSON; slog says so
			}
			requireHidden(t, name+" "+form, text)
		}
		data, err := json.Marshal(v)
		if err == nil {
			requireHidden(t, name+" JSON", string(data))
		}
	}
}
