package testbed

import (
	"net/url"
	"strings"
)

const (
	// EmulatorEnv is the environment and the client id of every emulator here.
	EmulatorEnv = "authtest"
	// EmulatorURL is the base URL of those that Emulator starts.
	EmulatorURL = "https://" + EmulatorEnv + ".authtest.invalid"
	// MethodEnv is the environment of the clients of NewPeerApp, whose base URL is the environment's own.
	MethodEnv = "env-1a2b3c"
	// MethodHost is the host of that base URL.
	MethodHost = MethodEnv + ".ap-shanghai.tcb-api.tencentcloudapi.com"
)

var (
	// DefaultKey is where the session of App.Auth lies with a client of Emulator.
	DefaultKey = SessionKey(EmulatorURL, EmulatorEnv)
	// PeerKey is where it lies with a client of NewPeerApp.
	PeerKey = SessionKey("", MethodEnv)
)

// KeyOf is where the session of App.ForUser(user) lies with a client of Emulator.
func KeyOf(user string) string { return VisitorKey(EmulatorURL, EmulatorEnv, user) }

// DeviceKeyOf is where the device id of App.ForUser(user) lies with a client of Emulator, or that of App.Auth if user is "".
func DeviceKeyOf(user string) string { return DeviceKey(EmulatorURL, EmulatorEnv, user) }

// CaptchaKeyOf is where the captcha token of App.ForUser(user) lies with a client of Emulator, or that of App.Auth if user is
// "".
func CaptchaKeyOf(user string) string { return CaptchaKey(EmulatorURL, EmulatorEnv, user) }

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

// DeviceKey is where the device id lies of App.ForUser(user), or of App.Auth if user is "", which is the same for every
// client id.
func DeviceKey(baseURL, clientID, user string) string {
	if user == "" {
		return place(baseURL, "") + "device_id"
	}
	return place(baseURL, user) + "device_id_" + clientID
}

// CaptchaKey is where the captcha token lies of App.ForUser(user), or of App.Auth if user is "".
func CaptchaKey(baseURL, clientID, user string) string {
	return place(baseURL, user) + "captcha_" + clientID
}

// PendingKey is where the challenge lies that App.ForUser(user) waits to finish, or App.Auth if user is "".
func PendingKey(baseURL, clientID, user string) string {
	return place(baseURL, user) + "pending_" + clientID
}

// PendingKeyOf is PendingKey with a client of Emulator.
func PendingKeyOf(user string) string { return PendingKey(EmulatorURL, EmulatorEnv, user) }

// DamagedKey is where a value is kept that lay under key and cannot be read.
func DamagedKey(key string) string { return key + ".damaged" }

// place is what all keys of one session begin with.
func place(baseURL, user string) string {
	server := ""
	if baseURL != "" && !ownHost(baseURL) {
		server = "servers/" + url.PathEscape(baseURL) + "/"
	}
	if user == "" {
		return server
	}
	return server + "users/" + url.PathEscape(user) + "/"
}

// ownHost reports whether a base URL is one of CloudBase's hosts.
func ownHost(baseURL string) bool {
	u, err := url.Parse(baseURL)
	return err == nil && (strings.HasSuffix(u.Host, ".tencentcloudapi.com") || strings.HasSuffix(u.Host, ".tcloudbasegateway.com"))
}
