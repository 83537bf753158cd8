package lenient_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/lenient"
)

// value returns the only element of a list.
func value(t *testing.T, text string) lenient.Value {
	t.Helper()
	c := lenient.Array([]byte("[" + text + "]"))
	require.True(t, c.Next(), text)
	return c.Value()
}

func TestValuesOfAnotherTypeAreNotGiven(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`null`, `true`, `5.5e0`, `"text"`, `{"x":[1]}`, `[{"x":1}]`} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			v := value(t, text)
			kind := text[0]
			assert.Equal(t, kind == '"', v.Text() != "")
			assert.Equal(t, kind == 't', v.Bool())
			assert.Equal(t, kind == '5', v.Int() != 0)
			assert.Equal(t, kind == '5', v.Seconds() != 0)
			assert.Zero(t, v.Whole())
			assert.Equal(t, kind == '{', v.IsObject())
			assert.Equal(t, kind == '[', lenient.List(v, lenient.Value.Text) != nil)
			assert.Nil(t, v.IDs())
			assert.Equal(t, kind == '{', v.Map() != nil)
			assert.Equal(t, kind == '{', v.Member("x").Bytes() != nil)
			assert.True(t, v.Time().IsZero())
			assert.Equal(t, text, string(v.Bytes()))
			members, elements := v.Object(), v.Array()
			assert.Equal(t, kind == '{', members.Next())
			assert.Equal(t, kind == '[', elements.Next())
		})
	}
}

// A field that is not given at all is the zero Value.
func TestZeroValue(t *testing.T) {
	t.Parallel()
	var v lenient.Value
	assert.Zero(t, v.Text())
	assert.Zero(t, v.Int())
	assert.Zero(t, v.Seconds())
	assert.Zero(t, v.Time())
	assert.Nil(t, v.IDs())
	assert.Nil(t, v.Map())
	assert.Nil(t, v.Raw())
	assert.Nil(t, v.Bytes())
	assert.False(t, v.Bool())
	assert.Zero(t, v.Member("x"))
	members := v.Object()
	assert.False(t, members.Next())
}

func TestObject(t *testing.T) {
	t.Parallel()
	c := lenient.Object([]byte(" {\"a\" : 1,\t\"A\":2, \"\\u0062\\\"\":[1, 2] , \"a\":\"é\"} \n"))
	var names, values []string
	for c.Next() {
		names, values = append(names, string(c.Name())), append(values, string(c.Value().Bytes()))
	}
	require.NoError(t, c.Err())
	assert.Equal(t, []string{"a", "A", `b"`, "a"}, names)
	assert.Equal(t, []string{"1", "2", "[1, 2]", `"é"`}, values)

	c = lenient.Object([]byte("null"))
	assert.False(t, c.Next())
	assert.NoError(t, c.Err())
}

// Errors get into logs, and the text may hold tokens.
func TestErrorsHaveNothingOfTheText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `hunter2`, `"hunter2"`, `["hunter2"]`, `{"hunter2":hunter2}`, `{"hunter2" 1}`, `{"a":"hunter2"`, `{"a":"hunter2"}hunter2`,
		`{"a":"hunter2";}`, `{"a":1,}`, `{"a":` + strings.Repeat("[", 1<<20),
	} {
		c := lenient.Object([]byte(text))
		for c.Next() {
			assert.NotEmpty(t, c.Name())
		}
		require.Error(t, c.Err(), text)
		assert.NotContains(t, c.Err().Error(), "hunter2")
		assert.False(t, c.Next())
	}
}

// What is kept must not change when the text's buffer is used again.
func TestRawIsACopy(t *testing.T) {
	t.Parallel()
	data := []byte(`{"a":{"b":1}}`)
	c := lenient.Object(data)
	require.True(t, c.Next())
	raw, members, text := c.Value().Raw(), c.Value().Map(), string(c.Name())
	for i := range data {
		data[i] = 'x'
	}
	assert.JSONEq(t, `{"b":1}`, string(raw))
	assert.Equal(t, map[string]json.RawMessage{"b": json.RawMessage("1")}, members)
	assert.Equal(t, "a", text)
}

func TestAllocations(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts what other tests allocate too
	token := strings.Repeat("a", 900)
	plain, chinese := []byte(`["`+token+`"]`), []byte(`["你好你好你好你好你好"]`)
	object := []byte(`{"expires_in":7200,"at":"2000-01-01T01:59:30.000Z","ms":946691970000,"exp":946691970,"x":{"y":[1,2]},"ok":true}`)
	var kept string
	for _, data := range [][]byte{plain, chinese} {
		assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
			c := lenient.Array(data)
			c.Next()
			kept = c.Value().Text()
		}), 1.0)
	}
	assert.NotEmpty(t, kept)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		c := lenient.Object(object)
		for c.Next() {
			switch string(c.Name()) {
			case "expires_in":
				c.Value().Int()
			case "at":
				c.Value().Time()
			case "exp":
				c.Value().Seconds()
			case "ok":
				c.Value().Bool()
			}
		}
	}))
}

func TestTypesInsideStructs(t *testing.T) {
	t.Parallel()
	type kept struct {
		ExpiresIn lenient.Int  `json:"expires_in,omitempty"`
		ExpiresAt lenient.Time `json:"expires_at,omitzero"`
		Groups    lenient.IDs  `json:"groups,omitempty"`
	}
	for text, want := range map[string]string{
		`{"expires_in":"60","expires_at":946691970000,"groups":[{"id":"g"}]}`: `{"expires_in":60,"expires_at":"2000-01-01T01:59:30.000Z","groups":["g"]}`,
		`{"expires_in":[],"expires_at":"soon","groups":5}`:                    `{}`,
		`{"expires_in":null,"expires_at":null,"groups":null}`:                 `{}`,
	} {
		var in kept
		require.NoError(t, json.Unmarshal([]byte(text), &in))
		data, err := json.Marshal(in)
		require.NoError(t, err)
		assert.Equal(t, want, string(data))
	}
	data, err := json.Marshal(lenient.Time(time.Date(2000, 1, 1, 9, 59, 30, 123456789, time.FixedZone("CST", 8*3600))))
	require.NoError(t, err)
	assert.Equal(t, `"2000-01-01T01:59:30.123Z"`, string(data))
}
