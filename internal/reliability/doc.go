// Package reliability tries how a backend with many users lives through load and through bad days, and writes what it has
// found into docs/RELIABILITY.md. It is for tests: of this package, on the stores that need nothing else, and of modules
// that have other stores.
//
// A [Fleet] is a server, the replicas of a backend on one store, and the backend's users. A [Load] measures how long their
// calls take. A [Trial] has them call on while something goes wrong, and judges what they were told and what is left of their
// sessions.
//
// The environment says what is run beside the small version that every test run has:
//
//	TCBAUTH_LOAD=20s               load each store for so long
//	TCBAUTH_FAULTS=1               let the faults happen in real time, to many users, on each store
//	TCBAUTH_UPDATE_RELIABILITY=1   write what comes of it into docs/RELIABILITY.md
package reliability
