package clikit

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	_ "image/gif"  // captchas
	_ "image/jpeg" // captchas
	_ "image/png"  // captchas
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/wholefile"
)

// captchaSolver lets a person read the captchas of a sign-in, in the terminal or by standard input; nil where nobody can.
func (k *Kit) captchaSolver(o LoginOptions) tcbauth.CaptchaSolver {
	if !o.CaptchaFromStdin && !k.ask().CanAsk() {
		return nil
	}
	before := ""
	return func(ctx context.Context, c tcbauth.Captcha) (string, error) {
		if before == c.State { // a call that is asked for another one has got the first one wrong
			k.tell(captchaWrong)
		}
		before = c.State
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
	img, err := decodePicture(raw)
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

// leaveCaptcha gets a picture for the call that state names and leaves it to another run.
func (k *Kit) leaveCaptcha(ctx context.Context, s *opened, o LoginOptions, state string) error {
	data, err := s.auth.CreateCaptchaData(ctx, tcbauth.CreateCaptchaDataRequest{State: state})
	if err != nil {
		return err
	}
	raw, format, err := pictureOf(data.Data)
	if err != nil {
		return err
	}
	dir, err := k.dir()
	if err != nil {
		return err
	}
	file := o.PictureFile
	if file == "" {
		file = filepath.Join(dir, "captcha-"+s.set.Profile.Value+"."+format)
	}
	if err := writePicture(file, raw); err != nil {
		return err
	}
	p, err := k.pending(ctx, s)
	if err != nil {
		return err
	}
	p.Captcha = captcha{Token: data.Token, State: state, File: file, Until: k.cfg.Now().Add(life(data.ExpiresIn))}
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
	if err := errors.Join(k.keepPending(ctx, s, p), removed(open.File)); err != nil {
		return err
	}
	_, err = s.auth.VerifyCaptchaData(ctx, tcbauth.VerifyCaptchaDataRequest{Token: open.Token, Key: answer})
	if errors.Is(err, tcbauth.ErrCaptchaInvalid) {
		return k.leaveCaptcha(ctx, s, o, open.State)
	}
	return err
}

var pictureFormat = regexp.MustCompile(`^[a-z]+$`)

var errNoPicture = errors.New("clikit: the server has sent no picture")

// pictureOf decodes a picture that is a data: URL of RFC 2397. format is "png", say.
func pictureOf(data string) (raw []byte, format string, err error) {
	head, body, found := strings.Cut(data, ",")
	format, isBase64 := strings.CutSuffix(strings.TrimPrefix(head, "data:image/"), ";base64")
	if !found || !isBase64 || !pictureFormat.MatchString(format) {
		return nil, "", errNoPicture
	}
	if raw, err = base64.StdEncoding.DecodeString(body); err != nil {
		return nil, "", errNoPicture
	}
	return raw, format, nil
}

// maxPixels is the size of a picture that is decoded.
const maxPixels = 1 << 22

func decodePicture(raw []byte) (image.Image, error) {
	size, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil || size.Width <= 0 || size.Height <= 0 || size.Width > maxPixels/size.Height {
		return nil, errNoPicture
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, errNoPicture
	}
	return img, nil
}

func writePicture(file string, raw []byte) error {
	if err := wholefile.Write(file, raw); err != nil {
		return &StorageError{Err: err}
	}
	return nil
}
