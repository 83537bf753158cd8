package client

import (
	"context"
	"errors"

	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// ErrCut stands for the error of a call that never returned: something panicked in it.
var ErrCut = errors.New("the call was cut off")

// Begin tells the observer of a call, and returns the context for it and what [Client.End] needs, which must be called.
func (c *Client) Begin(ctx context.Context, req *wire.Request) (observed context.Context, watch session.Stopwatch) {
	if c.cfg.Observer == nil {
		return ctx, watch
	}
	watch = session.StartWatch()
	return c.cfg.Observer.CallStart(ctx, CallStart{req.Op, req.Method, req.Path}), watch
}

// End tells the observer what has become of a call.
func (c *Client) End(ctx context.Context, req *wire.Request, watch session.Stopwatch, refreshed bool, err error) {
	if c.cfg.Observer == nil {
		return
	}
	c.cfg.Observer.CallEnd(ctx, CallEnd{
		CallStart: CallStart{req.Op, req.Method, req.Path}, Attempts: req.Attempts, Status: req.Status, RequestID: req.RequestID,
		Took: watch.Took(), Refreshed: refreshed, Err: err,
	})
}

// beginRefresh measures a refresh, where somebody wants to know.
func (c *Client) beginRefresh() (watch session.Stopwatch) {
	if c.cfg.Observer != nil {
		watch = session.StartWatch()
	}
	return watch
}

// endRefresh tells the observer what has become of a refresh.
func (c *Client) endRefresh(ctx context.Context, watch session.Stopwatch, goesOn bool, err error) {
	if c.cfg.Observer == nil {
		return
	}
	r := Refresh{Outcome: RefreshFailed, Took: watch.Took(), Err: err}
	_, refused := errors.AsType[*session.RefusedError](err)
	switch {
	case refused:
		r.Outcome = RefreshRefused
	case err == nil && goesOn:
		r.Outcome = RefreshDone
	case err == nil:
		r.Outcome = RefreshReplaced
	}
	c.cfg.Observer.Refresh(ctx, r)
}
