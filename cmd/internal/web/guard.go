package web

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// guard refuses requests from other machines, under foreign names, that want to change something, or whose paths climb.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch {
		case !s.mayAsk(r.RemoteAddr):
			s.fail(w, r, &requestError{http.StatusForbidden, "only this machine may ask", "start the dashboard with --addr and an address of the network to let others in"})
		case !s.knowsHost(r.Host):
			s.fail(w, r, &requestError{http.StatusForbidden, "the Host header names " + quoted(r.Host) + ", which is not this machine",
				"use localhost or the address that the dashboard was started with; --host NAME lets another name in"})
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			s.fail(w, r, &requestError{http.StatusMethodNotAllowed, "the dashboard only reads: " + quoted(r.Method) + " is refused", ""})
		case climbs(r.URL.Path):
			s.fail(w, r, &requestError{http.StatusBadRequest, "a path with .. is refused", "no address of the dashboard names a file"})
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// mayAsk reports whether a request may come from an address. Serve sets anywhere when its user asked for an address of the network.
func (s *Server) mayAsk(remote string) bool {
	if s.anywhere {
		return true
	}
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return false
	}
	host, _, _ = strings.Cut(host, "%")
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// knowsHost reports whether a Host header names this server. Names other than those given could belong to somebody who lets them lead
// here; numbers belong to nobody else.
func (s *Server) knowsHost(header string) bool {
	host := header
	if h, _, err := net.SplitHostPort(header); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(host, "]"), "["), ".")
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback() || s.anywhere && (s.local == nil || s.local.IsUnspecified() || s.local.Equal(ip))
	}
	return strings.EqualFold(host, "localhost") || slices.ContainsFunc(s.options.Hosts, func(n string) bool { return n != "" && strings.EqualFold(n, host) })
}

// climbs reports whether a path has a part that leads upwards, in any spelling.
func climbs(path string) bool {
	path = strings.ReplaceAll(path, `\`, "/")
	return slices.Contains(strings.Split(path, "/"), "..") || strings.ContainsRune(path, 0)
}
