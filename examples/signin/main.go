// Command signin signs a phone number in, as the README shows it.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/cloudbase-community/tcbauth"
)

func main() {
	ctx := context.Background()
	auth, err := tcbauth.New("your-env-id")
	if err != nil {
		log.Fatal(err)
	}
	phone := ask("Phone number: ")
	info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: phone}) // sends the SMS
	if err != nil {
		log.Fatal(err)
	}
	state, err := auth.SignInWithSms(ctx, tcbauth.SignInWithSmsRequest{
		VerificationInfo: info, VerificationCode: ask("Code: "), PhoneNum: phone,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("Signed in as", state.User.Sub)
}

func ask(question string) (answer string) {
	fmt.Print(question)
	_, _ = fmt.Scanln(&answer)
	return answer
}
