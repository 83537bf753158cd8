package lenient

import (
	"time"
)

// The types below are fields of structs that encoding/json decodes. Each takes what the method of [Value] of its name
// takes, and never fails.
type (
	// Int is an integer that may come as a string.
	Int int
	// IDs are strings that may come as objects with an id.
	IDs []string
	// Time is a point in time. It is encoded as by JavaScript's Date: UTC, with milliseconds.
	Time time.Time
	// Seconds is a point in time in seconds since 1970.
	Seconds int64
)

// UnmarshalJSON implements [json.Unmarshaler].
func (n *Int) UnmarshalJSON(data []byte) error {
	*n = Int(Value{raw: data}.Int())
	return nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *IDs) UnmarshalJSON(data []byte) error {
	*s = Value{raw: data}.IDs()
	return nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (n *Seconds) UnmarshalJSON(data []byte) error {
	*n = Seconds(Value{raw: data}.Seconds())
	return nil
}

// IsZero reports whether t is the zero time, which a field with omitzero leaves out.
func (t Time) IsZero() bool { return time.Time(t).IsZero() }

// MarshalJSON implements [json.Marshaler].
func (t Time) MarshalJSON() ([]byte, error) { return AppendTime(nil, time.Time(t)), nil }

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Time) UnmarshalJSON(data []byte) error {
	*t = Time(Value{raw: data}.Time())
	return nil
}
