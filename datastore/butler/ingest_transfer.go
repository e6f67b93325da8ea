package butler

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/blake2b"

	"valet/datastore"
)

// Transfer says how a file comes into the repository (repository.md 9.6).
type Transfer string

// The transfers. Direct leaves the file where it is, and a MoveIn removes the source when its dataset is stored. Link makes a symbolic link
// where there can be no hard one. When files are ingested, Auto leaves those below the root where they are and links all others, or keeps these
// as Direct does if there are both.
const (
	Copy     Transfer = "copy"
	MoveIn   Transfer = "move"
	Link     Transfer = "link"
	Hardlink Transfer = "hardlink"
	Symlink  Transfer = "symlink"
	Direct   Transfer = "direct"
)

// Transfers are the names of all.
var Transfers = []string{"copy", "move", "link", "hardlink", "symlink", "relsymlink", "direct", "auto"}

// ParseTransfer reads the name of a transfer.
func ParseTransfer(s string) (Transfer, error) {
	for _, known := range Transfers {
		if s == known {
			return Transfer(s), nil
		}
	}
	return "", fmt.Errorf("%q is no transfer: %s expected", s, strings.Join(Transfers, ", "))
}

// brings reports whether a file is made at a place of its own.
func (t Transfer) brings() bool { return t != Direct && t != NoTransfer }

// transfers are those of each row: Auto depends on where the files are.
func (b *Butler) transfers(asked Transfer, rows []Ingest) []Transfer {
	out := make([]Transfer, len(rows))
	inside := 0
	root := strings.TrimSuffix(b.Store.Config.Root, "/") + "/"
	for i := range rows {
		if out[i] = asked; asked != Auto {
			continue
		}
		if path, err := absolute(rows[i].Path); err == nil && strings.HasPrefix(path, root) {
			out[i] = NoTransfer
			inside++
		}
	}
	for i := range out {
		if out[i] != Auto {
			continue
		}
		if out[i] = Link; inside > 0 || strings.Contains(rows[i].Path, "://") && !strings.HasPrefix(rows[i].Path, "file:") {
			out[i] = Direct
		}
	}
	return out
}

// bring makes the file of a dataset at its place, if it is to have one, and completes its record.
func (b *Butler) bring(w *datastore.Writer, in *ingestion) error {
	r := &in.file.Record
	if r.Size < 0 {
		return nil // It is on another machine.
	}
	source, err := b.files.Resolve(in.source)
	if err != nil {
		return err
	}
	switch in.transfer {
	case Copy, MoveIn:
		data, err := b.readAll(source)
		if err != nil {
			return err
		}
		r.Size, r.Checksum = int64(len(data)), b.Store.Checksum(data)
		return w.Write(r.Path, data)
	}
	if b.Store.Config.Checksum {
		if r.Checksum, err = b.sum(source); err != nil {
			return err
		}
	}
	if kind, links := in.transfer.linkKind(); links {
		return w.Link(source, r.Path, kind)
	}
	return nil
}

// maxIngested bounds the size of a file that is copied, which is held in memory.
const maxIngested = 4 << 30

func (b *Butler) readAll(path string) ([]byte, error) {
	f, err := b.files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.Size() > maxIngested {
		return nil, fmt.Errorf("%s has more than %d bytes: link it, or keep it where it is with the transfer direct", path, int64(maxIngested))
	}
	data := make([]byte, f.Size())
	if _, err := f.ReadAt(data, 0); err != nil && len(data) > 0 {
		return nil, err
	}
	return data, nil
}

// sum is the checksum that the datastore records of a file.
func (b *Butler) sum(path string) (string, error) {
	f, err := b.files.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h, err := blake2b.New512(nil)
	if err != nil {
		return "", err
	}
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, f.Size())); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
