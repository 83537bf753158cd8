package service

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The wait after too many unknown user codes counts from the first unknown one. A known one before it shortens nothing.
func TestUnknownUserCodes(t *testing.T) {
	t.Parallel()
	s, err := New(Defaults(), "http://127.0.0.1")
	require.NoError(t, err)
	_, device := s.Devices.New("app", "")
	enter := func(code string, want *Device, refused error) {
		t.Helper()
		found, err := s.Devices.Enter(code)
		assert.Equal(t, want, found)
		assert.ErrorIs(t, err, refused)
	}
	enter(device.UserCode, device, nil)
	require.NoError(t, s.Advance(unknownUserCodesFor-time.Second))
	for range maxUnknownUserCodes {
		enter("x", nil, nil)
	}
	require.NoError(t, s.Advance(unknownUserCodesFor-time.Second))
	enter(device.UserCode, nil, ErrTooManyUserCodes)
	require.NoError(t, s.Advance(time.Second))
	enter(device.UserCode, device, nil)
}

// What no user types is not looked for, so that a flood of it costs nothing.
func TestLongUserCodes(t *testing.T) {
	t.Parallel()
	s, err := New(Defaults(), "http://127.0.0.1")
	require.NoError(t, err)
	_, device := s.Devices.New("app", "")
	typed := "  " + strings.ToLower(strings.ReplaceAll(device.UserCode, "-", " – ")) + "　"
	assert.Equal(t, device, s.Devices.Pending(typed))
	assert.Nil(t, s.Devices.Pending(device.UserCode+strings.Repeat(" ", maxUserCode)))
}

// A device does not sign in as an anonymous user who is forgotten: that user would be in no list, and in no state.
func TestForgottenUsersApproveNothing(t *testing.T) {
	t.Parallel()
	s, err := New(Defaults(), "http://127.0.0.1")
	require.NoError(t, err)
	_, device := s.Devices.New("app", "")
	device.Approved = s.People.Anonymous("the first")
	for i := range maxIdle {
		s.People.Anonymous(strconv.Itoa(i)).LastLogin = s.Now()
	}
	s.Tidy()
	assert.Nil(t, device.Approved)
	assert.True(t, device.Denied)
	assert.Len(t, s.People.OldestFirst(), maxIdle)
}
