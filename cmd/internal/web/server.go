// Package web is the dashboard: pages about the runs, quanta and measurements of one repository, for people and, with ?format=json, for
// programs, and /metrics for Prometheus.
//
// It only reads: it answers GET and HEAD, holds no session, and what a page shows is in its address. It is for the machine it runs on: a
// server on a loopback address answers no other machine, and requests whose Host header is a foreign name are refused, because a page of
// another site could have its name lead here. Everything it sends is embedded: no page loads anything from elsewhere. Files are read only
// as logs and measurements that the registry knows, through the datastore, which refuses paths that leave it; no address names a file.
//
// A handler makes a model, a plain struct; the model is rendered by the page's template or written as JSON. Figures are made of all
// measurements on the server, so that a page of a million is as small as one of a thousand.
//
//	request ── guard ── handler ── model ─┬─ template ── HTML
//	                                      └─ JSON
//
// Weak spots: a Set of measurements that was asked for is kept for a while (setLifetime), so a page may be that old; live pages ask
// the database once a second.
package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"valet/datastore/butler"
	"valet/quantum"
	"valet/quantum/ledger"
	"valet/quantum/values"
	"valet/registry/dimension"
)

// DefaultAddress is where the dashboard is if nobody says otherwise.
const DefaultAddress = "127.0.0.1:8181"

// Options of New.
type Options struct {
	// Butler is the repository, opened for reading. Repository is how its user calls it.
	Butler     *butler.Butler
	Repository string
	// Program and Version are those of valet.
	Program, Version string
	// Hosts are names, besides localhost and the addresses of this machine, that requests may call it by.
	Hosts []string
	Log   zerolog.Logger
	// Untried tells what became of a quantum that was never tried; nil if nobody knows.
	Untried func(ctx context.Context, run, task string, id dimension.DataID) (state, why string, err error)
	// Explain is a reason in words; nil shows its code.
	Explain func(quantum.Reason) string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Server answers requests. It is safe for concurrent use.
type Server struct {
	options Options
	butler  *butler.Butler
	ledger  *ledger.Ledger
	index   *values.Index
	sets    *setCache
	derived derivedRuns
	handler http.Handler
	// live limits the number of pages that are told of changes.
	live chan struct{}
	// closing is closed when the server ends, so that live pages end too.
	closing  chan struct{}
	closed   sync.Once
	anywhere bool
	local    net.IP
}

// New makes a server; nothing is read yet.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Explain == nil {
		o.Explain = quantum.Reason.String
	}
	if o.Program == "" {
		o.Program = "valet"
	}
	s := &Server{options: o, butler: o.Butler, ledger: ledger.New(o.Butler.Registry, ledger.Options{}), index: values.New(o.Butler, values.Options{}),
		live: make(chan struct{}, maxLive), closing: make(chan struct{})}
	s.sets = newSetCache(s.index, o.Now)
	s.handler = s.guard(s.routes())
	return s
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// routes are the pages by path.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/{$}", s.page("runs", s.runsPage))
	mux.Handle("/run", s.page("run", s.runPage))
	mux.Handle("/quanta", s.page("quanta", s.quantaPage))
	mux.Handle("/quantum", s.page("quantum", s.quantumPage))
	mux.Handle("/measurements", s.page("measurements", s.measurementsPage))
	mux.Handle("/compare", s.page("compare", s.comparePage))
	mux.HandleFunc("/figure", s.figureFile)
	mux.HandleFunc("/events", s.events)
	mux.HandleFunc("/metrics", s.prometheus)
	mux.Handle("/static/", staticFiles())
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, &requestError{http.StatusNotFound, "there is no page " + r.URL.Path, "the pages are /, /run, /quanta, /quantum, /measurements, /compare and /metrics"})
	})
	return mux
}

// ListenError says why the dashboard cannot be at an address.
type ListenError struct {
	Address string
	Err     error
}

func (e *ListenError) Error() string {
	if errors.Is(e.Err, syscall.EADDRINUSE) {
		return fmt.Sprintf("%s is in use by another program, maybe another dashboard", e.Address)
	}
	return fmt.Sprintf("listen on %s: %v", e.Address, e.Err)
}

// Unwrap gives the cause.
func (e *ListenError) Unwrap() error { return e.Err }

// Hint says how to go on.
func (e *ListenError) Hint() string {
	switch {
	case errors.Is(e.Err, syscall.EADDRINUSE):
		return "give another port with --addr, or --addr 127.0.0.1:0 for one that is free"
	case errors.Is(e.Err, os.ErrPermission):
		return "ports below 1024 are root's; give a higher one with --addr"
	}
	return "give HOST:PORT, such as " + DefaultAddress
}

// Listen takes the address. The error is a *ListenError.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, &ListenError{address, err}
	}
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &ListenError{address, err}
	}
	return l, nil
}

// patience is how long Serve waits for answers that are under way when it ends.
const patience = 3 * time.Second

// Serve answers requests until ctx ends; answers that are under way are finished. It closes the listener.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		s.local, s.anywhere = tcp.IP, !tcp.IP.IsLoopback()
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 1 << 16,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) }}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	s.closed.Do(func() { close(s.closing) })
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := server.Shutdown(wait); err != nil {
		server.Close()
	}
	<-ended
	return nil
}

// URL is the address of the first page of a server on a listener.
func URL(l net.Listener) string {
	host, port, _ := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}

// IsLoopback reports whether an address names this machine alone.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
