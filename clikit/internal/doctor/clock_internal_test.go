package doctor

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The time here is that in the middle of the request, and the server's that in the middle of its second.
func TestClock(t *testing.T) {
	t.Parallel()
	sent := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, test := range map[string]struct {
		took   time.Duration
		date   time.Time
		age    string
		status Status
		text   string
	}{
		"right":                {time.Second, sent, "", OK, "is right"},
		"just right":           {time.Second, sent.Add(30 * time.Second), "", OK, "is right"},
		"somewhat behind":      {time.Second, sent.Add(time.Minute), "", Warning, "1m0s behind"},
		"just a warning":       {time.Second, sent.Add(-5 * time.Minute), "", Warning, "5m0s ahead"},
		"ahead":                {time.Second, sent.Add(-10 * time.Minute), "", Failure, "10m0s ahead"},
		"a long request":       {5 * time.Second, sent.Add(-10 * time.Minute), "", Failure, "10m2s ahead"},
		"an answer of a cache": {time.Second, sent.Add(-10 * time.Minute), "540", Warning, "1m0s ahead"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{"Date": {test.date.Format(http.TimeFormat)}, "Age": {test.age}}
			e := &exam{Target: Target{Language: "en"}, ask: func() *answer {
				return &answer{sent: sent, got: sent.Add(test.took), header: header}
			}}
			f := clock(t.Context(), e)
			assert.Equal(t, test.status, f.Status)
			assert.Contains(t, f.What, test.text)
		})
	}
}
