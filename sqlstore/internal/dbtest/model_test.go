package dbtest

import (
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/model"
)

// TestModel holds sessions in each database against the model of package internal/model, whose comment says how to run it for
// longer.
func TestModel(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		p = p.fresh()
		p.newStore(t)
		model.Stores{Open: openForModel, Place: p.String()}.Test(t)
	})
}

func openForModel(where string, lease time.Duration) (tcbauth.TokenStore, io.Closer, error) {
	var p place
	if err := json.Unmarshal([]byte(where), &p); err != nil {
		return nil, nil, err
	}
	p.Lease = lease
	db, err := p.openDB(nil)
	if err != nil {
		return nil, nil, err
	}
	store, err := p.storeIn(db)
	return store, db, err
}
