package client

import (
	"context"
	"encoding/binary"
)

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

// ContextWithLanguage is tcbauth.ContextWithLanguage for a value that a header can carry.
func ContextWithLanguage(ctx context.Context, language string) context.Context {
	return context.WithValue(ctx, languageKey, language)
}

// TicketUser returns the user's id of the session that a ticket is wanted for, "" where somebody signs in for the first time.
func TicketUser(ctx context.Context) string {
	sub, _ := ctx.Value(ticketUserKey).(string)
	return sub
}

// contextRequestID returns the request id of ctx, "" for none or for one that is not sent.
func contextRequestID(ctx context.Context) string {
	const longest = 128
	id, _ := ctx.Value(requestIDKey).(string)
	if len(id) > longest || !HeaderText(id) {
		return ""
	}
	return id
}

// HeaderText reports whether text is not empty and a header can carry it. It looks at eight bytes at once, since tokens are
// long.
func HeaderText(text string) bool {
	const (
		ones = 0x0101010101010101
		high = 0x80 * ones
	)
	i := 0
	for ; len(text)-i >= 8; i += 8 {
		w := binary.LittleEndian.Uint64([]byte(text[i : i+8])) // without a copy, since nothing changes it
		if ((w-'!'*ones)&^w|(w+('\x7f'-'~')*ones)|w)&high != 0 {
			return false
		}
	}
	for ; i < len(text); i++ {
		if text[i] < '!' || text[i] > '~' {
			return false
		}
	}
	return text != ""
}
