package lenient

import (
	"bytes"
	"encoding/json"
)

// Exact decodes one JSON value as json.Unmarshal does, but keeps every digit of its numbers: in an any they are of the type
// json.Number. What follows the value is ignored.
func Exact(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(v)
}
