package clikit

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
	"github.com/cloudbase-community/tcbauth/internal/wholefile"
)

// captchaSolver asks the user to read the captchas of a sign-in, in the terminal or by standard input. It is nil if nobody
// can be asked.
func (k *Kit) captchaSolver(o LoginOptions) tcbauth.CaptchaSolver {
	if !o.CaptchaFromStdin && !k.ask().CanAsk() {
		return nil
	}
	pictures := 0
	return func(ctx context.Context, c tcbauth.Captcha) (string, error) {
		if pictures++; pictures > 1 {
			k.tell(anotherPicture)
		}
		if o.PictureFile != "" {
			if err := writePicture(o.PictureFile, c.Image); err != nil {
				return "", err
			}
			k.tell(captchaInFile, o.PictureFile)
		}
		if o.CaptchaFromStdin {
			return k.stdinOf(ctx, AskCaptcha)
		}
		done, err := k.showCaptcha(c.Image, o.PictureFile)
		if err != nil {
			return "", err
		}
		defer done()
		return k.lineOf(ctx, AskCaptcha)
	}
}

// showCaptcha draws a captcha in the terminal, or where that cannot be, writes it to a file, which done removes.
func (k *Kit) showCaptcha(raw []byte, file string) (done func(), err error) {
	img, err := console.DecodePicture(raw)
	if err == nil {
		err = k.ask().Picture(img)
	}
	if err == nil || file != "" {
		return func() {}, nil
	}
	temp, err := os.MkdirTemp("", k.cfg.App+"-captcha-")
	if err != nil {
		return nil, &StorageError{Err: err}
	}
	done = func() { _ = os.RemoveAll(temp) } // the system's own cleaning finds it too
	file = filepath.Join(temp, "captcha")
	if err := writePicture(file, raw); err != nil {
		done()
		return nil, err
	}
	k.tell(captchaInFile, file)
	return done, nil
}

// captchaForLater is what becomes of a call that has failed with err. Where that is for want of a captcha, the picture is written
// to a file and remembered, so that another run can answer it.
func (k *Kit) captchaForLater(ctx context.Context, s *opened, o LoginOptions, err error) error {
	if !errors.Is(err, tcbauth.ErrCaptchaRequired) && !errors.Is(err, tcbauth.ErrCaptchaInvalid) || k.ask().CanAsk() {
		return err
	}
	e, ok := errors.AsType[*tcbauth.Error](err)
	if !ok {
		return err
	}
	return k.leaveCaptcha(ctx, s, o, e.Method+":"+strings.TrimPrefix(e.Path, "/auth"))
}

// leaveCaptcha gets a picture for the call that state names, and keeps it for another run.
func (k *Kit) leaveCaptcha(ctx context.Context, s *opened, o LoginOptions, state string) error {
	data, err := s.auth.CreateCaptchaData(ctx, tcbauth.CreateCaptchaDataRequest{State: state})
	if err != nil {
		return err
	}
	raw, err := console.PictureBytes([]byte(data.Data))
	if err != nil {
		return err
	}
	format, ok := strings.CutPrefix(http.DetectContentType(raw), "image/")
	if !ok {
		return console.ErrPicture
	}
	dir, err := k.dir()
	if err != nil {
		return err
	}
	file := o.PictureFile
	if file == "" {
		file = filepath.Join(dir, "captcha-"+s.set.Profile.Value+"."+format)
	}
	if file, err = filepath.Abs(file); err != nil {
		return &StorageError{Err: err}
	}
	own := ""
	if o.PictureFile == "" {
		own = file
	}
	if err := writePicture(file, raw); err != nil {
		return err
	}
	p, err := k.pending(ctx, s)
	if err != nil {
		return err
	}
	p.Captcha = captcha{Token: data.Token, State: state, File: own, Until: k.cfg.Now().Add(lifetime(data.ExpiresIn))}
	if err := k.keepPending(ctx, s, p); err != nil {
		return err
	}
	return &NeedsPerson{What: AskCaptcha, Flag: AskCaptcha.flags(), CaptchaFile: file}
}

// answerCaptcha answers the captcha of an earlier run, if there is one and standard input is to.
func (k *Kit) answerCaptcha(ctx context.Context, s *opened, o LoginOptions) error {
	if !o.CaptchaFromStdin {
		return nil
	}
	p, err := k.pending(ctx, s)
	if err != nil || p.Captcha.Token == "" {
		return err
	}
	answer, err := k.stdinOf(ctx, AskCaptcha)
	if err != nil {
		return err
	}
	open := p.Captcha
	p.Captcha = captcha{}
	err = k.keepPending(ctx, s, p)
	if open.File != "" {
		err = errors.Join(err, removed(open.File))
	}
	if err != nil {
		return err
	}
	_, err = s.auth.VerifyCaptchaData(ctx, tcbauth.VerifyCaptchaDataRequest{Token: open.Token, Key: answer})
	if errors.Is(err, tcbauth.ErrCaptchaInvalid) {
		return k.leaveCaptcha(ctx, s, o, open.State)
	}
	return err
}

func writePicture(file string, raw []byte) error {
	if err := wholefile.Write(file, raw); err != nil {
		return &StorageError{Err: err}
	}
	return nil
}
