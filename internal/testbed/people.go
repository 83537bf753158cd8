package testbed

import "time"

// The people of every emulator here.
const (
	Gopher   = "gopher_01"
	Password = "correct-horse-1" // everybody's
)

// TokenLife is how long an access token of the emulator lasts.
const TokenLife = 2 * time.Hour
