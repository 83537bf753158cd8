package model

import "testing"

// TestModel holds sessions on every store of this module against the model. Databases have it beside their other tests.
func TestModel(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(testing.TB) string{
		"memory": func(testing.TB) string { return memoryPlace },
		"file":   filePlace,
		"redis":  redisPlace,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			where := place(t)
			Stores{Open: openPlace, Place: where, Alone: where == memoryPlace}.Test(t)
		})
	}
}
