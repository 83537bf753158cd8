package service

import "time"

// Message is one SMS or email with a code.
type Message struct {
	To      string    `json:"to"`      // in the server's form
	Channel string    `json:"channel"` // "sms" or "email"
	Code    string    `json:"code"`
	SentAt  time.Time `json:"sent_at"` // by the server's clock
}
