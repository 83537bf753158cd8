package authotel_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authotel"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// A sign-in by SMS, and a call two hours later, which needs a new access token.
func Example() {
	srv, err := authtest.Listen("127.0.0.1:0") // in place of CloudBase
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	srv.Seed(authtest.User{Username: "gopher_01", Phone: "+86 13800000000"})
	srv.FixCode("+86 13800000000", "123456")

	exporter := tracetest.NewInMemoryExporter() // in a program: one that sends spans away
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithClock(srv.Now),
		tcbauth.WithObserver(authotel.New(authotel.WithTracerProvider(provider))))
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx, span := provider.Tracer("program").Start(context.Background(), "program")
	info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: "+86 13800000000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err = auth.SignInWithSms(ctx, tcbauth.SignInWithSmsRequest{
		VerificationInfo: info, VerificationCode: "123456", PhoneNum: "13800000000",
	}); err != nil {
		fmt.Println(err)
		return
	}
	srv.Advance(2 * time.Hour)
	if _, err = auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{}); err != nil {
		fmt.Println(err)
		return
	}
	span.End()

	for _, line := range tree(exporter.GetSpans(), trace.SpanID{}, "") {
		fmt.Println(line)
	}
	// Output:
	// program
	//   tcbauth.GetVerification POST /auth/v1/verification 200
	//   tcbauth.SignInWithSms POST /auth/v1/verification/verify 200
	//   tcbauth.SignInWithSms POST /auth/v1/signin 200
	//   tcbauth.GetUserInfo GET /auth/v1/user/me 200
	//   tcbauth.GetUserInfo GET /auth/v1/user/me 200
	//     tcbauth.RefreshSession POST /auth/v1/token 200
	//     event tcbauth.refresh: refreshed
}

// tree has a line for each span below parent and for each of its events, in the order of time. The store's are left out.
func tree(spans tracetest.SpanStubs, parent trace.SpanID, indent string) (lines []string) {
	slices.SortStableFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	for _, s := range spans {
		if s.Parent.SpanID() != parent || strings.HasPrefix(s.Name, "tcbauth.store.") {
			continue
		}
		words := []string{indent + s.Name}
		for _, key := range []attribute.Key{"http.request.method", "url.path", "http.response.status_code"} {
			for _, a := range s.Attributes {
				if a.Key == key {
					words = append(words, a.Value.String())
					break
				}
			}
		}
		lines = append(lines, strings.Join(words, " "))
		lines = append(lines, tree(spans, s.SpanContext.SpanID(), indent+"  ")...)
		for _, e := range s.Events {
			lines = append(lines, indent+"  event "+e.Name+": "+e.Attributes[0].Value.String())
		}
	}
	return lines
}
