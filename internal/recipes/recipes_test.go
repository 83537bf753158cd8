package recipes

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/labstack/echo/v4"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
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
	person := srv.IssueToken(authtest.TokenSpec{Sub: "1"})
	admin := srv.IssueToken(authtest.TokenSpec{Sub: "2", Claims: map[string]any{"groups": []string{"admins"}}})
	const realm = `Bearer realm="`
	for name, router := range map[string]http.Handler{
		"gin":  ginRouter(verifier, ofGin, ofGin),
		"echo": echoRouter(verifier, ofEcho, ofEcho),
		"chi":  chiRouter(verifier, plain, plain),
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
			{"/admin/", admin, 200, "2", ""},
			{"/admin/", person, 403, "", realm + srv.Env + `", error="insufficient_scope"`},
			{"/admin/", "", 401, "", realm},
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

// The page shows this code, to the letter.
func TestPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/verify.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("recipes.go")
	if err != nil {
		t.Fatal(err)
	}
	_, frameworks, found := strings.Cut(string(page), "\n## Frameworks\n")
	if !found {
		t.Fatal("docs/verify.md has no Frameworks")
	}
	blocks := 0
	for block := range strings.SplitSeq(frameworks, "```go\n") {
		code, _, found := strings.Cut(block, "\n```")
		if !found {
			continue
		}
		blocks++
		if !strings.Contains(string(source), "\n"+code+"\n") {
			t.Errorf("docs/verify.md has other code than recipes.go:\n%s", code)
		}
	}
	if blocks < 4 {
		t.Errorf("%d blocks of code", blocks)
	}
}
