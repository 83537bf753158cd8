package jsonin

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// outer has a field of each kind that Read knows.
type outer struct {
	Inner  *inner            `json:"inner"`
	List   []inner           `json:"list"`
	Map    map[string]string `json:"map"`
	Any    map[string]any    `json:"any"`
	Raw    json.RawMessage   `json:"raw"`
	Bytes  []byte            `json:"bytes"`
	Length *Duration         `json:"length"`
	Number *int              `json:"number"`
	Flag   bool              `json:"flag"`
	inner
}

type inner struct {
	Text string `json:"text"`
}

func TestRead(t *testing.T) {
	t.Parallel()
	var got outer
	file, err := Read([]byte("\ufeff{\"inner\":{\"text\":\"a\"},\"list\":[{\"text\":\"b\"},\n {}],\"map\":{\"k\":\"v\"},\"any\":{\"x\":[1]},\"raw\":{\"y\":null},"+
		"\"bytes\":\"YQ==\",\"length\":\"1s\",\"number\":-3,\"flag\":true,\"text\":\"c\"}"), &got)
	require.NoError(t, err)
	assert.Equal(t, "a b v a -3 c", got.Inner.Text+" "+got.List[0].Text+" "+got.Map["k"]+" "+string(got.Bytes)+" -3 "+got.Text)
	assert.Equal(t, &Mistake{2, 2, "x"}, file.Mistake("list[1]", "x"))
	assert.Equal(t, &Mistake{2, 2, "x"}, file.Mistake("list[1].text", "x"), "the nearest around it")
	assert.Equal(t, &Mistake{1, 1, "x"}, file.Mistake("nothing.of[3].it", "x"))
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{``, `{`, `{"inner":{"text":"a"},"list":[{},null]}`, `{"any":{"a":{"b":[1,"x",null]}},"raw":[{}]}`, "\ufeff[]", `{"bytes":"x"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got, want outer
		file, err := Read(text, &got)
		if err != nil {
			mistake, ok := errors.AsType[*Mistake](err)
			require.True(t, ok)
			require.Positive(t, mistake.Line)
			require.Positive(t, mistake.Column)
			return
		}
		require.NoError(t, json.Unmarshal(file.text, &want))
		require.Equal(t, want, got)
	})
}
