package console

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // a format that pictures come in
	_ "image/jpeg"
	_ "image/png"
	"net/url"
	"strings"
)

const (
	maxPictureBytes  = 1 << 20
	maxPicturePixels = 1 << 20 // some 8 MiB in memory
)

// ErrPicture is for what is no picture, or a larger one than a captcha or a QR code needs: 1 MiB, or 1,048,576 pixels.
var ErrPicture = errors.New("not a picture that can be shown")

// DecodePicture reads a PNG, a JPEG or the first picture of a GIF, or a data: URL (RFC 2397) of one, as a server sends a
// captcha. The size is checked before anything is decoded. The error wraps ErrPicture.
func DecodePicture(data []byte) (image.Image, error) {
	data, err := PictureBytes(data)
	if err != nil {
		return nil, err
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPicture, err)
	}
	if size.Width <= 0 || size.Height <= 0 || size.Width > maxPicturePixels/size.Height {
		return nil, fmt.Errorf("%w: it has %d x %d pixels", ErrPicture, size.Width, size.Height)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPicture, err)
	}
	return img, nil
}

// PictureBytes returns the file that a data: URL holds. Other data is returned as it is. The error wraps ErrPicture.
func PictureBytes(data []byte) ([]byte, error) {
	if len(data) > 2*maxPictureBytes {
		return nil, fmt.Errorf("%w: it has %d bytes", ErrPicture, len(data))
	}
	const scheme = "data:"
	if len(data) >= len(scheme) && strings.EqualFold(string(data[:len(scheme)]), scheme) {
		var err error
		if data, err = dataOf(string(data[len(scheme):])); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPicture, err)
		}
	}
	if len(data) > maxPictureBytes {
		return nil, fmt.Errorf("%w: it has %d bytes", ErrPicture, len(data))
	}
	return data, nil
}

// dataOf returns what a data: URL without its scheme holds.
func dataOf(rest string) ([]byte, error) {
	kind, body, ok := strings.Cut(rest, ",")
	if !ok {
		return nil, errors.New("a data: URL without data")
	}
	body, err := url.PathUnescape(body)
	if err != nil {
		return nil, errors.New("a data: URL with a wrong escape") // without what it holds
	}
	if !strings.HasSuffix(strings.ToLower(kind), ";base64") {
		return []byte(body), nil
	}
	body = strings.TrimRight(strings.Join(strings.Fields(body), ""), "=")
	return base64.RawStdEncoding.DecodeString(body)
}
