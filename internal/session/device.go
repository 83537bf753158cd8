package session

import (
	"context"
	"errors"

	"github.com/cloudbase-community/tcbauth/internal/uuid"
)

// ValidDeviceID is the js-sdk's rule for an id from its storage: 16 to 48 printable characters.
func ValidDeviceID(id string) bool {
	if len(id) < 16 || len(id) > 48 {
		return false
	}
	for i := range len(id) {
		if id[i] < '!' || id[i] > '~' {
			return false
		}
	}
	return true
}

// DeviceID returns the device id for a call. A store that fails costs no call: the id is then random for this call, and
// what is stored stays, since the server knows anonymous users by it.
func (h *Handle) DeviceID(ctx context.Context) string {
	if d := h.device.Load(); d != nil {
		return d.id
	}
	id, err := h.NextDeviceID(ctx)
	if err != nil {
		h.keeper.warn(ctx, "the device id is not known", err)
		return uuid.New()
	}
	return id
}

// NextDeviceID returns the device id to sign in with. For a visitor it asks the store: the id of a session that has been
// signed out, here or elsewhere, is not used again. It fails with a *StoreError.
func (h *Handle) NextDeviceID(ctx context.Context) (string, error) {
	if h.keys.visitor {
		return h.visitorDeviceID(ctx)
	}
	known := h.device.Load()
	if known != nil && known.stored {
		return known.id, nil
	}
	d := &deviceID{id: h.keeper.cfg.DeviceID, stored: true}
	if d.id == "" {
		var err error
		if d, err = h.ownDeviceID(ctx, known); err != nil {
			return "", err
		}
	}
	h.device.CompareAndSwap(known, d)
	return h.device.Load().id, nil // never forgotten
}

func (h *Handle) visitorDeviceID(ctx context.Context) (string, error) {
	known := h.device.Load()
	id, err := h.storedDeviceID(ctx)
	switch {
	case err != nil:
		return "", err
	case id != "":
		h.device.CompareAndSwap(known, &deviceID{id: id, stored: true})
		return id, nil
	case known != nil && !known.stored:
		return known.id, nil
	}
	made := &deviceID{id: uuid.New()} // which is written with the first session
	if !h.device.CompareAndSwap(known, made) {
		if other := h.device.Load(); other != nil {
			return other.id, nil
		}
	}
	return made.id, nil
}

// ownDeviceID is the default session's, made and stored at its first use. Where it cannot be stored it lasts as long as the
// handle.
func (h *Handle) ownDeviceID(ctx context.Context, made *deviceID) (*deviceID, error) {
	if id, err := h.storedDeviceID(ctx); id != "" || err != nil {
		return &deviceID{id: id, stored: true}, err
	}
	if made == nil {
		made = &deviceID{id: uuid.New()}
	}
	held, unlock, err := h.keeper.lockFor(ctx, h.keys.device())
	if err == nil {
		defer unlock()
		if id, err := h.storedDeviceID(held); id != "" || err != nil { // another process was first
			return &deviceID{id: id, stored: true}, err
		}
		err = h.keeper.store.set(held, h.keys.device(), []byte(made.id), 0)
	}
	if err != nil {
		h.keeper.warn(ctx, "the device id could not be stored", &StoreError{"storing the device id", err})
		return made, nil // to be tried again
	}
	return &deviceID{id: made.id, stored: true}, nil
}

// storedDeviceID returns "" if the store has none that may be used.
func (h *Handle) storedDeviceID(ctx context.Context) (string, error) {
	stored, err := h.keeper.store.get(ctx, h.keys.device())
	switch {
	case err != nil && !errors.Is(err, ErrUnsealed):
		return "", &StoreError{"reading the device id", err}
	case !ValidDeviceID(stored.text):
		return "", nil
	}
	return stored.text, nil
}

// sessionDeviceID is the one that the stored session was signed in with. The lock is held.
func (h *Handle) sessionDeviceID(held context.Context) (string, error) {
	if !h.keys.visitor {
		return h.NextDeviceID(held)
	}
	id, err := h.storedDeviceID(held)
	if err == nil && id == "" {
		id = uuid.New() // of a session that was stored without one
	}
	return id, err
}

// writeDevice stores the device id of a visitor's session, "" for the one that is stored, with which the session goes on.
// The lock is held.
func (h *Handle) writeDevice(held context.Context, id string) error {
	if !h.keys.visitor {
		return nil
	}
	if id == "" {
		stored, err := h.storedDeviceID(held)
		if err != nil {
			h.keeper.warn(held, "the device id is not known", err)
		}
		if id = stored; id == "" {
			if d := h.device.Load(); d != nil && !d.stored && err == nil { // which was made for this session
				id = d.id
			}
		}
		if id == "" {
			return nil
		}
	}
	if err := h.keeper.store.set(held, h.keys.device(), []byte(id), h.keeper.cfg.TTL); err != nil {
		return &StoreError{"storing the device id", err}
	}
	h.device.Store(&deviceID{id: id, stored: true})
	return nil
}
