package dbtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"testing"

	"github.com/go-sql-driver/mysql"
	"go.uber.org/goleak"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/model"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/storetest"
)

// workHelper is the process of storetest that is killed.
const workHelper = "work"

var helpers = map[string]testbed.Helper{
	testbed.TokenHelper: testbed.Tokens(func(where string) (tcbauth.TokenStore, error) {
		var p place
		if err := json.Unmarshal([]byte(where), &p); err != nil {
			return nil, err
		}
		return p.open(nil)
	}),
	model.HelperName: model.Helper(openForModel),
	workHelper: func(args []string) error {
		var p place
		if err := json.Unmarshal([]byte(args[0]), &p); err != nil {
			return err
		}
		store, err := p.open(nil)
		if err != nil {
			return err
		}
		go testbed.ExitWithTest()
		return errors.Join(errors.New("the work ended"), storetest.Work(context.Background(), store, args[1], func() { fmt.Println("begun") }))
	},
}

// TestMain fails if a goroutine is left when all tests are over.
func TestMain(m *testing.M) {
	testbed.RunHelper(helpers)
	// It tells of every connection that a test breaks.
	if err := mysql.SetLogger(log.New(io.Discard, "", 0)); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}
