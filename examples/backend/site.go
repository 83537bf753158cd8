package main

import (
	"errors"
	"net"
	"net/url"
)

// publicSite returns the origin under which browsers see the service. Plain http is for this machine alone: cookies and
// codes would cross the network in the clear.
func publicSite(given string, addr net.Addr) (*url.URL, error) {
	if given == "" {
		given = "http://" + addr.String()
	}
	u, err := url.Parse(given)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("-url: not an http or https URL")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/":
		return nil, errors.New("-url: only scheme, host and port; the service has a host of its own")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("other machines can reach this address: put TLS in front, and name its https URL by -url")
	}
	u.Path = ""
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
