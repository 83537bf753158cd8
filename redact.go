package tcbauth

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"time"
)

// The structs of the API print themselves without secrets: fmt calls Format for every verb and also in fields of other
// structs, slog calls LogValue. Whatever is text is hidden, but for the fields of shown, so that a new field is hidden
// unless somebody decides otherwise. redact_requests.go and redact_results.go have the two methods of each type.

const redacted = "[redacted]"

// shown are the fields whose text is no secret.
var shown = map[string]bool{
	"Sub": true, "UID": true, "UserID": true, "TokenType": true, "Scope": true, "Version": true, "Event": true,
	"Target": true, "Usage": true, "Gender": true, "Locale": true, "Status": true, "Type": true,
	"Kind": true, "GrantType": true, "ResponseType": true, "Provider": true, "ProviderID": true, "ConflictResolution": true,
}

// Format prints a without its session.
func (a *Auth) Format(f fmt.State, _ rune) { printText(f, "*tcbauth.Auth{"+a.Env()+"}") }

// Format prints p without its secrets.
func (p *App) Format(f fmt.State, _ rune) { printText(f, "*tcbauth.App{"+p.Env()+"}") }

func printRedacted(f fmt.State, v any) { printText(f, redactedText(v)) }

func printText(f fmt.State, text string) {
	_, _ = io.WriteString(f, text) // a fmt.State keeps its own errors
}

func redactedValue(v any) slog.Value { return slog.StringValue(redactedText(v)) }

// redactedText is the struct v as "tcbauth.Type{Field:value}", without empty fields.
func redactedText(v any) string {
	var b strings.Builder
	writeRedacted(&b, reflect.ValueOf(v))
	return b.String()
}

func writeRedacted(b *strings.Builder, v reflect.Value) {
	b.WriteString(v.Type().String())
	b.WriteByte('{')
	separator := ""
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		if !field.IsExported() || value.IsZero() {
			continue
		}
		b.WriteString(separator + field.Name + ":")
		separator = " "
		switch {
		case value.Kind() == reflect.Pointer && value.Elem().Kind() == reflect.Struct:
			writeRedacted(b, value.Elem())
		case value.CanInt() || value.Kind() == reflect.Bool || shown[field.Name] && value.Kind() == reflect.String:
			fmt.Fprint(b, value)
		case value.Kind() == reflect.Pointer && value.Elem().Kind() == reflect.Bool:
			fmt.Fprint(b, value.Elem())
		case value.Type() == timeType:
			fmt.Fprint(b, value)
		default:
			b.WriteString(redacted)
		}
	}
	b.WriteByte('}')
}

var timeType = reflect.TypeFor[time.Time]()
