package tcbauth

import (
	"context"
	"errors"

	"github.com/cloudbase-community/tcbauth/internal/advice"
)

// fail makes err, which the call op met, an *Error with its help.
func (a *Auth) fail(ctx context.Context, op string, err error) error {
	helped := *newError(op, err) // which may be other callers' too, whose language is another
	helped.Help = a.help(ctx, &helped)
	return &helped
}

// help is the advice for e, in the language of the call.
func (a *Auth) help(ctx context.Context, e *Error) string {
	language := contextText(ctx, languageKey)
	if language == "" {
		language = a.app.cfg.language
	}
	return advice.Help(advice.Facts{
		Code: string(e.Code), Category: string(e.Category), Path: e.Path,
		OutcomeUnknown:  errors.Is(e, ErrOutcomeUnknown),
		ContextEnded:    errors.Is(e, context.Canceled) || errors.Is(e, context.DeadlineExceeded),
		Store:           errors.Is(e, ErrStore),
		InvalidResponse: errors.Is(e, ErrInvalidResponse),
		SignInAgain:     errors.Is(e, CodeUnauthenticated),
	}, language)
}
