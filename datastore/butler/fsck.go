package butler

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/blake2b"

	"valet/datastore"
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
	info, err := os.Stat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		report(registry.Fault{Kind: missingFile, Object: what(""), Remedy: restoreFile})
		return
	case err != nil:
		report(registry.Fault{Kind: "unreadable-file", Object: what(": " + err.Error()), Remedy: "see to the permissions and the disk"})
		return
	case info.IsDir():
		report(registry.Fault{Kind: missingFile, Object: what(": is a directory"), Remedy: restoreFile})
		return
	case r.Size >= 0 && info.Size() != r.Size:
		report(registry.Fault{Kind: wrongSize, Object: what(fmt.Sprintf(": %d bytes, %d are recorded", info.Size(), r.Size)), Remedy: restoreFile})
		return
	}
	if !checksum || r.Checksum == "" {
		return
	}
	if sum, err := fileSum(p); err != nil {
		report(registry.Fault{Kind: "unreadable-file", Object: what(": " + err.Error()), Remedy: "see to the permissions and the disk"})
	} else if sum != r.Checksum {
		report(registry.Fault{Kind: wrongContent, Object: what(": its checksum is not the recorded one"), Remedy: restoreFile})
	}
}

func fileSum(p string) (string, error) {
	f, err := os.Open(p)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h, err := blake2b.New512(nil)
	if err != nil {
		return "", err
	}
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
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
	err := filepath.WalkDir(root, func(full string, d fs.DirEntry, err error) error {
		if err != nil {
			if full == root && errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			report(registry.Fault{Kind: "unreadable-file", Object: full + ": " + err.Error(), Remedy: "see to the permissions and the disk"})
			return nil
		}
		if d.IsDir() {
			return nil
		}
		p, err := filepath.Rel(root, full)
		if err != nil {
			return err
		}
		p = filepath.ToSlash(p)
		if b.isOwn(full) {
			return nil
		}
		if strings.Contains(d.Name(), ".tmp") {
			if info, err := d.Info(); err == nil && now.Sub(info.ModTime()) > temporaryAge {
				report(registry.Fault{Kind: "temporary-file", Object: p, Remedy: "remove it", Repair: func(*registry.Tx) error { return os.Remove(full) }})
			}
			return nil
		}
		if found = append(found, p); len(found) == atOnce {
			return flush()
		}
		return nil
	})
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
