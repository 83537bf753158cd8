package testbed

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/cloudbase-community/tcbauth"
)

// MethodRow is how a method of Auth is called so that it succeeds. A row is tried with a session in the store.
type MethodRow struct {
	Req    any              // a valid request, with planted secrets; nil for methods without one
	Local  bool             // sends nothing
	Steps  int              // requests that must succeed, 0 counting as 1; what comes after them ends in UserErr
	Answer string           // what the server says to all of them, GoodAnswer if empty
	Opts   []tcbauth.Option // what the method needs beside the session

	Ended   bool // a session that the server does not know is what the method wants, so that a 401 is no error
	Partial bool // there is a result beside an error
	Polls   bool // asks again until the service has judged its code, or until its ExpiresIn
}

// Sends says whether the method needs the server.
func (r MethodRow) Sends() bool { return !r.Local }

// Needed is how many requests must succeed.
func (r MethodRow) Needed() int { return max(r.Steps, 1) }

// Good is what the server says to them.
func (r MethodRow) Good() Answer {
	if r.Answer != "" {
		return Reply(http.StatusOK, r.Answer)
	}
	return Reply(http.StatusOK, GoodAnswer)
}

// CallMethod calls the method of a row. The result is nil where there is none.
func CallMethod(ctx context.Context, a *tcbauth.Auth, name string, row MethodRow) (result any, err error) {
	method, _, _ := strings.Cut(name, "/")
	args := []reflect.Value{reflect.ValueOf(ctx)}
	if row.Req != nil {
		args = append(args, reflect.ValueOf(row.Req))
	}
	out := reflect.ValueOf(a).MethodByName(method).Call(args)
	err, _ = out[len(out)-1].Interface().(error)
	if len(out) > 1 && !out[0].IsZero() {
		result = out[0].Interface()
	}
	return result, err
}

// GoodAnswer has every field that some method needs of its answer.
const GoodAnswer = `{"token_type":"Bearer","access_token":"` + JWTHead + `planted-new-access-token","refresh_token":"m.planted-new-refresh-token",` +
	`"expires_in":7200,"scope":"user","sub":"` + PlantedSub + `","is_user":true,"email":"` + PlantedEmail + `",` +
	`"verification_id":"planted-new-verification-id","verification_token":"planted-new-verification-token",` +
	`"sudo_token":"planted-new-sudo-token","provider_token":"planted-new-provider-token","device_code":"planted-new-device-code",` +
	`"uri":"https://third.example/","token":"planted-new-captcha","data":"planted-new-picture","captcha_token":"planted-new-captcha-token",` +
	`"public_key_thumbprint":"t","public_key":"` + PublicKey + `"}`

// PublicKey is the one in GoodAnswer.
const PublicKey = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDfMGy7as4fN9Ope9A9phpoKTqiN9LtI9dzJ+UMXRC8GFDTWqhgCGVjRXTtGHk1jl7SoXY0nNekYIOq" +
	"dakJdP6VfpMpNqpzHlrvgclkhr7A5vL0CpGzyw8au3IgFkTMxmzrY5Zj3LqeUSfR61In/4i8FlhyyTo7n/D7htitosBU1wIDAQAB"
