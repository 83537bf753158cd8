package emulator

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// healthLimit is how long an emulator may take to answer.
const healthLimit = 5 * time.Second

// Health asks whether an emulator serves at a base URL. It needs no control token, and leaves no request in the emulator's log.
func Health(ctx context.Context, base string) error {
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(base, "/")+"/", nil)
	if err != nil {
		return err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != "_emulator/" { // its page
		return fmt.Errorf("there is no emulator at %s", base)
	}
	return nil
}
