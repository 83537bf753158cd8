package ticket

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// The console's file comes by way of environment variables, YAML and editors, which change its line ends and indentation.
// They mean nothing in PEM, and no valid JSON has a line end inside a text: so what was meant is certain.

const bom = "\uFEFF"

// decodeFile decodes a key file into file. Its errors quote nothing of it.
func decodeFile(data []byte, file any) error {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte(bom)))
	switch {
	case len(data) == 0:
		return errors.New("it is empty")
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return errors.New("it is in UTF-16; save it as UTF-8")
	case bytes.HasPrefix(data, []byte("-----BEGIN")):
		return errors.New("it is PEM alone; the console's file has the ids too")
	case data[0] != '{':
		return errors.New("it does not begin with {")
	}
	err := json.Unmarshal(data, file)
	if err == nil || json.Unmarshal(escapeSpace(data), file) == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		if int(wrong.Offset) >= len(data) {
			return errors.New("the JSON ends too early")
		}
		return fmt.Errorf("the JSON is wrong at byte %d", wrong.Offset)
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s is not a text", wrong.Field)
	}
	return err
}

// escapeSpace escapes line ends and tabs inside the texts of JSON.
func escapeSpace(data []byte) []byte {
	var out []byte
	inside := false
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case c == '"':
			inside = !inside
		case inside && c == '\\' && i+1 < len(data):
			out = append(out, c)
			i++
			c = data[i]
		case inside && (c == '\n' || c == '\r' || c == '\t'):
			out = append(out, '\\')
			c = map[byte]byte{'\n': 'n', '\r': 'r', '\t': 't'}[c]
		}
		out = append(out, c)
	}
	return out
}

// literalSpace is a line end or a tab that was escaped once or more too often.
var literalSpace = regexp.MustCompile(`\\+[nrt]`)

// decodePEM decodes the one block of text. Its errors quote nothing of it.
func decodePEM(text string) (*pem.Block, error) {
	const begin, end, dashes = "-----BEGIN ", "-----END ", "-----"
	_, rest, found := strings.Cut(literalSpace.ReplaceAllString(text, "\n"), begin)
	if !found {
		return nil, errors.New("it has no line " + begin + "... PRIVATE KEY" + dashes)
	}
	label, rest, _ := strings.Cut(rest, dashes)
	body, rest, found := strings.Cut(rest, end+label+dashes)
	switch {
	case !found:
		return nil, errors.New("it has no line " + end + "like its first one")
	case strings.Contains(body, "ENCRYPTED"):
		return nil, errors.New("it is encrypted")
	case strings.Contains(rest, begin):
		return nil, errors.New("it has more than one key or certificate")
	}
	body = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, body)
	if strings.ContainsFunc(body, notBase64) {
		return nil, errors.New("it has a character that base64 does not have")
	}
	der, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return nil, errors.New("it is cut or damaged")
	}
	return &pem.Block{Type: label, Bytes: der}, nil
}

func notBase64(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("+/=", r)
}

// notPrivate says what a block is that holds no private key of RSA.
func notPrivate(block *pem.Block) string {
	switch {
	case strings.Contains(block.Type, "ENCRYPTED"):
		return "encrypted"
	case strings.Contains(block.Type, "PUBLIC KEY"):
		return "a public key"
	case strings.Contains(block.Type, "CERTIFICATE"):
		return "a certificate"
	}
	return "something else"
}
