package tcbauth

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// device holds a session's device id once it is known.
type device struct{ id atomic.Pointer[string] }

// validDeviceID is the js-sdk's rule for an id from its storage.
func validDeviceID(id string) bool {
	return len(id) >= 16 && len(id) <= 48 && headerText.MatchString(id)
}

// deviceID returns the session's device id. A store that fails costs no call: the id is then random for this handle.
func (a *Auth) deviceID(ctx context.Context) string {
	if id := a.device.id.Load(); id != nil {
		return *id
	}
	id := a.findDeviceID(ctx)
	if !a.device.id.CompareAndSwap(nil, &id) {
		return *a.device.id.Load()
	}
	return id
}

func (a *Auth) findDeviceID(ctx context.Context) string {
	switch {
	case a.keys.visitor:
		if id, ok := a.storedDeviceID(ctx); ok {
			return id
		}
		return newUUID() // which is written with the first session
	case a.app.cfg.deviceID != "":
		return a.app.cfg.deviceID
	case a.bare:
		return newUUID()
	}
	return a.ownDeviceID(ctx)
}

// ownDeviceID is the default session's, made and stored at its first use.
func (a *Auth) ownDeviceID(ctx context.Context) string {
	if id, ok := a.storedDeviceID(ctx); ok {
		return id
	}
	id := newUUID()
	held, unlock, err := a.app.lock(ctx, a.keys.device)
	if err == nil {
		defer unlock()
		if stored, ok := a.storedDeviceID(held); ok { // another process was first
			return stored
		}
		err = a.app.cfg.store.Set(held, a.keys.device, []byte(id), 0)
	}
	if err != nil {
		a.app.warn(ctx, "the device id could not be stored", slog.Any("error", storeError("storing the device id", err)))
	}
	return id
}

func (a *Auth) storedDeviceID(ctx context.Context) (string, bool) {
	value, err := a.app.cfg.store.Get(ctx, a.keys.device)
	return string(value), err == nil && validDeviceID(string(value))
}
