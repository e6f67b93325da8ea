package web

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"time"

	"valet/quantum/ledger"
)

const (
	// maxLive is how many pages are told of changes at a time; others are to be loaded again by hand.
	maxLive = 32
	// liveEvery is how often the database is asked, and quietLimit how long without a change until a sign of life is sent.
	liveEvery  = time.Second
	quietLimit = 20 * time.Second
)

// events tells a page, as server-sent events, when what it shows has changed: "changed" with a fingerprint of it, and "ended" when
// nothing will change any more. The page then asks for itself again, so that there is one way to render it.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	select {
	case s.live <- struct{}{}:
		defer func() { <-s.live }()
	default:
		s.fail(w, r, &requestError{http.StatusServiceUnavailable, "too many live pages are open", "close some, or load the page again by hand"})
		return
	}
	name := r.URL.Query().Get("run")
	if name != "" {
		var err error
		var derived *derivedRun
		if name, derived, err = s.findRun(r.Context(), name); err != nil {
			s.fail(w, r, err)
			return
		}
		if derived != nil {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "event: ended\ndata: derived\n\n")
			return
		}
	}
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	last, told := "", s.options.Now()
	for {
		mark, running, err := s.fingerprint(r.Context(), name)
		now := s.options.Now()
		switch {
		case err != nil:
			s.options.Log.Debug().Err(err).Msg("a live page cannot be told of changes now")
		case !running:
			fmt.Fprintf(w, "event: ended\ndata: %s\n\n", mark)
			out.Flush()
			return
		case mark != last:
			fmt.Fprintf(w, "event: changed\ndata: %s\n\n", mark)
			last, told = mark, now
		case now.Sub(told) > quietLimit:
			fmt.Fprint(w, ": still here\n\n")
			told = now
		}
		if err := out.Flush(); err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		case <-s.closing:
			return
		}
	}
}

// fingerprint tells whether anything runs, in one run or, without a name, at all, and a text that changes with what pages show of it.
func (s *Server) fingerprint(ctx context.Context, name string) (mark string, running bool, err error) {
	h := fnv.New64a()
	if name != "" {
		st, err := s.ledger.Status(ctx, name)
		if err != nil {
			return "", false, err
		}
		fmt.Fprint(h, st.State, st.Executions, st.Counts)
		return fmt.Sprintf("%016x", h.Sum64()), st.State == ledger.Running, nil
	}
	runs, err := s.ledger.Runs(ctx)
	if err != nil {
		return "", false, err
	}
	for _, x := range runs {
		fmt.Fprint(h, x.Name, x.State, x.Counts)
		running = running || x.State == ledger.Running
	}
	return fmt.Sprintf("%016x", h.Sum64()), running, nil
}
