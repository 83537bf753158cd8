package jsonin

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Mistake is what is wrong with a text of JSON, and where. It quotes names of the text, and no values.
type Mistake struct {
	Line, Column int // from 1; columns are characters
	Text         string
}

// Error says where the mistake is, and what.
func (m *Mistake) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", m.Line, m.Column, m.Text)
}

// File is a text of JSON that was read, and knows where its parts stand.
type File struct {
	text []byte
	at   map[string]int // offsets by path, such as users[0].email
}

// Read decodes a text into what to points to. A byte order mark before it is ignored. What is no JSON, a name that is unknown or
// there twice, and a value of another type are a *Mistake.
func Read(text []byte, to any) (*File, error) {
	f := &File{text: bytes.TrimPrefix(text, []byte("\ufeff")), at: make(map[string]int)}
	var whole json.RawMessage
	if err := json.Unmarshal(f.text, &whole); err != nil {
		at := len(f.text)
		syntax, ok := errors.AsType[*json.SyntaxError](err)
		if ok && syntax.Offset > 0 && !strings.HasPrefix(syntax.Error(), "unexpected end") {
			at = int(syntax.Offset) - 1
		}
		return nil, f.mistakeAt(at, strings.TrimPrefix(err.Error(), "json: "))
	}
	w := walk{File: f, in: json.NewDecoder(bytes.NewReader(f.text))}
	w.in.UseNumber()
	if mistake := w.value("", reflect.TypeOf(to).Elem()); mistake != nil {
		return nil, mistake
	}
	if err := json.Unmarshal(f.text, to); err != nil {
		return nil, f.mistakeAt(0, err.Error())
	}
	return f, nil
}

// Mistake says that something is wrong with the part at a path, or with the nearest one around it that the text has.
func (f *File) Mistake(path, text string) *Mistake {
	for {
		if at, ok := f.at[path]; ok || path == "" {
			return f.mistakeAt(at, text)
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

func (f *File) mistakeAt(at int, text string) *Mistake {
	before := f.text[:min(at, len(f.text))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return &Mistake{Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(before[start:]) + 1, Text: text}
}

// walk compares a text, which is JSON, with a type.
type walk struct {
	*File
	in *json.Decoder
}

// next is the offset of the next token.
func (w *walk) next() int {
	at := int(w.in.InputOffset())
	return at + len(w.text[at:]) - len(bytes.TrimLeft(w.text[at:], " \t\r\n,:"))
}

func (w *walk) value(path string, typ reflect.Type) *Mistake {
	at := w.next()
	w.at[path] = at
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ == reflect.TypeFor[json.RawMessage]() || typ.Kind() == reflect.Interface {
		var raw json.RawMessage
		_ = w.in.Decode(&raw) // it is JSON
		return nil
	}
	token, _ := w.in.Token() // it is JSON
	text, isText := token.(string)
	if read, ok := reflect.New(typ).Interface().(encoding.TextUnmarshaler); ok && isText {
		if err := read.UnmarshalText([]byte(text)); err != nil {
			return w.mistakeAt(at, err.Error())
		}
		return nil
	}
	want, good := "", false
	if typ == reflect.TypeFor[[]byte]() {
		typ = reflect.TypeFor[string]() // in base64
	}
	switch typ.Kind() {
	case reflect.Struct, reflect.Map:
		want, good = "an object", token == json.Delim('{')
	case reflect.Slice:
		want, good = "a list", token == json.Delim('[')
	case reflect.Bool:
		want = "true or false"
		_, good = token.(bool)
	case reflect.Int:
		want = "a whole number"
		number, _ := token.(json.Number)
		_, err := strconv.Atoi(string(number))
		good = err == nil
	default:
		want, good = "a text", isText
	}
	switch {
	case token == nil: // null is as good as nothing
		return nil
	case !good:
		return w.mistakeAt(at, "want "+want)
	case token == json.Delim('{'):
		return w.object(path, typ)
	case token == json.Delim('['):
		for i := 0; w.in.More(); i++ {
			if mistake := w.value(fmt.Sprintf("%s[%d]", path, i), typ.Elem()); mistake != nil {
				return mistake
			}
		}
		_, _ = w.in.Token()
	}
	return nil
}

func (w *walk) object(path string, typ reflect.Type) *Mistake {
	seen := make(map[string]bool)
	for w.in.More() {
		at := w.next()
		token, _ := w.in.Token()
		name, _ := token.(string)
		if seen[name] {
			return w.mistakeAt(at, fmt.Sprintf("%s is there twice", quoted(name)))
		}
		seen[name] = true
		inner := strings.TrimPrefix(path+"."+name, ".")
		var of reflect.Type
		if typ.Kind() == reflect.Map {
			of = typ.Elem()
		} else if of = fields(typ)[name]; of == nil {
			return w.mistakeAt(at, unknown(name, fields(typ)))
		}
		if mistake := w.value(inner, of); mistake != nil {
			return mistake
		}
	}
	_, _ = w.in.Token()
	return nil
}

// fields are the types of a struct's fields by their JSON names.
func fields(typ reflect.Type) map[string]reflect.Type {
	all := make(map[string]reflect.Type)
	for i := range typ.NumField() {
		field := typ.Field(i)
		if field.Anonymous {
			maps.Copy(all, fields(field.Type))
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		all[name] = field.Type
	}
	return all
}
