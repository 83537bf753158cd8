package lenient

import (
	"bytes"
	"encoding/json"
)

// Exact is json.Unmarshal of one whole value, with every digit of its numbers: in an any they are of the type json.Number.
func Exact(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(v)
}
