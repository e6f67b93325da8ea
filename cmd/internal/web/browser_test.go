package web_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browser is a headless Chromium that writes down what goes wrong in pages. Without Chromium the test is skipped.
type browser struct {
	context.Context
	mu       sync.Mutex
	problems []string
	// hosts are those that pages asked.
	hosts map[string]bool
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.WindowSize(1280, 1000), chromedp.Flag("disable-dev-shm-usage", true))
	allocated, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocated)
	t.Cleanup(cancel)
	b := &browser{Context: ctx, hosts: map[string]bool{}}
	err = chromedp.Listen(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			b.problems = append(b.problems, "exception: "+e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			b.problems = append(b.problems, fmt.Sprintf("console: %s %v", e.Type, e.Args))
		case *log.EventEntryAdded:
			b.problems = append(b.problems, "log: "+e.Entry.Text+" "+e.Entry.URL)
		case *network.EventRequestWillBeSent:
			if u, err := url.Parse(e.Request.URL); err == nil && u.Scheme != "data" {
				b.hosts[u.Host] = true
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, runtime.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	return b
}

// do runs steps, for at most a minute.
func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// evaluate is the value of an expression in the page.
func evaluate[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	v, err := chromedp.Run(b, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// taken are the problems since it was asked last.
func (b *browser) taken() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.problems
	b.problems = nil
	return out
}

// views are the pages that are opened, in light and dark.
func views(t *testing.T, s *httptest.Server) map[string]string {
	failed := decode(t, s.Config.Handler, "/quanta?run=u/all&state=failed")["quanta"].([]any)[0].(map[string]any)["link"].(string)
	return map[string]string{
		"runs": "/", "run": "/run?name=u/all", "derived": "/run?name=u/sci", "quanta": "/quanta?run=u/all", "quantum": failed, "metrics": "/measurements",
		"metric": "/measurements?in=u/metrics&metric=" + memory, "series": "/measurements?in=u/metrics&kind=series&metric=" + memory,
		"heatmap": "/measurements?in=u/metrics&kind=heatmap&metric=" + memory, "compare": "/compare?a=u/metrics&b=u/all&metric=" + memory,
	}
}

// Every page opens without a complaint of the browser, asks nobody else, and fits into a window. VALET_SCREENSHOTS=DIR keeps pictures.
func TestBrowserOpensPages(t *testing.T) {
	b := newBrowser(t)
	s := httptest.NewServer(newServer(t))
	defer s.Close()
	keep := os.Getenv("VALET_SCREENSHOTS")
	for _, scheme := range []string{"light", "dark"} {
		for name, address := range views(t, s) {
			t.Run(name+"/"+scheme, func(t *testing.T) {
				media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
				if _, err := chromedp.Call(b.Context, emulation.SetEmulatedMedia, media); err != nil {
					t.Fatal(err)
				}
				b.do(t, chromedp.Navigate(s.URL+address), chromedp.WaitVisible("main h1"))
				background := evaluate[string](t, b, `getComputedStyle(document.body).backgroundColor`)
				wide := evaluate[float64](t, b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`)
				faint := evaluate[[]string](t, b, lowContrast)
				shot, err := chromedp.Run(b.Context, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				if dark := background != "rgb(255, 255, 255)"; dark != (scheme == "dark") {
					t.Errorf("the background is %s", background)
				}
				if wide > 0 {
					t.Errorf("the page is %v pixels wider than the window", wide)
				}
				if len(faint) > 0 {
					t.Errorf("texts with too little contrast: %q", faint)
				}
				for _, p := range b.taken() {
					t.Error(p)
				}
				if keep != "" {
					if err := os.WriteFile(filepath.Join(keep, name+"-"+scheme+".png"), shot, 0o666); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	if host := strings.TrimPrefix(s.URL, "http://"); len(b.hosts) != 1 || !b.hosts[host] {
		t.Errorf("pages asked %v", b.hosts)
	}
}

// lowContrast are texts outside of figures whose contrast to their ground is below 4.5, the least that is easy to read.
const lowContrast = `(() => {
	const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const parts = s => s.match(/[\d.]+/g).map(Number);
	const bad = [];
	for (const e of document.querySelectorAll("body *:not(svg *)")) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.offsetWidth) continue;
		let ground = e;
		while (ground && (parts(getComputedStyle(ground).backgroundColor)[3] ?? 1) === 0) ground = ground.parentElement;
		if (!ground) continue;
		const a = light(parts(getComputedStyle(e).color).slice(0, 3)), b = light(parts(getComputedStyle(ground).backgroundColor).slice(0, 3));
		if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5) bad.push(e.textContent.trim().slice(0, 40));
	}
	return bad;
})()`

// With the keyboard alone one comes first to the link over the navigation, then to the pages, then through the form and into the figures.
func TestBrowserKeyboard(t *testing.T) {
	b := newBrowser(t)
	s := httptest.NewServer(newServer(t))
	defer s.Close()
	b.do(t, chromedp.Navigate(s.URL+"/measurements?in=u/metrics&metric="+memory), chromedp.WaitVisible("main h1"))
	var order []string
	for range 30 {
		b.do(t, chromedp.KeyEvent(kb.Tab))
		order = append(order, evaluate[string](t, b, `(() => { const e = document.activeElement;
			return e.getAttribute("name") || e.querySelector("title")?.textContent || e.getAttribute("aria-label") || e.textContent.trim(); })()`))
	}
	want := []string{"Skip to the content", "Runs", "Measurements", "Compare", "in", "metric", "unit", "where", "Show", "Table of statistics", memory, "overview", "hist", "focal-plane", "series", "heatmap"}
	if !slices.Equal(order[:len(want)], want) {
		t.Errorf("focus goes to %q, want %q first", order, want)
	}
	if !slices.ContainsFunc(order, func(s string) bool { return strings.HasPrefix(s, "R00_S01: 176.76 Mibyte") }) {
		t.Errorf("focus does not come to detectors: %q", order)
	}
	// The skip link leads to the content.
	b.do(t, chromedp.Navigate(s.URL+"/"), chromedp.WaitVisible("main h1"), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("main:focus"))
	// A filter that is typed is in the address of the page that follows.
	const filter = "instrument = 'TestCam' AND detector = 1"
	b.do(t, chromedp.Navigate(s.URL+"/measurements?in=u/metrics&metric="+memory), chromedp.WaitVisible("[name=where]"), chromedp.SendKeys("[name=where]", filter+kb.Enter),
		chromedp.WaitVisible(`input[value="`+filter+`"]`), chromedp.WaitVisible("#rows"))
	if where := evaluate[string](t, b, `new URL(location.href).searchParams.get("where")`); where != filter {
		t.Errorf("where is %q", where)
	}
	if rows := evaluate[string](t, b, `document.querySelector("#rows ~ div caption").textContent`); rows != "4 of 4" {
		t.Errorf("%q are shown", rows)
	}
	for _, p := range b.taken() {
		t.Error(p)
	}
}

// A page of a run that goes on shows by itself that it ended.
func TestBrowserFollowsRun(t *testing.T) {
	b := newBrowser(t)
	s := httptest.NewServer(newServer(t))
	defer s.Close()
	setRunning(t, true)
	defer setRunning(t, false)
	for _, address := range []string{"/", "/run?name=u/all"} {
		setRunning(t, true)
		b.do(t, chromedp.Navigate(s.URL+address), chromedp.WaitVisible(".state.running"), wait(`document.getElementById("live").textContent === "live"`))
		setRunning(t, false)
		b.do(t, chromedp.WaitNotPresent(".state.running"), chromedp.WaitVisible(".state.done"), wait(`document.getElementById("live").textContent === "the run ended"`))
	}
	for _, p := range b.taken() {
		t.Error(p)
	}
}

// wait waits until an expression is true in the page.
func wait(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := chromedp.Poll[bool](expression)(ctx, target)
		return err
	})
}
