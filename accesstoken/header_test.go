package accesstoken_test

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

// fatHeaders are JSON of at most size bytes that costs a decoder as much as it can.
func fatHeaders(size int) map[string]string {
	fill := func(first, more, last string) string {
		return first + strings.Repeat(more, (size-len(first)-len(last))/len(more)) + last
	}
	const start = `{"alg":"RS256","kid":"` + keyID + `"`
	lists := (size - len(start) - 8) / 2
	objects := (size - len(start) - 8) / 6
	return map[string]string{
		"lists in lists":     start + `,"x":` + strings.Repeat("[", lists) + strings.Repeat("]", lists) + "}",
		"objects in objects": start + `,"x":` + strings.Repeat(`{"":`, objects) + "0" + strings.Repeat("}", objects) + "}",
		"a wide list":        fill(start+`,"x":[0`, ",0", "]}"),
		"a list of objects":  fill(start+`,"x":[0`, ",{}", "]}"),
		"many strings":       fill(start+`,"x":[""`, `,""`, "]}"),
		"certificates":       fill(start+`,"x5c":["AAAA"`, `,"AAAA"`, "]}"),
		"critical":           fill(start+`,"crit":["a"`, `,"a"`, "]}"),
		"escapes":            fill(start+`,"x":"`, `\u0000`, `"}`),
		"kid of escapes":     fill(`{"alg":"RS256","kid":"`, `\u0000`, `"}`),
		"alg of escapes":     fill(`{"kid":"`+keyID+`","alg":"`, `\u0000`, `"}`),
		"the same name":      fill(start, `,"x":0`, "}"),
		"the name of kid":    fill(start, `,"kid":""`, "}"),
		"escaped names":      fill(start, `,"\u0000":0`, "}"),
	}
}

// A forged token costs little until its signature is judged, whatever its header holds.
//
//nolint:paralleltest // it counts what every goroutine allocates
func TestVerifyFatHeaderIsCheap(t *testing.T) {
	v := verifierAt(t, certs(t))
	require.NoError(t, verify(t, v, goodToken(t, nil)))
	allocated := func(head string) (count, bytes float64) {
		token := sign(t, otherKey(), head, claims(nil))
		var before, after runtime.MemStats
		const runs = 50
		runtime.ReadMemStats(&before)
		for range runs {
			_, err := v.Verify(t.Context(), token)
			require.ErrorIs(t, err, accesstoken.ErrInvalidToken)
		}
		runtime.ReadMemStats(&after)
		return float64(after.Mallocs-before.Mallocs) / runs, float64(after.TotalAlloc-before.TotalAlloc) / runs
	}
	plain, err := json.Marshal(header())
	require.NoError(t, err)
	plainCount, _ := allocated(string(plain))
	for _, size := range []int{1 << 10, 11 << 10} {
		for name, head := range fatHeaders(size) {
			require.LessOrEqual(t, len(head), size)
			require.True(t, json.Valid([]byte(head)), name)
			count, bytes := allocated(head)
			assert.Less(t, count, 3*plainCount, "%s, %d bytes: allocations", name, size)
			assert.Less(t, bytes, float64(16<<10), "%s, %d bytes: bytes", name, size)
		}
	}
}

// A header of up to 1 KiB may hold what it likes, but what changes the meaning of a signature.
func TestVerifyHeaderSize(t *testing.T) {
	t.Parallel()
	v := verifierAt(t, certs(t))
	with := func(size int) string {
		head := `{"alg":"RS256","kid":"` + keyID + `","x":"`
		return sign(t, signingKey(), head+strings.Repeat("x", size-len(head)-2)+`"}`, claims(nil))
	}
	require.NoError(t, verify(t, v, with(1<<10)))
	require.ErrorIs(t, verify(t, v, with(1<<10+1)), accesstoken.ErrMalformed)
	for _, rest := range []string{`"typ":"JWT","x":[{"y":1}],"alg":"RS256"`, `"alg":"RS256","kid2":"x"`} {
		require.NoError(t, verify(t, v, sign(t, signingKey(), `{"kid":"`+keyID+`",`+rest+`}`, claims(nil))))
	}
	// What go-jose does not read as a header is none, with the right signature too.
	for _, rest := range []string{`"jwk":5`, `"x5c":["AAAA"]`} {
		err := verify(t, v, sign(t, signingKey(), `{"alg":"RS256","kid":"`+keyID+`",`+rest+`}`, claims(nil)))
		require.ErrorIs(t, err, accesstoken.ErrMalformed, rest)
	}
}
