package testbed

import "net/url"

// EmulatorEnv is the environment of every emulator here.
const EmulatorEnv = "authtest"

// What is stored under which key is written here and nowhere else in the tests. A baseURL is the one in force, "" for the
// environment's own.

// SessionKey is where the session of App.Auth lies in a store.
func SessionKey(baseURL, clientID string) string {
	return place(baseURL, "") + "credentials_" + clientID
}

// VisitorKey is where the session of App.ForUser(user) lies in a store.
func VisitorKey(baseURL, clientID, user string) string {
	return place(baseURL, user) + "credentials_" + clientID
}

// DeviceKey is where the device id lies of App.ForUser(user), or of App.Auth if user is "".
//
// It is the same for every client id.
func DeviceKey(baseURL, _, user string) string {
	return place(baseURL, user) + "device_id"
}

// CaptchaKey is where the captcha token lies of App.ForUser(user), or of App.Auth if user is "".
func CaptchaKey(baseURL, clientID, user string) string {
	return place(baseURL, user) + "captcha_" + clientID
}

// DamagedKey is where a value is kept that lay under key and cannot be read.
func DamagedKey(key string) string { return key + ".damaged" }

// place is what all keys of one session begin with. It is the same for every server.
func place(_, user string) string {
	if user == "" {
		return ""
	}
	return "users/" + url.PathEscape(user) + "/"
}
