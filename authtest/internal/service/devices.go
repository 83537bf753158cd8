package service

import (
	"cmp"
	"errors"
	"maps"
	"strings"
	"time"
	"unicode"

	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// Lifetimes and intervals of RFC 8628, section 3.2 and 3.5. The live service's are not known.
const (
	DeviceCodeLifetime = 600 * time.Second
	DeviceInterval     = 5 * time.Second
	userCodeAlphabet   = "BCDFGHJKLMNPQRSTVWXZ" // no vowels, so that it makes no words
	userCodeHalfLength = 4
	maxUserCode        = 100 // bytes of a code as a user types it
)

// DevicePath is where the page is on which users approve devices, below the server's URL.
const DevicePath = "/device"

// Device is one sign-in of a device that cannot show a browser.
type Device struct {
	UserCode string
	ClientID string
	Scope    string // as the device asked for it
	Expires  time.Time
	Interval time.Duration
	Polled   time.Time // the last time, zero before the first
	Approved *Account
	Denied   bool
	Used     bool
}

func (d *Device) pending() bool { return d.Approved == nil && !d.Denied }

// Devices are the devices that have asked for a code.
type Devices struct {
	setting *setting
	codes   map[string]*Device // by device_code

	unknown      int       // user codes that were entered and that no device has
	unknownSince time.Time // the first of them
}

// Whoever enters this many unknown user codes, alone or with others, has to wait until this long after the first.
const (
	maxUnknownUserCodes = 10
	unknownUserCodesFor = time.Minute
)

// ErrTooManyUserCodes is why no user code is taken for a while.
var ErrTooManyUserCodes = errors.New("too many unknown user codes")

func newDevices(s *setting) *Devices { return &Devices{setting: s, codes: make(map[string]*Device)} }

// New makes the codes of a device.
func (d *Devices) New(clientID, scope string) (code string, device *Device) {
	device = &Device{
		UserCode: random.Word(userCodeAlphabet, userCodeHalfLength) + "-" + random.Word(userCodeAlphabet, userCodeHalfLength),
		ClientID: clientID,
		Scope:    scope,
		Expires:  d.setting.Now().Add(DeviceCodeLifetime),
		Interval: DeviceInterval,
	}
	code = random.Text(32)
	d.codes[code] = device
	return code, device
}

// ByCode returns the device of a device_code, or nil.
func (d *Devices) ByCode(code string) *Device { return d.codes[code] }

// Pending returns what waits for a decision under a user code, or nil.
func (d *Devices) Pending(userCode string) *Device {
	if device := d.byUserCode(userCode); device != nil && device.pending() && d.setting.Now().Before(device.Expires) {
		return device
	}
	return nil
}

// Enter returns the device of a user code that a user has typed, whatever has become of it, or nil. After too many unknown
// ones it is ErrTooManyUserCodes for a while, whatever the code.
func (d *Devices) Enter(userCode string) (*Device, error) {
	now := d.setting.Now()
	if now.Sub(d.unknownSince) >= unknownUserCodesFor {
		d.unknown = 0
	}
	if d.unknown >= maxUnknownUserCodes {
		return nil, ErrTooManyUserCodes
	}
	device := d.byUserCode(userCode)
	if device == nil {
		if d.unknown == 0 {
			d.unknownSince = now
		}
		d.unknown++
	}
	return device, nil
}

func (d *Devices) byUserCode(userCode string) *Device {
	if len(userCode) > maxUserCode {
		return nil
	}
	plain := plainUserCode(userCode)
	for _, device := range d.codes {
		if plainUserCode(device.UserCode) == plain {
			return device
		}
	}
	return nil
}

// plainUserCode is what matters of a user code: not its case, spaces and dashes, nor whether a Chinese keyboard has made its
// letters wide.
func plainUserCode(code string) string {
	const wide = 'Ａ' - 'A'
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Dash, r):
			return -1
		case 'Ａ' <= r && r <= 'Ｚ', 'ａ' <= r && r <= 'ｚ':
			r -= wide
		}
		return unicode.ToUpper(r)
	}, code)
}

// tidy drops the devices that were told long ago that their code has expired.
func (d *Devices) tidy(now time.Time) {
	maps.DeleteFunc(d.codes, func(_ string, device *Device) bool { return now.Sub(device.Expires) >= DeviceCodeLifetime })
}

// Newest returns at most so many of the devices that wait for a decision, the newest first, and how many wait.
func (d *Devices) Newest(limit int) (found []*Device, all int) {
	now := d.setting.Now()
	waits := func(device *Device) bool { return device.pending() && now.Before(device.Expires) }
	return newest(maps.Values(d.codes), limit, waits, func(a, b *Device) int {
		return cmp.Or(a.Expires.Compare(b.Expires), strings.Compare(a.UserCode, b.UserCode))
	})
}

// forget denies what an account has approved.
func (d *Devices) forget(a *Account) {
	for _, device := range d.codes {
		if device.Approved == a {
			device.Approved, device.Denied = nil, true
		}
	}
}
