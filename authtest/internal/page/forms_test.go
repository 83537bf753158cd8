package page

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest/internal/language"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// known is a user of the tests, with names by which they are found.
func known() service.Person {
	return service.Person{Sub: "1", Username: "user_01", Password: "passw0rd", Phone: "+86 13800000000", Groups: []string{"g"}}
}

// Every form, in both languages: what it does, and that it leads back to a page that says so.
func TestForms(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, d *desk) (fields []string, check func(page string)){
		"advance": func(t *testing.T, d *desk) ([]string, func(string)) {
			return []string{"by", " 2h "}, func(page string) {
				assert.Equal(t, 2*time.Hour, d.Ahead())
				has(t, page, ">"+translator{d.lang}.T("ahead", "2h"))
			}
		},
		"reset": func(t *testing.T, d *desk) ([]string, func(string)) {
			return nil, func(string) { assert.Empty(t, d.People.OldestFirst()) }
		},
		"fix-code": func(t *testing.T, d *desk) ([]string, func(string)) {
			return []string{"to", "139 0000 0000", "code", "123456"}, func(string) {
				d.call("verification", `{"phone_number":"+86 13900000000"}`)
				assert.Equal(t, "123456", d.Inbox.To("", time.Time{})[0].Code)
			}
		},
		"approve": func(t *testing.T, d *desk) ([]string, func(string)) {
			code := waitingDevice(t, d)
			return []string{"id", code.UserCode, "as", "1"}, func(string) {
				assert.Contains(t, d.call("token", code.poll), `"sub":"1"`)
			}
		},
		"deny": func(t *testing.T, d *desk) ([]string, func(string)) {
			code := waitingDevice(t, d)
			return []string{"id", code.UserCode}, func(string) { assert.Contains(t, d.call("token", code.poll), "access_denied") }
		},
		"scan": func(t *testing.T, d *desk) ([]string, func(string)) {
			id := waitingQRCode(t, d)
			return []string{"id", id, "as", "2", "other", "user_01"}, func(string) {
				assert.Contains(t, d.call("qrcode/get/status", `{"qrCodeId":"`+id+`"}`), "SUCCESS")
				assert.NotEmpty(t, d.People.BySub("1").Identities[service.MiniProgramProvider])
			}
		},
		"deny-qr": func(t *testing.T, d *desk) ([]string, func(string)) {
			id := waitingQRCode(t, d)
			return []string{"id", id}, func(string) {
				assert.Contains(t, d.call("qrcode/get/status", `{"qrCodeId":"`+id+`"}`), "EXPIRED")
			}
		},
		"add-user": func(t *testing.T, d *desk) ([]string, func(string)) {
			return []string{"username", "user_02", "password", "passw0rd", "phone_number", "139-0000-0000", "groups", "a\r\nmy team\r\n", "identities", "wx_open=o1\ncustom=c 1", "pending", "1"}, func(page string) {
				u := d.People.Named("user_02")
				require.NotNil(t, u)
				assert.Equal(t, "+86 13900000000", u.Phone)
				assert.Equal(t, []string{"a", "my team"}, u.Groups)
				assert.Equal(t, map[string]string{"wx_open": "o1", "custom": "c 1"}, u.Identities)
				assert.True(t, u.Pending && u.IsPassword("passw0rd"))
				has(t, page, `id="u-`+u.Sub+`"`)
			}
		},
		"edit-user": func(t *testing.T, d *desk) ([]string, func(string)) {
			return []string{"id", "1", "username", "user_01", "email", "a@b.cn", "groups", "g\nh"}, func(string) {
				u := d.People.BySub("1")
				assert.Equal(t, "a@b.cn", u.Email)
				assert.Empty(t, u.Phone, "an empty field takes away")
				assert.Equal(t, []string{"g", "h"}, u.Groups)
				assert.True(t, u.IsPassword("passw0rd"), "but not the password")
			}
		},
		"block": func(t *testing.T, d *desk) ([]string, func(string)) {
			return []string{"id", "1"}, func(string) {
				assert.Contains(t, d.call("signin", `{"username":"user_01","password":"passw0rd"}`), "user_blocked")
			}
		},
		"unblock": func(t *testing.T, d *desk) ([]string, func(string)) {
			d.send("block", "id", "1")
			return []string{"id", "1"}, func(string) { d.signIn("user_01") }
		},
		"sign-out": func(t *testing.T, d *desk) ([]string, func(string)) {
			d.signIn("user_01")
			d.signIn("user_01")
			return []string{"id", "1"}, func(string) { assert.Zero(t, d.Sessions.Count()) }
		},
		"delete-user": func(t *testing.T, d *desk) ([]string, func(string)) {
			d.signIn("user_01")
			return []string{"id", "1"}, func(string) {
				assert.Nil(t, d.People.BySub("1"))
				assert.Zero(t, d.Sessions.Count())
			}
		},
		"end-session": func(t *testing.T, d *desk) ([]string, func(string)) {
			d.signIn("user_01")
			d.signIn("user_01")
			return []string{"id", d.Sessions.OldestFirst()[0].ID()}, func(string) { assert.Equal(t, 1, d.Sessions.Count()) }
		},
		"rules-login": func(t *testing.T, d *desk) ([]string, func(string)) {
			return []string{"login", "password", "login", "phone", "sign-up", "phone"}, func(string) {
				assert.Equal(t, []string{"anonymous", "custom", "email"}, d.Rules().LoginOff)
				assert.Equal(t, []string{"email"}, d.Rules().SignUpOff)
			}
		},
		"rules-limits": func(t *testing.T, d *desk) ([]string, func(string)) {
			return []string{"sms_interval", "2m", "sms_code_lifetime", "1d", "email_code_lifetime", "1m", "password_lock.after", "3", "password_lock.for", "1h"}, func(page string) {
				r := d.Rules()
				assert.Equal(t, 2*time.Minute, time.Duration(r.SMSInterval))
				assert.Equal(t, 24*time.Hour, time.Duration(r.SMSCodeLifetime))
				assert.Equal(t, 3, r.PasswordLock.After)
				assert.Zero(t, r.SMSDaily)
				assert.Equal(t, "2m", value(t, page, "rules-limits--sms_interval"))
			}
		},
		"rules-unlimited": func(t *testing.T, d *desk) ([]string, func(string)) {
			return nil, func(string) {
				for range 3 {
					assert.Contains(t, d.call("verification", `{"phone_number":"+86 13800000000"}`), "verification_id")
				}
			}
		},
		"rules-captcha": func(t *testing.T, d *desk) ([]string, func(string)) {
			return []string{"captcha", "signin", "captcha", "verification", "captcha_after_sends", "3"}, func(string) {
				assert.Equal(t, []string{"signin", "verification"}, d.Rules().Captcha)
				assert.Equal(t, 3, d.Rules().CaptchaAfterSends)
			}
		},
		"rules-tokens": func(t *testing.T, d *desk) ([]string, func(string)) {
			return []string{"refresh.policy", "rotate", "refresh.grace", "10s", "refresh.reuse", "revoke", "access_token_lifetime", "1m", "refresh_token_lifetime", "7d"}, func(string) {
				r := d.Rules()
				assert.Equal(t, service.RevokeOnReuse, r.Refresh.Reuse)
				assert.Equal(t, time.Minute, time.Duration(r.AccessLifetime))
			}
		},
		"rules-start": func(t *testing.T, d *desk) ([]string, func(string)) {
			before := d.Rules()
			d.send("rules-unlimited")
			require.NotEqual(t, before, d.Rules())
			return nil, func(string) { assert.Equal(t, before, d.Rules()) }
		},
		"add-fault": func(t *testing.T, d *desk) ([]string, func(string)) {
			return []string{"operation", "certs", "effect", "error", "error", "unavailable", "times", "1", "delay", "1ms"}, func(page string) {
				_, text := d.do(http.MethodGet, "/auth/v1/certs", "")
				assert.Contains(t, text, "unavailable")
				has(t, page, "delay=1ms error=unavailable status=503")
			}
		},
		"lift-fault": func(t *testing.T, d *desk) ([]string, func(string)) {
			d.send("add-fault", "operation", "certs", "effect", "bad_json")
			d.send("add-fault", "operation", "token", "effect", "html", "status", "504")
			return []string{"id", "1"}, func(string) {
				require.Len(t, d.Faults.NotLifted(), 1)
				assert.Equal(t, 504, d.Faults.NotLifted()[0].Status)
			}
		},
		"clear-faults": func(t *testing.T, d *desk) ([]string, func(string)) {
			d.send("add-fault", "operation", "certs", "effect", "after_commit")
			return nil, func(string) { assert.Empty(t, d.Faults.NotLifted()) }
		},
	}
	for do := range actions {
		require.Contains(t, tests, do, "every form is tried")
	}
	for do, test := range tests {
		for _, lang := range []string{language.English, language.Chinese} {
			t.Run(do+" "+lang, func(t *testing.T) {
				t.Parallel()
				d := newDesk(t)
				d.lang = lang
				d.add(known())
				fields, check := test(t, d)
				answer, text := d.send(do, fields...)
				require.Equal(t, http.StatusOK, answer.StatusCode)
				assert.Equal(t, http.MethodGet, answer.Request.Method, "it leads back to the page")
				assert.Equal(t, actions[do].section, answer.Request.URL.Fragment)
				has(t, text, `<p class="notice">`+translator{lang}.T("said_"+do))
				check(text)
			})
		}
	}
}

// What is wrong with a form is said beside the field, in both languages, and what was typed is kept.
func TestFormMistakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		do     string
		fields []string
		field  string // the id of the input; "" where none is to blame. In both "waiting" is the id of what waits for a decision
		word   string
	}{
		{"advance", []string{"by", "soon <b>"}, "advance--by", "bad_duration"},
		{"advance", []string{"by", "-2h"}, "advance--by", "bad_advance"},
		{"advance", []string{"by", "101000d"}, "advance--by", "bad_duration"},
		{"fix-code", []string{"to", "nobody", "code", "123456"}, "fix-code--to", "bad_address"},
		{"fix-code", []string{"to", "a@b.cn", "code", "12"}, "fix-code--code", "bad_code"},
		{"approve", []string{"id", "X", "as", "nobody"}, "", "no_such_user"},
		{"approve", []string{"id", "X", "as", "1"}, "", "gone"},
		{"deny", []string{"id", "X"}, "", "gone"},
		{"approve", []string{"id", "waiting", "as", "nobody"}, "approve-waiting-as", "no_such_user"},
		{"approve", []string{"id", "waiting", "as", "2", "other", "no <b>"}, "approve-waiting-other", "no_such_user"},
		{"scan", []string{"id", "waiting", "as", "2", "other", "nobody"}, "scan-waiting-other", "no_such_user"},
		{"scan", []string{"id", "X", "as", "1"}, "", "gone"},
		{"scan", []string{"id", "X"}, "", "no_such_user"},
		{"deny-qr", []string{"id", "X"}, "", "gone"},
		{"add-user", []string{"name", "Ann"}, "", "person_nameless"},
		{"add-user", []string{"username", "user_01"}, "add-user--username", "person_taken"},
		{"add-user", []string{"username", "a@b"}, "add-user--username", "bad_username"},
		{"add-user", []string{"sub", "1", "username", "user_09"}, "add-user--sub", "person_taken"},
		{"add-user", []string{"phone_number", "12"}, "add-user--phone_number", "bad_phone_number"},
		{"add-user", []string{"email", "x"}, "add-user--email", "bad_email"},
		{"add-user", []string{"identities", "wx_open"}, "add-user--identities", "bad_identities"},
		{"add-user", []string{"identities", "=x"}, "add-user--identities", "bad_identities"},
		{"edit-user", []string{"id", "1", "username", "user_02"}, "edit-user-1-username", "person_taken"},
		{"edit-user", []string{"id", "1", "identities", "x"}, "edit-user-1-identities", "bad_identities"},
		{"edit-user", []string{"id", "9", "username", "user_09"}, "", "gone"},
		{"block", []string{"id", "9"}, "", "gone"},
		{"sign-out", []string{"id", "9"}, "", "gone"},
		{"delete-user", []string{"id", "9"}, "", "gone"},
		{"end-session", []string{"id", "9"}, "", "gone"},
		{"rules-limits", []string{"sms_interval", "x"}, "rules-limits--sms_interval", "bad_duration"},
		{"rules-limits", []string{"sms_daily_limit", "-1"}, "rules-limits--sms_daily_limit", "bad_number"},
		{"rules-limits", []string{"sms_code_lifetime", "1ms"}, "rules-limits--sms_code_lifetime", "rule_whole_seconds"},
		{"rules-limits", []string{"email_interval", "-1s"}, "rules-limits--email_interval", "rule_negative"},
		{"rules-limits", []string{"sms_code_lifetime", "1m", "email_code_lifetime", "1m", "password_lock.after", "1"}, "rules-limits--password_lock.for", "rule_lock_of_no_time"},
		{"rules-captcha", []string{"captcha", "x"}, "", "rule_unknown"},
		{"rules-captcha", []string{"captcha_after_sends", "x"}, "rules-captcha--captcha_after_sends", "bad_number"},
		{"rules-tokens", []string{"refresh.policy", "x", "access_token_lifetime", "1m", "refresh_token_lifetime", "1m"}, "", "rule_unknown"},
		{"rules-tokens", []string{"refresh.policy", "rotate", "refresh.grace", "x"}, "rules-tokens--refresh.grace", "bad_duration"},
		{"add-fault", []string{"operation", "token", "effect", "error"}, "add-fault--error", "error_needed"},
		{"add-fault", []string{"operation", "token", "effect", "delay_only"}, "add-fault--delay", "delay_needed"},
		{"add-fault", []string{"operation", "token", "effect", "html", "delay", "-1s"}, "add-fault--delay", "bad_duration"},
		{"add-fault", []string{"operation", "token", "effect", "html", "every", "x"}, "add-fault--every", "bad_number"},
		{"add-fault", []string{"operation", "token", "effect", "html", "status", "999"}, "add-fault--status", "bad_status"},
		{"add-fault", []string{"operation", "token", "effect", "html", "to", "x"}, "add-fault--to", "bad_address"},
		{"lift-fault", []string{"id", "9"}, "", "gone"},
	} {
		for _, lang := range []string{language.English, language.Chinese} {
			t.Run(test.do+" "+strings.Join(test.fields, " ")+" "+lang, func(t *testing.T) {
				t.Parallel()
				d := newDesk(t)
				d.lang = lang
				d.add(known(), service.Person{Sub: "2", Username: "user_02"})
				fields, field, id := slices.Clone(test.fields), test.field, ""
				if fields[0] == "id" {
					if fields[1] == "waiting" {
						fields[1] = waitingAmongMany(t, d, test.do)
						field = strings.ReplaceAll(field, "waiting", fields[1])
					}
					id = fields[1]
				}
				before := d.Rules()
				answer, text := d.send(test.do, fields...)
				assert.Equal(t, http.StatusUnprocessableEntity, answer.StatusCode)
				said := translator{lang}.T(test.word)
				if field == "" {
					has(t, text, `role="alert">`+said)
				} else {
					has(t, text, `id="`+field+`-wrong" role="alert">`+said)
					has(t, text, `aria-invalid="true" aria-describedby="`+field+`-wrong"`)
					for pair := range slices.Chunk(fields, 2) {
						if pair[0] != "id" {
							assert.Equal(t, pair[1], value(t, text, test.do+"-"+id+"-"+pair[0]))
						}
					}
				}
				assert.Equal(t, before, d.Rules())
				assert.Zero(t, d.Ahead())
			})
		}
	}
}

// A user who is saved as the form shows them stays as they are.
func TestEditUserChangesNothingElse(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	in := known()
	in.Groups, in.Identities = []string{"my team", "g"}, map[string]string{"wx_open": "o 1", "custom": "c=1"}
	d.add(in)
	before := d.People.BySub("1").Person
	_, text := d.get("")
	fields := []string{"id", "1"}
	for _, name := range []string{"username", "phone_number", "email", "name", "picture", "groups", "identities"} {
		fields = append(fields, name, value(t, text, "edit-user-1-"+name))
	}
	answer, _ := d.send("edit-user", fields...)
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Equal(t, before, d.People.BySub("1").Person)
}

func TestFormsThatAreNone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, body := range []string{"", "do=x", "do=advance&by=%zz", "do=" + strings.Repeat("x", 2<<20)} {
		answer, _ := d.do(http.MethodPost, "/_emulator/", body, "Content-Type", "application/x-www-form-urlencoded")
		assert.Equal(t, http.StatusBadRequest, answer.StatusCode)
	}
}

// waitingAmongMany is the id of something that waits for the form do, where there are more users than can be selected.
func waitingAmongMany(t *testing.T, d *desk, do string) string {
	t.Helper()
	many := make([]service.Person, maxChoices)
	for i := range many {
		many[i].Username = fmt.Sprintf("many_%03d", i)
	}
	d.add(many...)
	if do == "scan" {
		return waitingQRCode(t, d)
	}
	return waitingDevice(t, d).UserCode
}

// deviceCode is a device that waits for a decision, and the body with which it asks.
type deviceCode struct {
	UserCode string `json:"user_code"`
	Code     string `json:"device_code"`
	poll     string
}

func waitingDevice(t *testing.T, d *desk) (code deviceCode) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(d.call("device/code", "{}")), &code))
	code.poll = `{"grant_type":"urn:ietf:params:oauth:grant-type:device_code","device_code":"` + code.Code + `"}`
	_, text := d.get("")
	has(t, text, `id="d-`+code.UserCode+`"`)
	return code
}

func waitingQRCode(t *testing.T, d *desk) string {
	t.Helper()
	var code struct {
		ID string `json:"qr_code_id"`
	}
	require.NoError(t, json.Unmarshal([]byte(d.call("qrcode/generate", `{"envId":"authtest","wxAppId":"wx1"}`)), &code))
	_, text := d.get("")
	has(t, text, `id="q-`+code.ID+`"`)
	return code.ID
}
