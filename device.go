package tcbauth

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
)

// device holds a session's device id once it is known.
type device struct{ id atomic.Pointer[string] }

// validDeviceID is the js-sdk's rule for an id from its storage.
func validDeviceID(id string) bool {
	return len(id) >= 16 && len(id) <= 48 && headerText.MatchString(id)
}

// deviceID returns the session's device id. A store that fails costs no call: the id is then random for this call, and what
// is stored stays, since the server knows anonymous users by it.
func (a *Auth) deviceID(ctx context.Context) string {
	if id := a.device.id.Load(); id != nil {
		return *id
	}
	id, err := a.findDeviceID(ctx)
	if err != nil {
		a.app.warn(ctx, "the device id is not known", slog.Any("error", storeError("the device id", err)))
		return newUUID()
	}
	if !a.device.id.CompareAndSwap(nil, &id) {
		return *a.device.id.Load()
	}
	return id
}

func (a *Auth) findDeviceID(ctx context.Context) (string, error) {
	switch {
	case a.keys.visitor:
		id, err := a.storedDeviceID(ctx)
		if id == "" && err == nil {
			id = newUUID() // which is written with the first session
		}
		return id, err
	case a.app.cfg.deviceID != "":
		return a.app.cfg.deviceID, nil
	case a.bare:
		return newUUID(), nil
	}
	return a.ownDeviceID(ctx)
}

// ownDeviceID is the default session's, made and stored at its first use. Where it cannot be stored it lasts as long as the
// App.
func (a *Auth) ownDeviceID(ctx context.Context) (string, error) {
	if id, err := a.storedDeviceID(ctx); id != "" || err != nil {
		return id, err
	}
	id := newUUID()
	held, unlock, err := a.app.lock(ctx, a.keys.device)
	if err == nil {
		defer unlock()
		if stored, err := a.storedDeviceID(held); stored != "" || err != nil { // another process was first
			return stored, err
		}
		err = a.app.cfg.store.Set(held, a.keys.device, []byte(id), 0)
	}
	if err != nil {
		a.app.warn(ctx, "the device id could not be stored", slog.Any("error", storeError("storing the device id", err)))
	}
	return id, nil
}

// storedDeviceID returns "" if the store has none that may be used.
func (a *Auth) storedDeviceID(ctx context.Context) (string, error) {
	value, err := a.app.cfg.store.Get(ctx, a.keys.device)
	switch {
	case errors.Is(err, ErrNotFound):
		return "", nil
	case err != nil:
		return "", err
	case !validDeviceID(string(value)):
		return "", nil
	}
	return string(value), nil
}
