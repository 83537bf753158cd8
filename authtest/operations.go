package authtest

import "github.com/cloudbase-community/tcbauth/authtest/internal/ops"

// Operation is one thing that the server does.
type Operation struct {
	Name     string   `json:"name"`   // the path under /auth/v1, or under /auth from v2 on; a part in braces stands for any one part
	Method   string   `json:"method"` // of HTTP
	Evidence Evidence `json:"evidence"`
	Section  string   `json:"section"` // of docs/WIRE.md, where the facts stand with their sources
}

// Evidence says how surely the request and the good answer of an [Operation] are known. When a call is refused, and with which
// error code, is often known less well: the package comment lists what is guessed.
type Evidence string

// How an operation can be known. Where several hold, the one that says more of the answer counts: Live, then Doc. The levels
// are those of docs/WIRE.md, in its order.
const (
	// Live means that others report to have seen them on the real server, or use them in production.
	Live Evidence = "LIVE"
	// SDK means that only Tencent's js-sdk shows them: it sends the request, and its types have the answer.
	SDK Evidence = "SDK"
	// Doc means that Tencent documents them.
	Doc Evidence = "DOC"
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
