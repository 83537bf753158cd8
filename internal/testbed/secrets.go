package testbed

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// The secrets that tests plant. AssertNoSecret finds each, as text.
const (
	PlantedAccess       = JWTHead + "planted-access-token"
	PlantedRefresh      = "m.planted-refresh-token"
	PlantedPassword     = "planted-Passw0rd"
	PlantedID           = "planted-verification-id"
	PlantedVerification = "planted-verification-token"
	PlantedProvider     = "planted-provider-token"
	PlantedClientSecret = "planted-client-secret"
	PlantedSudo         = "planted-sudo-token"
	PlantedTicket       = "planted-ticket"
	PlantedKey          = "planted-access-key"
	PlantedUser         = "planted_user"
	PlantedEmail        = "planted.person@example.com"
	PlantedNumber       = "13912345678"
	PlantedPhone        = "+86 " + PlantedNumber
	PlantedCode         = "7391548206137" // long, so that no random id has it in it
)

// PlantedSub is whose session SessionStore holds: an id, no secret.
const PlantedSub = "1849755119840497664"

// AssertNoSecret fails if text has a planted secret in it.
func AssertNoSecret(t testing.TB, where, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	for _, secret := range plantedForms {
		assert.NotContains(t, lower, secret, where)
	}
}

// JWTHead is the open part of a token: {"alg":"RS256","kid":"k"} and {"sub":"1"}.
const JWTHead = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.eyJzdWIiOiIxIn0."

// plantedForms are what to look for, in lower case.
var plantedForms = []string{"planted", PlantedNumber, PlantedCode, strings.ToLower(PlantedBasic)}

// PlantedBasic is the client secret as it goes out.
var PlantedBasic = base64.StdEncoding.EncodeToString([]byte(MethodEnv + ":" + PlantedClientSecret))

// AssertErrorKeepsSecrets looks at every text that err and what it wraps can become.
func AssertErrorKeepsSecrets(t testing.TB, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		AssertNoSecret(t, "text", err.Error())
		if t.Failed() {
			return // every other form has it too
		}
		for form, text := range PrintedForms(err) {
			AssertNoSecret(t, form, text)
		}
		var e *tcbauth.Error
		if errors.As(err, &e) {
			for _, text := range []string{string(e.Code), e.Description, e.RequestID, e.Path} {
				AssertNoSecret(t, "field of the error", text)
			}
			data, failed := json.Marshal(e)
			require.NoError(t, failed)
			AssertNoSecret(t, "JSON of the error", string(data))
		}
	}
}

// Quotes is a text with everything that r carries: what a careless server, proxy or test rig puts into its answer.
func Quotes(r Arrived) string {
	var b strings.Builder
	b.WriteString(r.URL.String() + " " + r.Header.Get("Authorization") + " " + r.Text)
	var fields map[string]any
	if json.Unmarshal([]byte(r.Text), &fields) == nil {
		for _, value := range fields {
			fmt.Fprintf(&b, " %v", value)
			if text, ok := value.(string); ok && strings.HasPrefix(text, "+") {
				compact := strings.ReplaceAll(text, " ", "")
				b.WriteString(" " + compact + " " + strings.TrimPrefix(compact, "+86") + " " + strings.TrimPrefix(compact, "+"))
			}
		}
	}
	return b.String()
}

// Indiscreet are answers that quote the request, in every place where a text can stand.
var Indiscreet = map[string]func(r Arrived) Answer{
	"error_description": func(r Arrived) Answer {
		return Reply(400, `{"error":"invalid_argument","error_code":3,"error_description":`+AsJSON(Quotes(r))+`}`)
	},
	"message": func(r Arrived) Answer {
		return Reply(400, `{"code":"INVALID_ARGUMENT","message":`+AsJSON(Quotes(r))+`,"requestId":`+AsJSON(Quotes(r))+`}`)
	},
	"error": func(r Arrived) Answer {
		return Reply(400, `{"error":`+AsJSON(Quotes(r))+`}`)
	},
	"code": func(r Arrived) Answer {
		return Reply(200, `{"code":`+AsJSON(Quotes(r))+`,"message":"x"}`)
	},
	"other fields": func(r Arrived) Answer {
		text := AsJSON(Quotes(r))
		return Reply(500, `{"error":"internal","error_uri":`+text+`,"details":[`+text+`],"retry_after":`+text+`}`)
	},
	"HTML": func(r Arrived) Answer {
		return Reply(500, "<html>"+Quotes(r), "Content-Type", "text/html", "Retry-After", Quotes(r))
	},
	"not quite JSON": func(r Arrived) Answer { return Reply(200, `{"a":"`+Quotes(r)) },
	"plain JSON":     func(r Arrived) Answer { return Reply(200, AsJSON(Quotes(r))) },
	"wrong types": func(r Arrived) Answer {
		return Reply(200, `{"access_token":[`+AsJSON(Quotes(r))+`],"expires_in":`+AsJSON(Quotes(r))+`}`)
	},
	"redirect": func(r Arrived) Answer {
		return Reply(307, "", "Location", "https://elsewhere.example/?q="+Quotes(r))
	},
	"redirect to no URL": func(r Arrived) Answer {
		return Reply(307, "", "Location", "https://[::1/"+Quotes(r))
	},
	"unauthenticated": func(r Arrived) Answer {
		return Reply(401, `{"error":"unauthenticated","error_description":`+AsJSON(Quotes(r))+`}`)
	},
	"unreachable": func(Arrived) Answer { return Lost(errors.New("connection reset by peer")) },
}
