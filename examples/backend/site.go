package main

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
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

// onlyAt passes on what is asked for under the name of the site. Under another one, which somebody else has let point here, a
// page of theirs would be of one origin with this service, and could have codes sent.
func onlyAt(site *url.URL, next http.Handler) http.Handler {
	port := map[string]string{"https": ":443", "http": ":80"}[site.Scheme]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.EqualFold(strings.TrimSuffix(r.Host, port), strings.TrimSuffix(site.Host, port)) {
			http.Error(w, "This service is not here under that name.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
