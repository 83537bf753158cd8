package session

import "context"

// Shutdown waits until every exchange that is under way has been stored, and every session that is being written. Refreshed
// sessions that the store did not take before are written now, if it takes them. After it no refresh begins in the
// background; calls still work. It returns the error of ctx if that ends first, else what the store failed with.
func (k *Keeper) Shutdown(ctx context.Context) error {
	if err := k.work.shutdown(ctx); err != nil {
		return err
	}
	var first error
	for key, kept := range k.unsaved.all() {
		if err := k.writeUnsaved(ctx, key, kept); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// writeUnsaved writes a refreshed session over the one that it has replaced, if that is still stored.
func (k *Keeper) writeUnsaved(ctx context.Context, key string, kept unsaved) error {
	h := &Handle{keeper: k, keys: keys{credentials: key}}
	changed := false
	err := h.locked(ctx, func(held context.Context) (err error) {
		changed, err = h.replace(held, seen{stored: kept.replaced}, kept.renewed, "")
		return err
	})
	if err == nil || changed {
		k.unsaved.forget(key)
	}
	return err
}
