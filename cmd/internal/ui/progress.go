package ui

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// Counts say how far a run is. Done includes Failed.
type Counts struct {
	Total, Done, Failed int64
}

// ProgressOptions of StartProgress.
type ProgressOptions struct {
	// Out is where progress goes: a bar if Terminal, else a line every Interval.
	Out      io.Writer
	Terminal bool
	// Interval between lines; 0 means 30 s.
	Interval time.Duration
	// What is counted, in the plural: quanta.
	What string
}

// Progress shows how far a run is. Set is cheap and safe for concurrent use, so it may be called for every event.
type Progress struct {
	options             ProgressOptions
	started             time.Time
	total, done, failed atomic.Int64
	bars                *mpb.Progress
	bar                 *mpb.Bar
	stop                chan struct{}
	ended               sync.WaitGroup
}

// redraw is the time between two states of the bar.
const redraw = 100 * time.Millisecond

// StartProgress starts to show; Close ends it.
func StartProgress(o ProgressOptions) *Progress {
	if o.Interval == 0 {
		o.Interval = 30 * time.Second
	}
	p := &Progress{options: o, started: time.Now(), stop: make(chan struct{})}
	interval := o.Interval
	if o.Terminal {
		interval = redraw
		p.bars = mpb.New(mpb.WithOutput(o.Out), mpb.WithAutoRefresh(), mpb.WithRefreshRate(redraw))
		p.bar = p.bars.New(0, mpb.BarStyle(), mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.CountersNoUnit("%d / %d "+o.What)),
			mpb.AppendDecorators(decor.Percentage(), decor.Any(func(decor.Statistics) string { return p.tail() })))
	}
	p.ended.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.show()
			case <-p.stop:
				return
			}
		}
	})
	return p
}

// Set says how far the run is.
func (p *Progress) Set(c Counts) {
	p.total.Store(c.Total)
	p.done.Store(c.Done)
	p.failed.Store(c.Failed)
}

// Write writes text, whole lines, without disturbing the bar.
func (p *Progress) Write(text []byte) (int, error) {
	if p.bars != nil {
		return p.bars.Write(text)
	}
	return p.options.Out.Write(text)
}

// Close ends the progress and removes the bar.
func (p *Progress) Close() {
	close(p.stop)
	p.ended.Wait()
	if p.bars != nil {
		p.bar.Abort(true)
		p.bars.Wait()
	}
}

func (p *Progress) show() {
	if p.bar != nil {
		p.bar.SetTotal(max(p.total.Load(), p.done.Load()+1), false)
		p.bar.SetCurrent(p.done.Load())
		return
	}
	if total := p.total.Load(); total > 0 {
		fmt.Fprintf(p.options.Out, "%d of %d %s%s\n", p.done.Load(), total, p.options.What, p.tail())
	}
}

// tail is what follows the counts: failures, speed, time left.
func (p *Progress) tail() string {
	done, total := p.done.Load(), p.total.Load()
	text := ""
	if failed := p.failed.Load(); failed > 0 {
		text = fmt.Sprintf(", %d failed", failed)
	}
	seconds := time.Since(p.started).Seconds()
	if done == 0 || seconds <= 0 {
		return text
	}
	rate := float64(done) / seconds
	text += fmt.Sprintf(", %.0f/s", rate)
	if total > done {
		left := time.Duration(float64(total-done) / rate * float64(time.Second))
		text += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return text
}
