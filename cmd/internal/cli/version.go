package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// versionLine is the version of the module, or "devel" for a build from a checkout without tags.
func versionLine() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

// versionText is what --version prints: a fact a line.
func versionText(a *App) string {
	commit, modified := "unknown", false
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				commit = s.Value
			case "vcs.modified":
				modified = s.Value == "true"
			}
		}
	}
	if modified {
		commit += " (modified)"
	}
	sqlite, _, _ := sqlite3.Version()
	var b strings.Builder
	fmt.Fprintf(&b, "valet %s\n", versionLine())
	fmt.Fprintf(&b, "commit:   %s\n", commit)
	fmt.Fprintf(&b, "go:       %s %s/%s\n", strings.TrimPrefix(runtime.Version(), "go"), runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(&b, "sqlite:   %s\n", sqlite)
	fmt.Fprintf(&b, "universe: %s\n", supportedUniverses)
	fmt.Fprintf(&b, "schema:   %s\n", supportedSchema)
	return b.String()
}

// What this version reads and writes (repository.md 2.2); other versions are refused by name.
const (
	supportedUniverses = "daf_butler 0 to 8"
	supportedSchema    = "attributes 1.0, opaque 0.2, dimensions 6.0, collections 2.0, datasets 1.0 and 2.0, datastores 0.2"
)
