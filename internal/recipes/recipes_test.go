package recipes

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/common/config"
	"github.com/cloudwego/hertz/pkg/common/ut"
	"github.com/cloudwego/hertz/pkg/route"
	"github.com/gin-gonic/gin"
	khttp "github.com/go-kratos/kratos/v2/transport/http"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/labstack/echo/v4"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/rest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/cloudbase-community/tcbauth/accesstoken"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// subject is what each handler answers.
func subject(ctx context.Context) string {
	claims, _ := accesstoken.FromContext(ctx)
	if claims == nil {
		return "nobody"
	}
	return claims.Subject
}

func TestRecipes(t *testing.T) {
	t.Parallel()
	gin.SetMode(gin.ReleaseMode)
	srv := authtest.NewServer(t)
	verifier, err := accesstoken.NewVerifier(srv.Env, accesstoken.WithBaseURL(srv.URL), accesstoken.WithIssuer(srv.URL),
		accesstoken.WithHTTPClient(srv.Client()), accesstoken.WithClock(srv.Now))
	if err != nil {
		t.Fatal(err)
	}
	plain := func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, subject(r.Context())) }
	ofGin := func(c *gin.Context) { c.String(http.StatusOK, "%s", subject(c.Request.Context())) }
	ofEcho := func(c echo.Context) error { return c.String(http.StatusOK, subject(c.Request().Context())) }
	ofHertz := func(ctx context.Context, c *app.RequestContext) { c.String(http.StatusOK, "%s", subject(ctx)) }
	ofKratos := func(c khttp.Context) error { return c.String(http.StatusOK, subject(c)) }
	person := srv.IssueToken(authtest.TokenSpec{Sub: "1"})
	admin := srv.IssueToken(authtest.TokenSpec{Sub: "2", Claims: map[string]any{"groups": []string{"admins"}}})
	const realm = `Bearer realm="`
	for name, router := range map[string]http.Handler{
		"gin":     ginRouter(verifier, ofGin, ofGin),
		"echo":    echoRouter(verifier, ofEcho, ofEcho),
		"chi":     chiRouter(verifier, plain, plain),
		"hertz":   hertzServer(verifier, ofHertz),
		"kratos":  kratosServer(verifier, ofKratos, ofKratos),
		"go-zero": goZeroServer(t, verifier, plain),
	} {
		for _, test := range []struct {
			path, token string
			status      int
			body        string // where the status is 200
			challenge   string
		}{
			{"/api/orders", person, 200, "1", ""},
			{"/api/orders", admin, 200, "2", ""},
			{"/api/orders", "", 401, "", realm + srv.Env + `"`},
			{"/api/orders", "x", 401, "", realm + srv.Env + `", error="invalid_token"`},
			{"/admin/users", admin, 200, "2", ""},
			{"/admin/users", person, 403, "", realm + srv.Env + `", error="insufficient_scope"`},
			{"/admin/users", "", 401, "", realm},
		} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, test.path, nil)
			if test.token != "" {
				r.Header.Set("Authorization", "Bearer "+test.token)
			}
			w := httptest.NewRecorder()
			router.ServeHTTP(w, r)
			challenge := w.Header().Get("WWW-Authenticate")
			if w.Code != test.status || test.status == 200 && w.Body.String() != test.body ||
				!strings.HasPrefix(challenge, test.challenge) || (challenge == "") != (test.challenge == "") {
				t.Errorf("%s: %s: %d %q %q", name, test.path, w.Code, w.Body, challenge)
			}
		}
	}
}

// hertzServer serves Hertz's routes to a test of net/http.
func hertzServer(verifier *accesstoken.Verifier, handler app.HandlerFunc) http.Handler {
	engine := route.NewEngine(config.NewOptions(nil))
	hertzRoutes(engine, verifier, handler, handler)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var headers []ut.Header
		for name, values := range r.Header {
			headers = append(headers, ut.Header{Key: name, Value: values[0]})
		}
		answer := ut.PerformRequest(engine, r.Method, r.URL.String(), nil, headers...)
		if challenge := answer.Header().Get("WWW-Authenticate"); challenge != "" {
			w.Header().Set("WWW-Authenticate", challenge)
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// goZeroServer serves go-zero's routes without listening.
func goZeroServer(t *testing.T, verifier *accesstoken.Verifier, handler http.HandlerFunc) http.Handler {
	t.Helper()
	logx.Disable()
	server, err := rest.NewServer(rest.RestConf{})
	if err != nil {
		t.Fatal(err)
	}
	goZeroRoutes(server, verifier, handler, handler)
	serverless, err := rest.NewServerless(server)
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(serverless.Serve)
}

// health answers who asks.
type health struct {
	grpc_health_v1.UnimplementedHealthServer
}

func (health) Check(ctx context.Context, r *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	if subject(ctx) != r.GetService() {
		return &grpc_health_v1.HealthCheckResponse{Status: grpc_health_v1.HealthCheckResponse_NOT_SERVING}, nil
	}
	return &grpc_health_v1.HealthCheckResponse{Status: grpc_health_v1.HealthCheckResponse_SERVING}, nil
}

// What went wrong in the service is not told to its clients.
func TestInterceptorKeepsSecrets(t *testing.T) {
	t.Parallel()
	broken := &http.Client{Transport: &http.Transport{Proxy: func(*http.Request) (*url.URL, error) {
		return nil, errors.New("proxy.internal.example")
	}}}
	verifier, err := accesstoken.NewVerifier("env-1", accesstoken.WithHTTPClient(broken))
	if err != nil {
		t.Fatal(err)
	}
	token := authtest.NewServer(t).IssueToken(authtest.TokenSpec{})
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer "+token))
	_, err = grpcVerify(verifier)(ctx, nil, nil, func(context.Context, any) (any, error) { panic("not verified") })
	if status.Code(err) != codes.Unavailable || strings.Contains(err.Error(), "internal") {
		t.Error(err)
	}
}

func TestGateway(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	verifier, err := accesstoken.NewVerifier(srv.Env, accesstoken.WithBaseURL(srv.URL), accesstoken.WithIssuer(srv.URL),
		accesstoken.WithHTTPClient(srv.Client()), accesstoken.WithClock(srv.Now))
	if err != nil {
		t.Fatal(err)
	}
	lis := bufconn.Listen(1 << 20)
	server := grpc.NewServer(grpc.UnaryInterceptor(grpcVerify(verifier)))
	grpc_health_v1.RegisterHealthServer(server, health{})
	served := make(chan error, 1)
	go func() { served <- server.Serve(lis) }()
	t.Cleanup(func() { server.Stop(); <-served })
	conn, err := grpc.NewClient("passthrough:///x", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	client := grpc_health_v1.NewHealthClient(conn)
	mux := runtime.NewServeMux()
	err = mux.HandlePath(http.MethodGet, "/v1/health", func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
		_, outbound := runtime.MarshalerForRequest(mux, r)
		ctx, err := runtime.AnnotateContext(r.Context(), mux, r, grpc_health_v1.Health_Check_FullMethodName)
		if err == nil {
			var answer *grpc_health_v1.HealthCheckResponse
			if answer, err = client.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "1"}); err == nil {
				runtime.ForwardResponseMessage(ctx, mux, outbound, w, r, answer)
				return
			}
		}
		runtime.HTTPError(ctx, mux, outbound, w, r, err)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		handler http.Handler
		token   string
		status  int
	}{
		{gateway(verifier, mux), srv.IssueToken(authtest.TokenSpec{Sub: "1"}), 200},
		{gateway(verifier, mux), "", 401},
		{gateway(verifier, mux), "x", 401},
		{mux, "", 401}, // by the server behind it
		{mux, "x", 401},
		{mux, srv.IssueToken(authtest.TokenSpec{Sub: "1"}), 200},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/health", nil)
		if test.token != "" {
			r.Header.Set("Authorization", "Bearer "+test.token)
		}
		w := httptest.NewRecorder()
		test.handler.ServeHTTP(w, r)
		if w.Code != test.status || test.status == 200 && !strings.Contains(w.Body.String(), "SERVING") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}
