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
		zips := map[string]bool{}
		err := b.Registry.EachRecord(ctx, c.Name, c.Table, func(records []dataset.FileRecord) error {
			for i := range records {
				b.checkFile(s, &records[i], o.Checksum, zips, report)
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

// checkFile compares a record with its file.
func (b *Butler) checkFile(s *datastore.Store, r *dataset.FileRecord, checksum bool, zips map[string]bool, report func(registry.Fault)) {
	what := func(problem string) string { return fmt.Sprintf("%s (dataset %s)%s", r.Path, r.ID, problem) }
	p, _, packed := datastore.SplitMember(r.Path)
	if !packed {
		p = r.Path
	}
	if strings.Contains(p, "://") {
		local, err := localPath(p)
		if err != nil {
			return // It is on another machine.
		}
		p = local
	} else {
		p = s.Config.Root + "/" + p
	}
	if known, seen := zips[p]; packed && seen && known && !checksum {
		return
	}
	info, err := os.Stat(p)
	if packed && len(zips) < 10000 {
		zips[p] = err == nil
	}
	missing := "restore the file, or remove the dataset with 'valet prune-datasets'"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		report(registry.Fault{Kind: "missing-file", Object: what(""), Remedy: missing})
		return
	case err != nil:
		report(registry.Fault{Kind: "unreadable-file", Object: what(": " + err.Error()), Remedy: "see to the permissions and the disk"})
		return
	case info.IsDir():
		report(registry.Fault{Kind: "missing-file", Object: what(": is a directory"), Remedy: missing})
		return
	case !packed && r.Size >= 0 && info.Size() != r.Size:
		report(registry.Fault{Kind: "wrong-size", Object: what(fmt.Sprintf(": %d bytes, %d are recorded", info.Size(), r.Size)), Remedy: missing})
		return
	}
	if !checksum || r.Checksum == "" && !packed {
		return
	}
	if packed {
		if _, err := s.Read(r); err != nil {
			report(registry.Fault{Kind: "wrong-content", Object: what(": " + err.Error()), Remedy: missing})
		}
		return
	}
	if sum, err := fileSum(p); err != nil {
		report(registry.Fault{Kind: "unreadable-file", Object: what(": " + err.Error()), Remedy: "see to the permissions and the disk"})
	} else if sum != r.Checksum {
		report(registry.Fault{Kind: "wrong-content", Object: what(": its checksum is not the recorded one"), Remedy: missing})
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
			report(registry.Fault{Kind: "file-without-row", Object: p, Remedy: "unless a run is under way, remove the file, or ingest it with 'valet ingest-files'"})
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
