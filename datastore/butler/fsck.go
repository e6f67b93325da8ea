package butler

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"valet/datastore"
	"valet/datastore/vfs"
	"valet/registry"
	"valet/registry/dataset"
)

// CheckOptions of Check.
type CheckOptions struct {
	// Checksum reads every file that has a recorded checksum.
	Checksum bool
	// Progress is told the number of files looked at; nil is not.
	Progress func(files int)
	// Now is the present, by which the age of temporary files is told.
	Now time.Time
}

// UnfinishedRemoval is the kind of fault that EmptyTrash mends.
const UnfinishedRemoval = "unfinished-removal"

// temporaryAge is how old a temporary file must be to be one that nobody is going to rename any more.
const temporaryAge = 24 * time.Hour

// Check looks at everything in a repository that can be at fault and reports it: rows of the registry that do not fit together, records
// and files that do not fit, and files that no row names. Nothing is changed. Memory does not grow with the number of datasets. Files that
// a run under way has written and not committed yet are reported too.
func (b *Butler) Check(ctx context.Context, o CheckOptions, report func(registry.Fault)) error {
	if err := b.Registry.CheckTables(ctx, report); err != nil {
		return err
	}
	if err := b.Registry.CheckOverlaps(ctx, report); err != nil {
		return err
	}
	seen := 0
	for _, s := range b.Store.Files() {
		c := &s.Config
		if has, err := b.Registry.HasTrash(ctx, c.Name); err != nil {
			return err
		} else if has {
			report(registry.Fault{Kind: UnfinishedRemoval, Object: "datasets or runs in the trash of " + c.Name, Remedy: "end the removal"})
		}
		if err := b.Registry.CheckLocations(ctx, c.Name, c.Table, report); err != nil {
			return err
		}
		packs := newPackCheck(b, s, o.Checksum, report)
		err := b.Registry.EachRecord(ctx, c.Name, c.Table, func(records []dataset.FileRecord) error {
			for i := range records {
				if r := &records[i]; !packs.check(r) {
					b.checkFile(s, r, o.Checksum, report)
				}
			}
			if seen += len(records); o.Progress != nil {
				o.Progress(seen)
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		if err := b.checkDirectory(ctx, s, o.Now, report); err != nil {
			return err
		}
	}
	return nil
}

// checkFile compares a record with its file, which is no member of a zip.
func (b *Butler) checkFile(s *datastore.Store, r *dataset.FileRecord, checksum bool, report func(registry.Fault)) {
	what := func(problem string) string { return faultyRecord(r, problem) }
	p := r.Path
	if strings.Contains(p, "://") {
		local, err := localPath(p)
		if err != nil {
			return // It is on another machine.
		}
		p = local
	} else {
		p = s.Config.Root + "/" + p
	}
	info, err := b.stat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		report(registry.Fault{Kind: missingFile, Object: what(""), Remedy: restoreFile})
		return
	case err != nil:
		report(registry.Fault{Kind: "unreadable-file", Object: what(": " + err.Error()), Remedy: "see to the permissions and the disk"})
		return
	case info.Dir:
		report(registry.Fault{Kind: missingFile, Object: what(": is a directory"), Remedy: restoreFile})
		return
	case r.Size >= 0 && info.Size != r.Size:
		report(registry.Fault{Kind: wrongSize, Object: what(fmt.Sprintf(": %d bytes, %d are recorded", info.Size, r.Size)), Remedy: restoreFile})
		return
	}
	if !checksum || r.Checksum == "" {
		return
	}
	if sum, err := b.sum(p); err != nil {
		report(registry.Fault{Kind: "unreadable-file", Object: what(": " + err.Error()), Remedy: "see to the permissions and the disk"})
	} else if sum != r.Checksum {
		report(registry.Fault{Kind: wrongContent, Object: what(": its checksum is not the recorded one"), Remedy: restoreFile})
	}
}

// stat describes a file, or the one that a link leads to.
func (b *Butler) stat(p string) (vfs.Info, error) {
	info, err := b.files.Stat(p)
	if err != nil || !info.Link {
		return info, err
	}
	if p, err = b.files.Resolve(p); err != nil {
		return info, err
	}
	return b.files.Stat(p)
}

// checkDirectory looks for files that no row names.
func (b *Butler) checkDirectory(ctx context.Context, s *datastore.Store, now time.Time, report func(registry.Fault)) error {
	root := s.Config.Root
	const atOnce = 500
	var found []string
	flush := func() error {
		recorded, err := b.Registry.RecordedPaths(ctx, s.Config.Table, found)
		if err != nil {
			return err
		}
		for _, p := range found {
			if recorded[p] > 0 {
				continue
			}
			if strings.HasSuffix(p, ".zip") {
				if datastore.IsKeptPack(p) {
					continue
				}
				low, high := datastore.MemberRange(p)
				members, err := b.Registry.RecordsBetween(ctx, s.Config.Name, s.Config.Table, low, high)
				if err != nil {
					return err
				}
				if len(members) > 0 {
					continue
				}
			}
			report(registry.Fault{Kind: "file-without-row", Object: p, Remedy: strayRemedy(p)})
		}
		found = found[:0]
		return ctx.Err()
	}
	var walk func(dir string) error
	walk = func(dir string) error {
		entries, err := b.files.Entries(strings.TrimSuffix(root+"/"+dir, "/"))
		if err != nil {
			if dir != "" || !errors.Is(err, fs.ErrNotExist) {
				report(registry.Fault{Kind: "unreadable-file", Object: root + "/" + dir + ": " + err.Error(), Remedy: "see to the permissions and the disk"})
			}
			return nil
		}
		for _, e := range entries {
			p := e.Name
			if dir != "" {
				p = dir + "/" + e.Name
			}
			full := root + "/" + p
			switch {
			case e.Dir:
				if err := walk(p); err != nil {
					return err
				}
			case dir == "" && b.isOwn(full):
			case strings.Contains(e.Name, ".tmp"):
				if info, err := b.files.Stat(full); err == nil && !info.Modified.IsZero() && now.Sub(info.Modified) > temporaryAge {
					report(registry.Fault{Kind: "temporary-file", Object: p, Remedy: "remove it", Repair: func(*registry.Tx) error { return b.files.Remove(full) }})
				}
			default:
				if found = append(found, p); len(found) == atOnce {
					if err := flush(); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
	err := walk("")
	if err != nil {
		return err
	}
	return flush()
}

// isOwn reports whether a file is that of the repository itself.
func (b *Butler) isOwn(full string) bool {
	database := b.Registry.Database()
	for _, own := range []string{b.File, database, database + "-journal", database + "-wal", database + "-shm"} {
		if filepath.Clean(own) == full {
			return true
		}
	}
	return false
}
