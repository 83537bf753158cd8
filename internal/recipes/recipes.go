// Package recipes has what docs/verify-tokens.md shows for web frameworks. It is a module of its own, so that nobody who imports
// tcbauth has these frameworks among their dependencies.
package recipes

import (
	"context"
	"net/http"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/common/adaptor"
	"github.com/cloudwego/hertz/pkg/route"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	khttp "github.com/go-kratos/kratos/v2/transport/http"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/labstack/echo/v4"
	"github.com/zeromicro/go-zero/rest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

func ginVerify(verifier *accesstoken.Verifier) gin.HandlerFunc {
	return func(c *gin.Context) {
		claims, err := verifier.Request(c.Request)
		if err != nil {
			c.Header("WWW-Authenticate", verifier.Challenge(err)) // none if it is ""
			c.AbortWithStatus(accesstoken.StatusCode(err))
			return
		}
		c.Request = c.Request.WithContext(accesstoken.NewContext(c.Request.Context(), claims))
	}
}

func ginRouter(verifier *accesstoken.Verifier, orders, admin gin.HandlerFunc) *gin.Engine {
	r := gin.New()
	api := r.Group("/api", ginVerify(verifier))
	api.GET("/orders", orders) // accesstoken.FromContext(c.Request.Context())
	admins := verifier.Requiring(accesstoken.Requirements{Groups: []string{"admins"}})
	r.Group("/admin", ginVerify(admins)).GET("/users", admin)
	return r
}

func echoRouter(verifier *accesstoken.Verifier, orders, admin echo.HandlerFunc) *echo.Echo {
	e := echo.New()
	api := e.Group("/api", echo.WrapMiddleware(verifier.Middleware))
	api.GET("/orders", orders) // accesstoken.FromContext(c.Request().Context())
	admins := verifier.Requiring(accesstoken.Requirements{Groups: []string{"admins"}})
	e.Group("/admin", echo.WrapMiddleware(admins.Middleware)).GET("/users", admin)
	return e
}

func chiRouter(verifier *accesstoken.Verifier, orders, admin http.HandlerFunc) *chi.Mux {
	r := chi.NewRouter()
	r.With(verifier.Middleware).Get("/api/orders", orders) // accesstoken.FromContext(r.Context())
	admins := verifier.Requiring(accesstoken.Requirements{Groups: []string{"admins"}})
	r.With(admins.Middleware).Get("/admin/users", admin)
	return r
}

func hertzVerify(verifier *accesstoken.Verifier) app.HandlerFunc {
	return func(ctx context.Context, c *app.RequestContext) {
		var claims *accesstoken.Claims
		r, err := adaptor.GetCompatRequest(&c.Request)
		if err == nil {
			claims, err = verifier.Request(r.WithContext(ctx))
		}
		if err != nil {
			c.Header("WWW-Authenticate", verifier.Challenge(err)) // none if it is ""
			c.AbortWithStatus(accesstoken.StatusCode(err))
			return
		}
		c.Next(accesstoken.NewContext(ctx, claims))
	}
}

func hertzRoutes(h *route.Engine, verifier *accesstoken.Verifier, orders, admin app.HandlerFunc) {
	h.Group("/api", hertzVerify(verifier)).GET("/orders", orders) // accesstoken.FromContext(ctx)
	admins := verifier.Requiring(accesstoken.Requirements{Groups: []string{"admins"}})
	h.Group("/admin", hertzVerify(admins)).GET("/users", admin)
}

func kratosServer(verifier *accesstoken.Verifier, orders, admin khttp.HandlerFunc) *khttp.Server {
	srv := khttp.NewServer()                                      // khttp.Filter(verifier.Middleware) is for all routes of a server
	srv.Route("/api", verifier.Middleware).GET("/orders", orders) // accesstoken.FromContext(ctx)
	admins := verifier.Requiring(accesstoken.Requirements{Groups: []string{"admins"}})
	srv.Route("/admin", admins.Middleware).GET("/users", admin)
	return srv
}

func goZeroRoutes(server *rest.Server, verifier *accesstoken.Verifier, orders, admin http.HandlerFunc) {
	guard := func(v *accesstoken.Verifier, route rest.Route) {
		server.AddRoutes(rest.WithMiddleware(rest.ToMiddleware(v.Middleware), route))
	}
	guard(verifier, rest.Route{Method: http.MethodGet, Path: "/api/orders", Handler: orders}) // accesstoken.FromContext(r.Context())
	admins := verifier.Requiring(accesstoken.Requirements{Groups: []string{"admins"}})
	guard(admins, rest.Route{Method: http.MethodGet, Path: "/admin/users", Handler: admin})
}

// The gateway passes the header Authorization on, so that the server behind it can decide again.
func gateway(verifier *accesstoken.Verifier, mux *runtime.ServeMux) http.Handler {
	return verifier.Middleware(mux)
}

func grpcVerify(verifier *accesstoken.Verifier) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		r := &http.Request{Header: http.Header{"Authorization": metadata.ValueFromIncomingContext(ctx, "authorization")}}
		claims, err := verifier.Request(r.WithContext(ctx))
		if err != nil {
			return nil, status.Error(grpcCode(err), http.StatusText(accesstoken.StatusCode(err))) // err is for the service's log
		}
		return handler(accesstoken.NewContext(ctx, claims), req)
	}
}

func grpcCode(err error) codes.Code {
	switch accesstoken.StatusCode(err) {
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	case http.StatusForbidden:
		return codes.PermissionDenied
	}
	return codes.Unauthenticated
}
