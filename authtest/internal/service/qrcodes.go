package service

import (
	"cmp"
	"maps"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// QRCodeLifetime is the lifetime of a mini program's code. The live one is not known.
const QRCodeLifetime = 300 * time.Second

// MiniProgramProvider is the third party that vouches for who scans a code; which one it is live is not known.
const MiniProgramProvider = "wx_mp"

// QRCode is a picture that a mini program scans to sign a user in elsewhere.
type QRCode struct {
	ID      string
	Expires time.Time
	Token   string // the provider_token of who has scanned it, "" while nobody has
}

// QRCodes are the codes of mini programs.
type QRCodes struct {
	setting *setting
	codes   map[string]*QRCode // by qr_code_id
}

func newQRCodes(s *setting) *QRCodes { return &QRCodes{setting: s, codes: make(map[string]*QRCode)} }

// New makes a code.
func (q *QRCodes) New() (id string) {
	id = random.ID()
	q.codes[id] = &QRCode{ID: id, Expires: q.setting.Now().Add(QRCodeLifetime)}
	return id
}

// ByID returns a code, or nil.
func (q *QRCodes) ByID(id string) *QRCode { return q.codes[id] }

// waiting returns a code that waits to be scanned, or nil.
func (q *QRCodes) waiting(id string) *QRCode {
	code := q.codes[id]
	if code == nil || !code.waits(q.setting.Now()) {
		return nil
	}
	return code
}

func (c *QRCode) waits(now time.Time) bool { return c.Token == "" && now.Before(c.Expires) }

// Newest returns at most so many of the codes that wait to be scanned, the newest first, and how many wait.
func (q *QRCodes) Newest(limit int) (found []*QRCode, all int) {
	now := q.setting.Now()
	return newest(maps.Values(q.codes), limit, func(c *QRCode) bool { return c.waits(now) }, func(a, b *QRCode) int {
		return cmp.Or(a.Expires.Compare(b.Expires), strings.Compare(a.ID, b.ID))
	})
}

// tidy drops the codes of which it was said long ago that they have expired.
func (q *QRCodes) tidy(now time.Time) {
	maps.DeleteFunc(q.codes, func(_ string, code *QRCode) bool { return now.Sub(code.Expires) >= QRCodeLifetime })
}
