// Package testbed has what the tests of this module share: two people and the emulator that knows them, a scripted peer,
// stores in which anything can happen, planted secrets, and processes that race for one session. Only tests import it.
package testbed
