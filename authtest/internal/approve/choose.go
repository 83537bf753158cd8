package approve

import (
	"slices"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// maxRows is how many users the page lists.
const maxRows = 100

// row is one user of the list.
type row struct {
	Sub, Name string
	More      string // what else the user is known by
	Status    string // "" for one who can sign in
}

// rowOf names a user by what they are most likely known by.
func rowOf(a *service.Account) row {
	r := row{Sub: a.Sub}
	if !a.CanSignIn() {
		r.Status = a.Status()
	}
	names := a.Names()
	r.Name, r.More = names[0], strings.Join(names[1:], " · ")
	return r
}

// rowsOf returns the newest users to choose from, those first who can sign in; more is how many are left out.
func rowsOf(s *service.Service) (rows []row, more int) {
	users, all := s.People.Newest(maxRows, func(a *service.Account) bool { return !a.Anonymous })
	for _, a := range users {
		rows = append(rows, rowOf(a))
	}
	slices.SortStableFunc(rows, func(a, b row) int { return strings.Compare(a.Status, b.Status) })
	return rows, all - len(rows)
}

// named returns the user whom a form names, or nil. What was typed goes before what was clicked.
func named(s *service.Service, sub, login string) *service.Account {
	if login = strings.TrimSpace(login); login != "" {
		return s.People.Find(login)
	}
	return s.People.BySub(sub)
}

// choose returns the user of a form, or the text that says why not. An address that nobody has makes a new user if the rules let one
// sign up by a code. login has no space around it.
func choose(s *service.Service, sub, login string) (a *service.Account, problem string) {
	switch a = named(s, sub, login); {
	case login == "" && sub == "":
		return nil, "choose_one"
	case login != "" && a == nil:
		return newUser(s, login)
	case a == nil || a.Anonymous:
		return nil, "bad_user"
	case !a.CanSignIn():
		return nil, "bad_status"
	}
	return a, ""
}

// newUser makes a user of an address, or returns the text that says why not. Where the code of a country ends is known of China's
// only: other numbers have to be written as the server writes them.
func newUser(s *service.Service, login string) (a *service.Account, problem string) {
	const china = "+86"
	person, method := service.Person{}, service.LoginPhone
	switch number, ok := strings.CutPrefix(address.Key(login), china); {
	case address.IsEmail(login):
		person.Email, method = address.EmailKey(login), service.LoginEmail
	case ok:
		person.Phone = china + " " + number
	default:
		person.Phone = strings.Join(strings.Fields(login), " ")
	}
	if person.Email == "" && !address.IsPhone(person.Phone) {
		return nil, "bad_user"
	}
	if s.LoginOff[method] || s.SignUpOff[method] {
		return nil, "sign_up_off"
	}
	a, err := s.People.Seed(person)
	if err != nil {
		return nil, "bad_user"
	}
	return a, ""
}
