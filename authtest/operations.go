package authtest

import "github.com/cloudbase-community/tcbauth/authtest/internal/ops"

// Operation is one thing that the server does.
type Operation struct {
	Name     string   `json:"name"`   // the path under /auth/v1, or under /auth from v2 on; a part in braces stands for any one part
	Method   string   `json:"method"` // of HTTP
	Evidence Evidence `json:"evidence"`
	Section  string   `json:"section"` // of docs/WIRE.md, where the facts stand with their sources
}

// Evidence says how surely the request and the good answer of an [Operation] are known. The conditions of refusals and their
// words are often known less well: the package comment lists what is guessed.
type Evidence string

// How an operation can be known, the strongest evidence first.
const (
	Live Evidence = "LIVE" // somebody has captured them from the real server
	Doc  Evidence = "DOC"  // Tencent documents them
	SDK  Evidence = "SDK"  // Tencent's js-sdk sends the request, and its types have the answer as far as anybody knows it
)

// Operations returns everything that a server of this package answers, in the order of the package's own table.
func Operations() []Operation {
	table := ops.All()
	all := make([]Operation, len(table))
	for i, op := range table {
		all[i] = Operation{Name: op.Name, Method: op.Method, Evidence: Evidence(op.Evidence), Section: op.Section}
	}
	return all
}
