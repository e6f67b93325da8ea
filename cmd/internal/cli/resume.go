package cli

import (
	"slices"
	"strings"
)

// resumeCommand is the command line that goes on where this run stopped: the same one, in the same run. clobber is needed where
// failed quanta left their logs.
func (a *App) resumeCommand(clobber bool) string {
	args := []string{a.program()}
	for i := 0; i < len(a.Args); i++ {
		switch arg := a.Args[i]; {
		case arg == "--replace-run":
		case arg == "--prune-replaced":
			i++ // its value
		case strings.HasPrefix(arg, "--prune-replaced="):
		default:
			args = append(args, arg)
		}
	}
	if !slices.Contains(args, "--extend-run") {
		args = append(args, "--extend-run")
	}
	if clobber && !slices.Contains(args, "--clobber-outputs") {
		args = append(args, "--clobber-outputs")
	}
	for i, arg := range args {
		args[i] = shellQuote(arg)
	}
	return strings.Join(args, " ")
}

// shellQuote is a word as a POSIX shell reads it.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./,:=+@%#", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) && s[0] != '#' {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// quoteList is names for a message.
func quoteList(names []string) string { return strings.Join(names, ", ") }
