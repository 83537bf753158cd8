package vectors_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type wireFile struct {
	Env      string       `json:"env"`
	DeviceID string       `json:"device_id"`
	Vectors  []wireVector `json:"vectors"`
}

type wireVector struct {
	Name  string `json:"name"`
	Given struct {
		Credentials json.RawMessage `json:"credentials"`
		Captcha     json.RawMessage `json:"captcha"`
	} `json:"given"`
	Init struct {
		Lang      string `json:"lang"`
		ClientID  string `json:"clientId"`
		Region    string `json:"region"`
		AccessKey string `json:"accessKey"`
	} `json:"init"`
	Steps      []wireStep     `json:"steps"`
	Responses  []wireResponse `json:"responses"`
	Requests   []wireRequest  `json:"requests"`
	Events     []string       `json:"events"`
	StoreAfter struct {
		Credentials json.RawMessage `json:"credentials"`
		Captcha     json.RawMessage `json:"captcha"`
	} `json:"store_after"`
}

type wireStep struct {
	Call    string            `json:"call"`
	Args    []json.RawMessage `json:"args"`
	Outcome wireOutcome       `json:"outcome"`
}

type wireOutcome struct {
	Result json.RawMessage `json:"result"`
	Error  *wireError      `json:"error"`
}

type wireError struct {
	Error       wireWord        `json:"error"`
	Code        wireWord        `json:"code"`
	Number      json.RawMessage `json:"error_code"`
	NumberToo   json.RawMessage `json:"errorCode"`
	Category    string          `json:"category"`
	OutcomeOpen bool            `json:"outcome_unknown"`
	Status      int             `json:"status"`
}

// wireWord is the word of an error. Where a server sent a number in its place, the js-sdk hands that on: it is read as text.
type wireWord string

// UnmarshalJSON takes anything: null is "", and what is no string is the text of its JSON.
func (w *wireWord) UnmarshalJSON(data []byte) error {
	text := new(string)
	if json.Unmarshal(data, &text) != nil {
		*w = wireWord(data)
	} else if text != nil {
		*w = wireWord(*text)
	}
	return nil
}

// UnmarshalJSON takes the field status, a word in some recorded errors and an HTTP status in differences.json.
func (e *wireError) UnmarshalJSON(data []byte) error {
	type plain wireError
	in := struct {
		*plain
		Status json.RawMessage `json:"status"`
	}{plain: (*plain)(e)}
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	if json.Unmarshal(in.Status, &e.Status) != nil || e.Status < 100 { // a word, or a numeric code of the server's
		e.Status = 0
	}
	return nil
}

type wireResponse struct {
	Status  int             `json:"status"`
	Body    json.RawMessage `json:"body"`
	Raw     *string         `json:"raw"`
	Network string          `json:"network"`
}

type wireRequest struct {
	Method          string          `json:"method"`
	Origin          string          `json:"origin"`
	Path            string          `json:"path"`
	Query           string          `json:"query"`
	Authorization   *string         `json:"authorization"`
	Language        string          `json:"language"`
	DeviceID        string          `json:"device_id"`
	SameRequestIDAs *int            `json:"same_request_id_as"`
	Body            json.RawMessage `json:"body"`
}

// wireDifference is where this package does better than what was recorded.
type wireDifference struct {
	Order       []int                      `json:"order"` // of the recorded requests, as they come here, each with its answer
	Responses   []wireResponse             `json:"responses"`
	Requests    *int                       `json:"requests"`
	Paths       map[string]string          `json:"paths"`
	Bodies      map[string]json.RawMessage `json:"bodies"`
	Outcomes    []wireOutcome              `json:"outcomes"`
	Events      *[]string                  `json:"events"`
	Credentials json.RawMessage            `json:"credentials"`
	Captcha     json.RawMessage            `json:"captcha"`
}

// inOrder is the vector with its requests, and the answers to them, in another order.
func (v wireVector) inOrder(order []int) wireVector {
	requests, responses := v.Requests, v.Responses
	v.Requests, v.Responses = nil, nil
	for _, i := range order {
		request := requests[i]
		if first := request.SameRequestIDAs; first != nil {
			request.SameRequestIDAs = new(slices.Index(order, *first))
		}
		v.Requests, v.Responses = append(v.Requests, request), append(v.Responses, responses[i])
	}
	return v
}

// TestWireErrors: whatever a recorded error holds, its file can be read.
func TestWireErrors(t *testing.T) {
	t.Parallel()
	for recorded, want := range map[string]wireError{
		`{"error":"not_found","status":"not_found"}`: {Error: "not_found"},
		`{"error":4014}`:                   {Error: "4014"},
		`{"code":40001,"status":400}`:      {Code: "40001", Status: 400},
		`{"error":null,"code":"X"}`:        {Code: "X"},
		`{"error":{"a":1},"code":[true]}`:  {Error: `{"a":1}`, Code: "[true]"},
		`{"error":-1.5,"status":{"a":[]}}`: {Error: "-1.5"},
	} {
		t.Run(recorded, func(t *testing.T) {
			t.Parallel()
			var got wireError
			require.NoError(t, json.Unmarshal([]byte(recorded), &got))
			assert.Equal(t, want, got)
		})
	}
}
