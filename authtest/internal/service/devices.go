package service

import (
	"cmp"
	"maps"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// Lives and intervals of RFC 8628, section 3.2 and 3.5. The live service's are not known.
const (
	DeviceCodeLifetime = 600 * time.Second
	DeviceInterval     = 5 * time.Second
	userCodeAlphabet   = "BCDFGHJKLMNPQRSTVWXZ" // no vowels, so that it makes no words
	userCodeHalfLength = 4
)

// Device is one sign-in of a device that cannot show a browser.
type Device struct {
	UserCode string
	ClientID string
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
}

func newDevices(s *setting) *Devices { return &Devices{setting: s, codes: make(map[string]*Device)} }

// New makes the codes of a device.
func (d *Devices) New(clientID string) (code string, device *Device) {
	device = &Device{
		UserCode: random.Word(userCodeAlphabet, userCodeHalfLength) + "-" + random.Word(userCodeAlphabet, userCodeHalfLength),
		ClientID: clientID,
		Expires:  d.setting.Now().Add(DeviceCodeLifetime),
		Interval: DeviceInterval,
	}
	code = random.Text(32)
	d.codes[code] = device
	return code, device
}

// ByCode returns the device of a device_code, or nil.
func (d *Devices) ByCode(code string) *Device { return d.codes[code] }

// Pending returns what waits for a decision under a user code, or nil. People may write the code in lower case and without
// the hyphen.
func (d *Devices) Pending(userCode string) *Device {
	plain := func(code string) string { return strings.ToUpper(strings.ReplaceAll(code, "-", "")) }
	for _, device := range d.codes {
		if device.pending() && d.setting.Now().Before(device.Expires) && plain(device.UserCode) == plain(userCode) {
			return device
		}
	}
	return nil
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
