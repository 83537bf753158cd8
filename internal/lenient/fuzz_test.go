package lenient_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/lenient"
)

// seeds are texts in which the values below occur in every form that is known to be hard.
var seeds = []string{
	``, ` `, `{`, `}`, `[`, `]`, `{}`, `[]`, `null`, `nul`, `nulll`, `true`, `false`, `5`, `-`, `-0`, `01`, `1.`, `1.5e+3`, `1e`, `.5`, `+1`,
	`"x"`, `"`, `"\"`, `"\\"`, `"\u12"`, `"\u00e9"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\ude00\ud83d"`,
	`"\ud83d\ud83d\ude00"`, `"\x"`, "\"\xff\"", "\"\xe2\x80\"", "\"\x1f\"", "\"\x7f\"", "\"\n\"", "\ufeff{}", "\x00", "{}\x00", "\"\u2028\"",
	`{"a":1}`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1 "b":2}`, `{"a":1}}`, `{"a":1}x`, ` { "a" : 1 , "b" : [ ] } `, `{a:1}`,
	`[1,]`, `[,]`, `[1 2]`, `[1]]`, "{\t\"a\"\r:\n1 }", `{"\u0061":1,"a":2}`, `{"a":1,"a":null}`, "{\"\xff\":1,\"\xfe\":2}", `{"":1}`,
	`{"a":{"b":[{"c":"}]"}]}}`, `["a","b"]`, `["a",null]`, `[null]`, `[""]`, `[{"id":"g"},"h",{},5,[],{"id":5},{"id":""},{"id":"a","id":"b"}]`,
	`[{"ID":"x","id":"y"}]`, `"7200"`, `"7.2e3"`, `"0x1p4"`, `"1_0"`, `"0x_1p4"`, `"Inf"`, `"NaN"`, `1e300`, `1e999`, `2147483647`, `2147483648`,
	`-2147483648`, `-2147483649`, `-2147483648.5`, `2147483647.9`, `9007199254740992`, `9007199254740993`, `9007199254740994`, `1234567890123456`,
	`"\u0037"`, `"7\""`, `""`, `" 7"`, `007`, `"007"`, `946691970000`, `9223372036854775807`, `-9223372036854775808`, `9223372036854775808`,
	`"2000-01-01T01:59:30.000Z"`, `"2000-01-01T01:59:30Z"`, `"2000-01-01T01:59:30,5Z"`, `"2000-01-01T1:59:30Z"`, `"0000-01-01T00:00:00+23:59"`,
	`"2000-01-01T00:00:00.123456789+14:00"`, `"9999-12-31T23:59:59-23:59"`, `"2000-01-01t00:00:00z"`, `"2000-01-01T00:00:00+24:00"`,
	`"2000-02-30T00:00:00Z"`, `"2000-01-01T00:00:00\u005a"`, `"aaaaaaaé\"bbbbbbb\\ccccccc<>&"`,
	strings.Repeat("[", 10000) + strings.Repeat("]", 10000), strings.Repeat("[", 10001) + strings.Repeat("]", 10001),
	strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000), strings.Repeat(`{"a":`, 10001) + "1" + strings.Repeat("}", 10001),
	`{"a":` + strings.Repeat("[", 9999) + strings.Repeat("]", 9999) + `}`, `{"a":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `}`,
}

// FuzzObject compares objects and lists with what encoding/json makes of them.
func FuzzObject(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
		f.Add([]byte(`{"x":` + seed + `,"y":` + seed + `}`))
		f.Add([]byte(`[` + seed + `,` + seed + `]`))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		require.Equal(t, json.Valid(data), lenient.Valid(data))

		var want map[string]json.RawMessage
		wantErr := json.Unmarshal(data, &want)
		got := make(map[string]json.RawMessage)
		c := lenient.Object(data)
		for c.Next() {
			got[string(c.Name())] = c.Value().Raw()
		}
		require.Equal(t, wantErr == nil, c.Err() == nil, "%v, %v", wantErr, c.Err())
		require.False(t, c.Next(), "the end stays the end")
		if wantErr == nil {
			require.Len(t, got, len(want))
			for name, raw := range want {
				require.Equal(t, string(raw), string(got[name]), "%q", name)
			}
		}

		var wantList, gotList []json.RawMessage
		wantErr = json.Unmarshal(data, &wantList)
		c = lenient.Array(data)
		for c.Next() {
			gotList = append(gotList, c.Value().Raw())
		}
		require.Equal(t, wantErr == nil, c.Err() == nil, "%v, %v", wantErr, c.Err())
		if wantErr == nil {
			require.Len(t, gotList, len(wantList))
			for i, raw := range wantList {
				require.Equal(t, string(raw), string(gotList[i]))
			}
		}
		require.Equal(t, before, data, "changed what it reads")
	})
}

// FuzzValue compares every way to look at a value with encoding/json.
func FuzzValue(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
		f.Add([]byte(`[` + seed + `,` + seed + `]`))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var wantList []json.RawMessage
		if json.Unmarshal([]byte("["+string(data)+"]"), &wantList) != nil {
			return
		}
		list := lenient.Array([]byte("[" + string(data) + "]"))
		named := new(strings.Builder) // the same values in an object, which shares its text with them
		for i, raw := range wantList {
			fmt.Fprintf(named, `,"%d":%s`, i, raw)
		}
		sharing := lenient.ObjectIn("{" + strings.TrimPrefix(named.String(), ",") + "}")
		for _, raw := range wantList {
			require.True(t, list.Next())
			v := list.Value()
			require.True(t, sharing.Next())
			requireSameTexts(t, v, sharing.Value())
			require.Equal(t, decode[string](raw), v.Text())
			require.Equal(t, decode[bool](raw), v.Bool())
			require.Equal(t, decode[map[string]json.RawMessage](raw), v.Map())
			require.Equal(t, referenceInt(raw), v.Int())
			require.Equal(t, decode[int](raw), v.Whole())
			require.Equal(t, raw[0] == '{', v.IsObject())
			require.Equal(t, decode[[]json.RawMessage](raw), lenient.List(v, lenient.Value.Raw))
			require.Equal(t, referenceSeconds(raw), v.Seconds())
			require.Equal(t, referenceIDs(raw), v.IDs())
			at := referenceTime(raw)
			require.True(t, at.Equal(v.Time()), "%v, %v", at, v.Time())
			require.Equal(t, decode[string](decode[map[string]json.RawMessage](raw)["id"]), v.Member("id").Text())

			var in struct {
				Int     lenient.Int
				IDs     lenient.IDs
				Time    lenient.Time
				Seconds lenient.Seconds
			}
			text := `{"Int":` + string(raw) + `,"IDs":` + string(raw) + `,"Time":` + string(raw) + `,"Seconds":` + string(raw) + `}`
			if json.Unmarshal([]byte(text), &in) == nil { // it is one deeper, and may be too deep
				require.Equal(t, v.Int(), int(in.Int))
				require.Equal(t, v.Seconds(), int64(in.Seconds))
				require.Equal(t, v.IDs(), []string(in.IDs))
				require.True(t, at.Equal(time.Time(in.Time)))
			}
		}
		require.False(t, list.Next())
	})
}

// requireSameTexts: texts that share their memory are no others.
func requireSameTexts(t *testing.T, alone, sharing lenient.Value) {
	t.Helper()
	require.Equal(t, string(alone.Bytes()), string(sharing.Bytes()))
	require.Equal(t, alone.Text(), sharing.Text())
	require.Equal(t, alone.IDs(), sharing.IDs())
	require.Equal(t, alone.Member("id").Text(), sharing.Member("id").Text())
}

// decode is how encoding/json sees a field: absent if it is of another type.
func decode[T any](raw json.RawMessage) T {
	var value, none T
	if len(raw) == 0 || json.Unmarshal(raw, &value) != nil {
		return none
	}
	return value
}

func referenceInt(raw json.RawMessage) int {
	f, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err == nil && f >= -1<<31 && f < 1<<31 {
		return int(f)
	}
	return 0
}

func referenceSeconds(raw json.RawMessage) int64 {
	if f, err := strconv.ParseFloat(string(raw), 64); err == nil && f >= -1<<53 && f <= 1<<53 {
		return int64(f)
	}
	return 0
}

func referenceIDs(raw json.RawMessage) []string {
	var texts []string
	if json.Unmarshal(raw, &texts) == nil && !slices.Contains(texts, "") {
		return texts
	}
	texts = nil
	for _, one := range decode[[]json.RawMessage](raw) {
		id := decode[string](one)
		if id == "" {
			id = decode[string](decode[map[string]json.RawMessage](one)["id"])
		}
		if id != "" {
			texts = append(texts, id)
		}
	}
	return texts
}

func referenceTime(raw json.RawMessage) time.Time {
	at, err := time.Parse(time.RFC3339, strings.Trim(string(raw), `"`))
	if err != nil {
		ms, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil {
			return time.Time{}
		}
		at = time.UnixMilli(ms)
	}
	if year := at.UTC().Year(); year < 1 || year > 9999 {
		return time.Time{}
	}
	return at
}

func FuzzAppendString(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	for b := range 0x100 {
		f.Add("x" + string([]byte{byte(b)}) + "y")
	}
	f.Add("\u2027\u2028\u2029\u202a\ufffd<b>&amp;\U0001f600")
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(s)
		require.NoError(t, err)
		require.Equal(t, "kept"+string(want), string(lenient.AppendString([]byte("kept"), s)))
	})
}
