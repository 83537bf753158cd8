// Package dbtest has only tests: of sqlstore on real databases. It is a module of its own, so that nobody who imports the
// library gets the drivers into the graph of their modules.
package dbtest
