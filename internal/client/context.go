package client

import "context"

type contextKey int

const (
	requestIDKey contextKey = iota
	languageKey
	ticketUserKey
)

// ContextWithRequestID is tcbauth.ContextWithRequestID.
func ContextWithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey, id)
}

// ContextWithLanguage is tcbauth.ContextWithLanguage.
func ContextWithLanguage(ctx context.Context, language string) context.Context {
	return context.WithValue(ctx, languageKey, language)
}

// TicketUser returns the user's id of the session that a ticket is wanted for, "" where somebody signs in for the first time.
func TicketUser(ctx context.Context) string {
	sub, _ := ctx.Value(ticketUserKey).(string)
	return sub
}

// contextText returns what a header can carry, "" for anything else.
func contextText(ctx context.Context, key contextKey) string {
	const longest = 128
	text, _ := ctx.Value(key).(string)
	if len(text) > longest || !HeaderText(text) {
		return ""
	}
	return text
}

// HeaderText reports whether text is not empty and a header can carry it.
func HeaderText(text string) bool {
	for i := range len(text) {
		if text[i] < '!' || text[i] > '~' {
			return false
		}
	}
	return text != ""
}
