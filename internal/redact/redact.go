// Package redact prints structs without their secrets: those of package tcbauth, and the credentials of package session.
//
// Text is hidden, except in the fields whose names are known to hold none. So a new field is hidden until somebody
// decides otherwise.
//
// Each struct needs two methods, because fmt and log/slog ask the type itself. fmt calls Format for every verb, and also
// when the struct is a field of another one. log/slog calls LogValue.
package redact

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"time"
)

const hidden = "[redacted]"

// shown are the fields whose text is no secret: ids, and words of the protocol.
var shown = map[string]bool{
	"Sub": true, "UID": true, "UserID": true, "TokenType": true, "Scope": true, "Version": true, "Event": true,
	"Target": true, "Usage": true, "Gender": true, "Locale": true, "Status": true, "Type": true,
	"Kind": true, "GrantType": true, "ResponseType": true, "Provider": true, "ProviderID": true, "ConflictResolution": true,
}

var timeType = reflect.TypeFor[time.Time]()

// Format is the body of a struct's Format method. It prints [Text] of v.
func Format(f fmt.State, v any) { Print(f, Text(v)) }

// Value is the body of a struct's LogValue method. It returns [Text] of v.
func Value(v any) slog.Value { return slog.StringValue(Text(v)) }

// Print writes text to f as it is, whatever the verb and the flags are.
func Print(f fmt.State, text string) {
	_, _ = io.WriteString(f, text) // a fmt.State keeps its own errors
}

// Text returns the struct v as "package.Type{Field:value Field:[redacted]}".
//
// Fields that are unexported or zero are left out. Numbers, booleans and times are printed, and so is text in the fields
// that are known to hold no secret. A pointer to a struct is printed in the same way. Everything else is hidden. It panics
// if v is no struct.
func Text(v any) string {
	var b strings.Builder
	write(&b, reflect.ValueOf(v))
	return b.String()
}

func write(b *strings.Builder, v reflect.Value) {
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
			write(b, value.Elem())
		case value.CanInt() || value.Kind() == reflect.Bool || shown[field.Name] && value.Kind() == reflect.String:
			fmt.Fprint(b, value)
		case value.Kind() == reflect.Pointer && value.Elem().Kind() == reflect.Bool:
			fmt.Fprint(b, value.Elem())
		case value.Type() == timeType:
			fmt.Fprint(b, value)
		default:
			b.WriteString(hidden)
		}
	}
	b.WriteByte('}')
}
