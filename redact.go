package tcbauth

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"time"
)

// Types with secrets print themselves without them: fmt calls Format for every verb and also in fields of other structs,
// slog calls LogValue. Whatever is text is hidden, but for the fields of shown, so that a new field is hidden unless
// somebody decides otherwise.

const redacted = "[redacted]"

// shown are the fields whose text is no secret.
var shown = map[string]bool{
	"Sub": true, "UID": true, "UserID": true, "TokenType": true, "Scope": true, "Version": true, "Event": true,
	"Target": true, "Usage": true, "Gender": true, "Locale": true, "Status": true, "Type": true,
}

// Format prints c without its tokens.
func (c Credentials) Format(f fmt.State, _ rune) { printRedacted(f, c) }

// LogValue is c without its tokens.
func (c Credentials) LogValue() slog.Value { return redactedValue(c) }

// Format prints s without its tokens.
func (s LoginState) Format(f fmt.State, _ rune) { printRedacted(f, s) }

// LogValue is s without its tokens.
func (s LoginState) LogValue() slog.Value { return redactedValue(s) }

// Format prints u without phone number, mail address and name.
func (u User) Format(f fmt.State, _ rune) { printRedacted(f, u) }

// LogValue is u without phone number, mail address and name.
func (u User) LogValue() slog.Value { return redactedValue(u) }

// Format prints e without its tokens.
func (e AuthEvent) Format(f fmt.State, _ rune) { printRedacted(f, e) }

// LogValue is e without its tokens.
func (e AuthEvent) LogValue() slog.Value { return redactedValue(e) }

// Format prints v without the address that it holds.
func (v VerificationInfo) Format(f fmt.State, _ rune) { printRedacted(f, v) }

// LogValue is v without the address that it holds.
func (v VerificationInfo) LogValue() slog.Value { return redactedValue(v) }

// Format prints v without its token.
func (v VerifyResponse) Format(f fmt.State, _ rune) { printRedacted(f, v) }

// LogValue is v without its token.
func (v VerifyResponse) LogValue() slog.Value { return redactedValue(v) }

// Format prints r without its secrets.
func (r GetVerificationRequest) Format(f fmt.State, _ rune) { printRedacted(f, r) }

// LogValue is r without its secrets.
func (r GetVerificationRequest) LogValue() slog.Value { return redactedValue(r) }

// Format prints r without its secrets.
func (r VerifyRequest) Format(f fmt.State, _ rune) { printRedacted(f, r) }

// LogValue is r without its secrets.
func (r VerifyRequest) LogValue() slog.Value { return redactedValue(r) }

// Format prints r without its secrets.
func (r SignInRequest) Format(f fmt.State, _ rune) { printRedacted(f, r) }

// LogValue is r without its secrets.
func (r SignInRequest) LogValue() slog.Value { return redactedValue(r) }

// Format prints r without its secrets.
func (r SignInWithPasswordRequest) Format(f fmt.State, _ rune) { printRedacted(f, r) }

// LogValue is r without its secrets.
func (r SignInWithPasswordRequest) LogValue() slog.Value { return redactedValue(r) }

// Format prints r without its secrets.
func (r SignInWithSmsRequest) Format(f fmt.State, _ rune) { printRedacted(f, r) }

// LogValue is r without its secrets.
func (r SignInWithSmsRequest) LogValue() slog.Value { return redactedValue(r) }

// Format prints r without its secrets.
func (r SignInWithEmailRequest) Format(f fmt.State, _ rune) { printRedacted(f, r) }

// LogValue is r without its secrets.
func (r SignInWithEmailRequest) LogValue() slog.Value { return redactedValue(r) }

// Format prints b without its token.
func (b BindInfo) Format(f fmt.State, _ rune) { printRedacted(f, b) }

// LogValue is b without its token.
func (b BindInfo) LogValue() slog.Value { return redactedValue(b) }

// Format prints r without its secrets.
func (r SignUpRequest) Format(f fmt.State, _ rune) { printRedacted(f, r) }

// LogValue is r without its secrets.
func (r SignUpRequest) LogValue() slog.Value { return redactedValue(r) }

// Format prints r without its token.
func (r RefreshSessionRequest) Format(f fmt.State, _ rune) { printRedacted(f, r) }

// LogValue is r without its token.
func (r RefreshSessionRequest) LogValue() slog.Value { return redactedValue(r) }

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
