package redact_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/internal/redact"
)

type word string

type inner struct {
	Sub   string
	Token string
}

type record struct {
	Sub     string
	Type    word
	Token   string
	Pointer *string
	Bytes   []byte
	List    []string
	Extra   map[string]json.RawMessage
	Any     any
	Err     error
	Number  int
	Wait    time.Duration
	On      bool
	Off     *bool
	At      time.Time
	In      *inner
	Value   inner
	secret  string
}

func (r record) Format(f fmt.State, _ rune) { redact.Format(f, r) }

func (r record) LogValue() slog.Value { return redact.Value(r) }

func TestText(t *testing.T) {
	t.Parallel()
	const secret = "planted"
	text, off := secret, false
	for name, tt := range map[string]struct {
		in   record
		want string
	}{
		"zero":                    {record{}, ""},
		"id":                      {record{Sub: "gopher"}, "Sub:gopher"},
		"word of another type":    {record{Type: "anonymous"}, "Type:anonymous"},
		"text":                    {record{Token: secret}, "Token:[redacted]"},
		"pointer to text":         {record{Pointer: &text}, "Pointer:[redacted]"},
		"bytes":                   {record{Bytes: []byte(secret)}, "Bytes:[redacted]"},
		"list":                    {record{List: []string{secret}}, "List:[redacted]"},
		"map":                     {record{Extra: map[string]json.RawMessage{secret: json.RawMessage(`"planted"`)}}, "Extra:[redacted]"},
		"any":                     {record{Any: secret}, "Any:[redacted]"},
		"error":                   {record{Err: fmt.Errorf("a %s error", secret)}, "Err:[redacted]"},
		"number and duration":     {record{Number: 7, Wait: time.Second}, "Number:7 Wait:1s"},
		"booleans":                {record{On: true, Off: &off}, "On:true Off:false"},
		"time":                    {record{At: time.Unix(1, 0).UTC()}, "At:1970-01-01 00:00:01 +0000 UTC"},
		"struct behind a pointer": {record{In: &inner{Sub: "gopher", Token: secret}}, "In:redact_test.inner{Sub:gopher Token:[redacted]}"},
		"struct":                  {record{Value: inner{Sub: "gopher", Token: secret}}, "Value:[redacted]"},
		"unexported":              {record{secret: secret}, ""},
		"several, in their order": {record{Token: secret, Sub: "gopher", Number: 1}, "Sub:gopher Token:[redacted] Number:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := "redact_test.record{" + tt.want + "}"
			assert.Equal(t, want, redact.Text(tt.in))
			assert.Equal(t, want, tt.in.LogValue().String())
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%9.2v"} {
				assert.Equal(t, want, fmt.Sprintf(verb, tt.in), verb)
				assert.Equal(t, want, fmt.Sprintf(verb, &tt.in), verb)
			}
		})
	}
}
