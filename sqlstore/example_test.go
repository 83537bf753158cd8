package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/sqlstore"
)

// A service keeps the sessions of its users in PostgreSQL. It imports a driver, such as github.com/jackc/pgx/v5/stdlib.
func Example() { //nolint:testableexamples // it needs a driver and a database
	ctx := context.Background()
	db, err := sql.Open("pgx", "postgres://app@db/app")
	if err != nil {
		fmt.Println(err)
		return
	}
	store, err := sqlstore.New(db, sqlstore.PostgreSQL)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := store.Migrate(ctx); err != nil { // makes missing tables
		fmt.Println(err)
		return
	}
	app, err := tcbauth.NewApp("your-env-id", tcbauth.WithTokenStore(store))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(app.Env())
}

// The statements for a tool that migrates the database.
func ExampleSchema() {
	text, err := sqlstore.Schema(sqlstore.PostgreSQL, sqlstore.WithPrefix("shop_"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "CREATE TABLE") {
			fmt.Print(line)
		}
	}
	// Output:
	// CREATE TABLE IF NOT EXISTS shop_values (
	// CREATE TABLE IF NOT EXISTS shop_locks (
}
