package tcbauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var userSeeds = []string{
	``, `null`, `{}`, `[]`, `5`, `{"sub":"1"`, `{"sub":"1"}x`, `{"sub":"1","sub":2}`, `{"Sub":"1"}`, `{"\u0073ub":"\ud83d\ude00"}`,
	"{\"name\":\"\xff\"}", `{"sub":5,"name":null,"email_verified":"true","has_password":1,"user_source":"1"}`,
	`{"user_source":1}`, `{"user_source":1.0}`, `{"user_source":-0}`, `{"user_source":9223372036854775808}`, `{"user_source":1e2}`,
	`{"address":{"formatted":"f","street_address":"s","locality":"l","region":"r","postal_code":"p","country":"c","x":1}}`,
	`{"address":null}`, `{"address":"here"}`, `{"address":["here"]}`, `{"address":{"country":5}}`,
	`{"groups":[]}`, `{"groups":null}`, `{"groups":{}}`, `{"groups":["admin",null,5,[],{"id":"g","name":"n","expires_at":"e"},{"id":5}]}`,
	`{"providers":[{"id":"i","provider_user_id":"u","name":"n","picture":"p","url":"l","meta":{"a":[1]}},{"meta":null},{"meta":5}]}`,
	`{"hasPassword":true}`, `{"password":"SET"}`, `{"password":"SET","has_password":false}`, `{"password":"set"}`, `{"password":true}`,
	`{"has_password":true,"has_password":false}`, `{"hasPassword":"true"}`, `{"location":{"country":"c","province":"p","city":"t","x":1}}`,
	`{"location":null}`, `{"location":"here"}`, `{"nickName":"n","country":"c","province":"p","city":"t","nickname":"x"}`,
	`{"meta":{}}`, `{"meta":{"a": 1 ,"a":2,"A":3}}`, `{"meta":[]}`, `{"meta":null}`, `{"unknown":{"sub":"2"},"sub":"1"}`,
	`{"uid":"a","username":"b","phone_number":"c","email":"d","email_verified":true,"picture":"e","gender":"f","birthdate":"g",
	"zoneinfo":"h","locale":"i","status":"j","has_password":true,"type":"k","internal_user_type":"l","user_id":"m","user_desc":"n",
	"created_from":"o","loginType":"p","avatarUrl":"q","created_at":"r","updated_at":"s","password_updated_at":"t","last_login":"u"}`,
}

// FuzzUser compares the decoding of a profile with encoding/json's.
func FuzzUser(f *testing.F) {
	for _, seed := range userSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, want := new(userInfo), new(User)
		requireDecoded(t, data, got, want)
		var other struct {
			HasPassword bool   `json:"hasPassword"`
			Password    string `json:"password"`
		}
		requireDecoded(t, data, new(userInfo), &other)
		want.HasPassword = want.HasPassword || other.HasPassword || other.Password == "SET"
		require.Equal(t, want, (*User)(got))
	})
}

// FuzzCodes does the same for the answers about codes.
func FuzzCodes(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `[]`, `{"verification_id":"v","expires_in":600,"is_user":true}`, `{"is_user":false}`, `{"is_user":null}`,
		`{"is_user":"true"}`, `{"is_user":{}}`, `{"is_user":[true]}`, `{"is_user":true,"is_user":null}`, `{"expires_in":"600"}`,
		`{"expires_in":6e2}`, `{"verification_token":"t","expires_in":600}`, `{"verification_token":5}`, `{"verification_id":{}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var sent struct {
			VerificationID string `json:"verification_id"`
			ExpiresIn      int    `json:"expires_in"`
			IsUser         *bool  `json:"is_user"`
		}
		gotSent := new(sentCode)
		requireDecoded(t, data, gotSent, &sent)
		require.Equal(t, sentCode{VerificationID: sent.VerificationID, ExpiresIn: sent.ExpiresIn, IsUser: sent.IsUser}, *gotSent)

		var checked struct {
			VerificationToken string `json:"verification_token"`
			ExpiresIn         int    `json:"expires_in"`
		}
		gotChecked := new(checkedCode)
		requireDecoded(t, data, gotChecked, &checked)
		require.Equal(t, checkedCode{VerificationToken: checked.VerificationToken, ExpiresIn: checked.ExpiresIn}, *gotChecked)
	})
}

// requireDecoded decodes data into got and, by encoding/json, into want, a pointer to a struct.
func requireDecoded(t *testing.T, data []byte, got json.Unmarshaler, want any) {
	t.Helper()
	gotErr := got.UnmarshalJSON(data)
	if !json.Valid(data) || !slices.Contains([]byte("{n"), bytes.TrimSpace(data)[0]) {
		require.Error(t, gotErr)
		return
	}
	require.NoError(t, gotErr)
	decodeExactly(t, data, reflect.ValueOf(want).Elem())
}

// decodeExactly is encoding/json, but for names, which are compared exactly, and for names that come twice: the last counts.
func decodeExactly(t *testing.T, data []byte, into reflect.Value) {
	t.Helper()
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return
	}
	for i := range into.NumField() {
		name, _, _ := strings.Cut(into.Type().Field(i).Tag.Get("json"), ",")
		raw, given := members[name]
		field := into.Field(i)
		switch {
		case !given:
		case field.Kind() == reflect.Pointer && field.Type().Elem().Kind() == reflect.Struct:
			if raw[0] == '{' {
				field.Set(reflect.New(field.Type().Elem()))
				decodeExactly(t, raw, field.Elem())
			}
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct:
			var list []json.RawMessage
			if json.Unmarshal(raw, &list) != nil || list == nil {
				continue
			}
			field.Set(reflect.MakeSlice(field.Type(), len(list), len(list)))
			for i, one := range list {
				decodeExactly(t, one, field.Index(i))
			}
		default:
			value := reflect.New(field.Type())
			err := json.Unmarshal(raw, value.Interface())
			if mismatch := new(json.UnmarshalTypeError); errors.As(err, &mismatch) {
				continue
			}
			require.NoError(t, err)
			field.Set(value.Elem())
		}
	}
}

// Every field of the structs is decoded: the reference above goes by the tags of the structs themselves.
func TestUserInfoHasEveryField(t *testing.T) {
	t.Parallel()
	full := User{Groups: []UserGroup{{}}, Providers: []UserProvider{{}}, Address: &Address{}, Location: &UserLocation{}}
	fill(reflect.ValueOf(&full).Elem())
	data, err := json.Marshal(full)
	require.NoError(t, err)
	got := new(userInfo)
	require.NoError(t, got.UnmarshalJSON(data))
	assert.Equal(t, &full, (*User)(got))
}

// The server and the js-sdk have three names for a password that is set.
func TestUserHasPassword(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{
		`{"sub":"1","password":"SET"}`:                                           true,
		`{"sub":"1","hasPassword":true}`:                                         true,
		`{"sub":"1","has_password":true}`:                                        true,
		`{"sub":"1","has_password":false,"password":"SET"}`:                      true,
		`{"sub":"1","password":"SET","hasPassword":null}`:                        true,
		`{"sub":"1","hasPassword":true,"has_password":false,"password":"UNSET"}`: true,
		`{"sub":"1"}`:                                     false,
		`{"sub":"1","password":""}`:                       false,
		`{"sub":"1","password":"UNSET"}`:                  false,
		`{"sub":"1","password":true,"hasPassword":"SET"}`: false,
		`{"sub":"1","hasPassword":false}`:                 false,
	} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			user := new(userInfo)
			require.NoError(t, user.UnmarshalJSON([]byte(answer)))
			assert.Equal(t, want, user.HasPassword)
		})
	}
}

func TestUserOfJSSDK(t *testing.T) {
	t.Parallel()
	user := new(userInfo)
	require.NoError(t, user.UnmarshalJSON([]byte(`{"sub":"1","nickName":"小明","avatarUrl":"https://example.com/a.png",`+
		`"country":"中国","province":"广东","city":"深圳","location":{"country":"中国","province":"广东","city":"深圳"}}`)))
	assert.Equal(t, User{
		Sub: "1", NickName: "小明", AvatarURL: "https://example.com/a.png", Country: "中国", Province: "广东", City: "深圳",
		Location: &UserLocation{Country: "中国", Province: "广东", City: "深圳"},
	}, User(*user))
}

// A clone shares nothing with its user, in any field.
func TestUserClone(t *testing.T) {
	t.Parallel()
	full := User{Groups: []UserGroup{{}}, Providers: []UserProvider{{}}, Address: &Address{}, Location: &UserLocation{}}
	fill(reflect.ValueOf(&full).Elem())
	clone := full.clone()
	assert.Equal(t, full, clone)
	requireApart(t, "User", reflect.ValueOf(full), reflect.ValueOf(clone))
	assert.Equal(t, User{}, new(User).clone())
}

// requireApart requires that two equal values share no memory but that of texts.
func requireApart(t *testing.T, name string, a, b reflect.Value) {
	t.Helper()
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			requireApart(t, name+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
		}
	case reflect.Pointer:
		require.NotEqual(t, a.Pointer(), b.Pointer(), name)
		requireApart(t, name, a.Elem(), b.Elem())
	case reflect.Slice:
		require.NotEqual(t, a.Pointer(), b.Pointer(), name)
		for i := range a.Len() {
			requireApart(t, name, a.Index(i), b.Index(i))
		}
	case reflect.Map:
		require.NotEqual(t, a.Pointer(), b.Pointer(), name)
		for _, key := range a.MapKeys() {
			requireApart(t, name, a.MapIndex(key), b.MapIndex(key))
		}
	}
}

// fill gives every field of a struct a value.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		fill(v.Elem())
	case reflect.Slice:
		fill(v.Index(0))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(5)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]json.RawMessage{"a": json.RawMessage(`{"b":[1]}`)}))
	default:
		panic("a kind that is not filled yet: " + v.Kind().String())
	}
}
