package vectors_test

import (
	"encoding/json"
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
	Error       string          `json:"error"`
	Code        string          `json:"code"`
	Number      json.RawMessage `json:"error_code"`
	NumberToo   json.RawMessage `json:"errorCode"`
	Category    string          `json:"category"`
	OutcomeOpen bool            `json:"outcome_unknown"`
	Status      int             `json:"status"`
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
	Responses   []wireResponse             `json:"responses"`
	Requests    *int                       `json:"requests"`
	Bodies      map[string]json.RawMessage `json:"bodies"`
	Outcomes    []wireOutcome              `json:"outcomes"`
	Events      *[]string                  `json:"events"`
	Credentials json.RawMessage            `json:"credentials"`
	Captcha     json.RawMessage            `json:"captcha"`
}
