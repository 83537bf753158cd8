package cobrakit

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/internal/bilingual"
)

func loginCommand(kit *clikit.Kit) *cobra.Command {
	var l login
	in := func(t bilingual.Text) string { return t.In(kit.Language()) }
	cmd := &cobra.Command{
		Use: "login", Short: in(loginShort), Args: Args(kit, 0, 0),
		RunE: Run(kit, func(ctx context.Context, _ []string) error { return l.run(ctx, kit) }),
	}
	f := cmd.Flags()
	f.StringVar(&l.o.Phone, "phone", "", in(flagPhone))
	f.StringVar(&l.o.Email, "email", "", in(flagEmail))
	f.StringVar(&l.o.User, "user", "", in(flagUser))
	f.BoolVar(&l.o.Device, "device", false, in(flagDevice))
	f.StringVar(&l.o.MiniProgram, "qr", "", in(flagQR))
	f.BoolVar(&l.o.NoSignUp, "no-sign-up", false, in(flagNoSignUp))
	f.BoolVar(&l.o.CodeFromStdin, "code-stdin", false, in(flagCodeIn))
	f.BoolVar(&l.o.PasswordFromStdin, "password-stdin", false, in(flagPasswordIn))
	f.BoolVar(&l.o.CaptchaFromStdin, "captcha-key-stdin", false, in(flagCaptchaIn))
	f.StringVar(&l.o.PictureFile, "captcha-file", "", in(flagPicture))
	f.BoolVar(&l.start, "start", false, in(flagStart))
	f.BoolVar(&l.finish, "finish", false, in(flagFinish))
	f.StringVar(&l.code, "code", "", in(flagCode))
	return cmd
}

// login is the command line of that command.
type login struct {
	o             clikit.LoginOptions
	start, finish bool
	code          string
}

func (l *login) run(ctx context.Context, kit *clikit.Kit) error {
	switch {
	case l.start && l.finish:
		return misuse(kit, startOrFinish)
	case l.code != "" && !l.finish:
		return misuse(kit, codeNeedsEnd)
	case l.start:
		challenge, err := kit.StartLogin(ctx, l.o)
		if err != nil {
			return err
		}
		return kit.Answer(challenge, "")
	case l.finish && (l.o.Phone != "" || l.o.Email != "" || l.o.User != "" || l.o.Device || l.o.MiniProgram != ""):
		return misuse(kit, finishAlone)
	}
	sign := kit.Login
	if l.finish {
		sign = func(ctx context.Context, o clikit.LoginOptions) (*clikit.Login, error) {
			return kit.FinishLogin(ctx, l.code, o)
		}
	}
	done, err := sign(ctx, l.o)
	if err != nil {
		return err
	}
	return kit.Answer(done, "")
}
