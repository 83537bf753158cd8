package doctor

import (
	"context"
	"errors"
	"regexp"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/endpoint"
)

// likelyRegion is the form of Tencent Cloud's regions.
var likelyRegion = regexp.MustCompile(`^(?:ap|na|eu|sa|me)-[a-z]+(?:-[a-z0-9]+)*$`)

// region looks whether there can be such a region. It counts where the server is the region's own.
func region(_ context.Context, e *exam) Finding {
	switch {
	case e.BaseURL != "":
		return nothing()
	case !likelyRegion.MatchString(e.Region):
		return e.failure(say(noRegion, e.Region), say(doNoRegion))
	case e.Region != endpoint.DefaultRegion:
		return e.ok(say(regionWithoutSMS, e.Region, endpoint.DefaultRegion))
	default:
		return e.ok(say(regionFine, e.Region))
	}
}

// environment looks at the id, and asks the server whether it knows it: whether there is some user is a question without
// consequences.
func environment(ctx context.Context, e *exam) Finding {
	if e.Env == "" {
		return e.failure(say(envMissing), say(doEnvMissing))
	}
	if endpoint.CheckEnv(e.Env) != nil {
		return e.failure(say(envForm, e.Env), say(doEnvForm))
	}
	if a := e.ask(); !a.came() || isPage(a) {
		return e.warning(say(envNotAsked, e.Env), say(doEnvNotAsked))
	}
	auth, err := tcbauth.New(e.Env, tcbauth.WithBaseURL(e.base), tcbauth.WithHTTPClient(e.HTTPClient), tcbauth.WithMaxAttempts(1))
	if err != nil {
		return e.warning(say(envNotAsked, e.Env), say(doEnvNotAsked))
	}
	_, err = auth.IsUsernameRegistered(ctx, tcbauth.IsUsernameRegisteredRequest{Username: "doctor"})
	refused, _ := errors.AsType[*tcbauth.Error](err)
	switch {
	case errors.Is(err, tcbauth.CodeUnauthorizedClient), errors.Is(err, tcbauth.CodeInvalidClient):
		return e.failure(say(envUnknown, e.base, e.Env), say(doEnvUnknown))
	case refused != nil && refused.StatusCode >= 400 && refused.StatusCode < 500:
		return e.warning(say(envRefused, e.Env, refused.Code), say(doEnvUnknown))
	case err != nil:
		return e.warning(say(envNotAsked, e.Env), say(doEnvNotAsked))
	default:
		return e.ok(say(envFine, e.Env))
	}
}
