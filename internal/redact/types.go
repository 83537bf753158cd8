package redact

// Open are the exported structs of package tcbauth that may be printed whole, each with the reason. They have no
// generated methods.
var Open = map[string]string{
	"App":             "its own Format prints the environment's id only",
	"Auth":            "its own Format prints the environment's id only",
	"CallEnd":         "it holds words of the protocol and numbers",
	"CallStart":       "it holds words of the protocol and the server's host",
	"Observer":        "it holds functions",
	"RefreshEnd":      "it holds words of the protocol and a duration",
	"SessionEnd":      "it holds words of the protocol",
	"StoreOp":         "it holds the kind of a call and a duration",
	"Error":           "secrets are removed from what goes into it",
	"ValidationError": "it holds words of the package, never the refused value",
}

// Plain are the exported structs of package tcbauth that hold nothing to hide, each with the reason. They have no
// generated methods, and the tests look for secrets in them as in every other struct.
var Plain = map[string]string{ //nolint:gosec // the names of types, no credentials
	"GetUserInfoRequest":       "it holds an API version and a UserInfoQuery",
	"RefreshTokenForceRequest": "it holds an API version",
	"UserInfoQuery":            "it holds switches",
}
