package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"
)

// components are the names that --log-level takes besides the level of everything.
var components = []string{"butler", "cli", "datastore", "executor", "ledger", "pipeline", "quantum", "registry", "tasks", "values", "web"}

// levels maps the names of levels to zerolog's. Those that only upstream has (VERBOSE, CRITICAL) mean the nearest.
var levels = map[string]zerolog.Level{
	"trace": zerolog.TraceLevel, "debug": zerolog.DebugLevel, "verbose": zerolog.DebugLevel, "info": zerolog.InfoLevel,
	"warning": zerolog.WarnLevel, "warn": zerolog.WarnLevel, "error": zerolog.ErrorLevel, "critical": zerolog.ErrorLevel,
}

// logging makes the loggers of a command: one writer, a level each.
type logging struct {
	base    zerolog.Logger
	level   zerolog.Level
	byName  map[string]zerolog.Level
	colored bool
}

// defaultLogging serves until the flags are read.
func defaultLogging(a *App) logging {
	l, _ := newLogging(a, &globalOptions{logFormat: "console", color: "never"})
	return l
}

// newLogging reads the flags of logging. Errors are *UsageError.
func newLogging(a *App, g *globalOptions) (logging, error) {
	l := logging{level: zerolog.InfoLevel, byName: map[string]zerolog.Level{}}
	switch {
	case g.quiet && g.verbose:
		return l, &UsageError{Command: "valet", Message: "-q and -v exclude each other"}
	case g.quiet:
		l.level = zerolog.ErrorLevel
	case g.verbose:
		l.level = zerolog.DebugLevel
	}
	for _, text := range g.logLevels {
		component, name, named := strings.Cut(text, "=")
		if !named {
			component, name = "", text
		}
		level, ok := levels[strings.ToLower(name)]
		if !ok {
			return l, &UsageError{Command: "valet", Message: fmt.Sprintf("--log-level: unknown level %q", name),
				Advice: "levels are trace, debug, verbose, info, warning, error, critical"}
		}
		if component == "" || component == "." {
			l.level = level
			continue
		}
		// Names of Python loggers are taken and have no effect, so that command lines of pipetask keep working.
		if !slices.Contains(components, component) && !strings.HasPrefix(component, "lsst") {
			hint := "components are " + strings.Join(components, ", ")
			if near := nearest(component, components); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			return l, &UsageError{Command: "valet", Message: fmt.Sprintf("--log-level: unknown component %q", component), Advice: hint}
		}
		l.byName[component] = level
	}
	switch g.color {
	case "auto":
		l.colored = a.env("NO_COLOR") == "" && a.env("TERM") != "dumb" && isTerminal(a.Stderr)
	case "always":
		l.colored = true
	case "never":
	default:
		return l, &UsageError{Command: "valet", Message: fmt.Sprintf("--color: %q is none of auto, always, never", g.color)}
	}
	var w io.Writer
	switch g.logFormat {
	case "console":
		w = zerolog.ConsoleWriter{Out: a.Stderr, NoColor: !l.colored, TimeFormat: time.TimeOnly}
	case "json":
		w = a.Stderr
	default:
		return l, &UsageError{Command: "valet", Message: fmt.Sprintf("--log-format: %q is none of console, json", g.logFormat)}
	}
	l.base = zerolog.New(w).Hook(stamp{a.Now})
	return l, nil
}

func (l logging) component(name string) zerolog.Logger {
	level, ok := l.byName[name]
	if !ok {
		level = l.level
	}
	return l.base.Level(level).With().Str("component", name).Logger()
}

// stamp adds the time of the App's clock, which zerolog cannot be given without a global.
type stamp struct{ now func() time.Time }

func (s stamp) Run(e *zerolog.Event, _ zerolog.Level, _ string) {
	if s.now != nil {
		e.Time(zerolog.TimestampFieldName, s.now().UTC())
	}
}

// isTerminal reports whether the stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
