package testbed

import (
	"bytes"
	"fmt"
	"log/slog"
)

// PrintedForms are the ways in which v gets into a log or a message without anybody deciding that it should.
func PrintedForms(v any) map[string]string {
	forms := map[string]string{}
	for name, x := range map[string]any{
		"value": v, "field": struct{ V any }{v}, "pointer to field": &struct{ V any }{v}, "slice": []any{v}, "map": map[string]any{"k": v},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%t", "%10.3v", "%!"} {
			forms[name+" "+verb] = fmt.Sprintf(verb, x)
		}
		forms[name+" Sprint"] = fmt.Sprint(x)
		forms[name+" Sprintln"] = fmt.Sprintln(x)
	}
	forms["error"] = fmt.Errorf("with %v", v).Error()
	forms["panic"] = func() (text string) {
		defer func() { text = fmt.Sprint(recover()) }()
		panic(v)
	}()
	var out bytes.Buffer
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	for name, handler := range map[string]slog.Handler{
		"slog text": slog.NewTextHandler(&out, options), "slog JSON": slog.NewJSONHandler(&out, options),
	} {
		out.Reset()
		log := slog.New(handler)
		log.Info("x", slog.Any("v", v))
		log.With("v", v).Info("x", slog.Group("g", slog.Any("v", v)))
		forms[name] = out.String()
	}
	return forms
}
