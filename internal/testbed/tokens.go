package testbed

import "encoding/base64"

// MadeUpToken is a JWT with nobody's signature. GetClaims does not look at that.
func MadeUpToken(header, claims string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

// The parts of a made-up token, of PlantedSub.
const (
	UserHeader = `{"alg":"RS256","kid":"9d1dc31e-b4d0-448b-a76f-b0cc63d81498"}`
	// UserClaims are in the form that the documentation shows (WIRE.md 6.3).
	UserClaims = `{"iss":"https://env-1a2b3c.ap-shanghai.tcb-api.tencentcloudapi.com","sub":"1849755119840497664","aud":"env-1a2b3c",` +
		`"exp":1764000000,"iat":1763992800,"at_hash":"r.x","scope":"user sso","project_id":"env-1a2b3c","provider_type":"username",` +
		`"meta":{"wxOpenId":"","wxUnionId":""},"user_id":"1849755119840497664","user_type":"external","groups":["staff"]}`
)
