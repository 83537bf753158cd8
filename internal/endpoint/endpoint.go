// Package endpoint says where environments are reached (WIRE.md section 1), for all packages that reach them.
package endpoint

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// DefaultRegion is the js-sdk's.
const DefaultRegion = "ap-shanghai"

var (
	envName    = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$`)
	regionName = regexp.MustCompile(`^[a-z0-9]+(?:-[a-z0-9]+)*$`)
	apiPath    = regexp.MustCompile(`/+auth(?:/+v[0-9]+)?/*$`) // at the end of a base URL
)

// CheckEnv says what is wrong with the id of an environment, which becomes a part of a host's name.
func CheckEnv(env string) error {
	if !envName.MatchString(env) {
		return errors.New("env must be the id of a CloudBase environment: letters, digits and hyphens")
	}
	return nil
}

// CheckRegion says what is wrong with the name of a region, which becomes a part of a host's name.
func CheckRegion(region string) error {
	if !regionName.MatchString(region) {
		return errors.New("not the name of a region, such as ap-shanghai")
	}
	return nil
}

// Regional is the js-sdk's base URL of an environment, and the issuer of its tokens.
func Regional(env, region string) string {
	return "https://" + env + "." + region + ".tcb-api.tencentcloudapi.com"
}

// Gateway is the base URL of an environment at the HTTP API gateway.
func Gateway(env string) string { return "https://" + env + ".api.tcloudbasegateway.com" }

// IntlGateway is the base URL of an environment at the gateway of the international regions.
func IntlGateway(env string) string { return "https://" + env + ".api.intl.tcloudbasegateway.com" }

// Choice is the server that a client was told to use. The zero value is that of the environment's region.
type Choice struct {
	gateway, intl bool
	base, host    string // host is base's
	plain         bool   // base is of plain http
	insecure      bool
}

var errChosen = errors.New("another host was chosen already")

// UseGateway chooses the gateway.
func (c *Choice) UseGateway() error {
	if c.intl || c.base != "" {
		return errChosen
	}
	c.gateway = true
	return nil
}

// UseIntlGateway chooses the gateway of the international regions.
func (c *Choice) UseIntlGateway() error {
	if c.gateway || c.base != "" {
		return errChosen
	}
	c.intl = true
	return nil
}

// UseBase chooses another server, by a base URL without the path of the API. Check judges plain http.
func (c *Choice) UseBase(base string) error {
	if c.gateway || c.intl {
		return errChosen
	}
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http": // the error would quote it
		return errors.New("not an http or https URL")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("a base URL has no user, query or fragment")
	}
	if own := apiPath.FindString(u.EscapedPath()); own != "" {
		return fmt.Errorf("every call adds the API's own path, %s: write %s", strings.TrimRight(own, "/"), strings.TrimSuffix(u.String(), own))
	}
	c.base, c.host, c.plain = strings.TrimRight(u.String(), "/"), strings.ToLower(u.Hostname()), u.Scheme == "http"
	return nil
}

// UseInsecureEmulator says that the base URL is an emulator's, which may be reached by plain http from another host.
func (c *Choice) UseInsecureEmulator() { c.insecure = true }

// tencent are the domains of real environments.
var tencent = []string{"tencentcloudapi.com", "tcloudbasegateway.com", "tcloudbaseapp.com", "tcloudbase.com"}

// Check judges all that was chosen together. Plain http is for loopback addresses, and for an emulator that is no real
// environment.
func (c *Choice) Check() error {
	if c.insecure {
		host := strings.TrimSuffix(c.host, ".")
		ofTencent := func(domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }
		if c.base == "" || slices.ContainsFunc(tencent, ofTencent) {
			return errors.New("WithInsecureEmulator: needs the base URL of an emulator, and this is a real environment")
		}
		return nil
	}
	if c.plain && !loopback(c.host) {
		return errors.New("WithBaseURL: what goes over plain http can be read and changed on the way: use https, or WithInsecureEmulator for an emulator")
	}
	return nil
}

// International says whether UseIntlGateway has chosen.
func (c *Choice) International() bool { return c.intl }

// URL is the base URL of what was chosen, without a slash at its end.
func (c *Choice) URL(env, region string) string {
	switch {
	case c.base != "":
		return c.base
	case c.gateway:
		return Gateway(env)
	case c.intl:
		return IntlGateway(env)
	default:
		return Regional(env, region)
	}
}

func loopback(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	host = strings.ToLower(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
