package butler

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/blake2b"

	"valet/datastore"
	"valet/registry"
	"valet/registry/dataset"
)

// Kinds of fault of files, be they loose or members of zip files.
const (
	missingFile, wrongSize, wrongContent = "missing-file", "wrong-size", "wrong-content"

	restoreFile = "restore the file, or remove the dataset with 'valet prune-datasets'"
)

func faultyRecord(r *dataset.FileRecord, problem string) string {
	return fmt.Sprintf("%s (dataset %s)%s", r.Path, r.ID, problem)
}

// strayRemedy is what to do about a file that no row names.
func strayRemedy(p string) string {
	if datastore.IsOwnPack(p) {
		return "unless a run is under way, remove the file; the next 'valet run', 'pack' or 'unpack' of its run does"
	}
	return "unless a run is under way, remove the file, or ingest it with 'valet ingest-files'"
}

// packCheck compares records with the zip files that have their members. Records come in the order of their datasets, which is about that of
// their zips: the last few are remembered.
type packCheck struct {
	butler   *Butler
	store    *datastore.Store
	checksum bool
	report   func(registry.Fault)

	known  map[string]*datastore.PackContent // nil if a zip cannot be read
	recent []string
	// told are zips whose fault was reported.
	told map[string]bool
}

const (
	// rememberedPacks bounds the memory of directories of zips.
	rememberedPacks = 16
	// toldPacks bounds that of zips that are at fault: of more, each dataset is told.
	toldPacks = 10000
)

func newPackCheck(b *Butler, s *datastore.Store, checksum bool, report func(registry.Fault)) *packCheck {
	return &packCheck{butler: b, store: s, checksum: checksum, report: report, known: map[string]*datastore.PackContent{}, told: map[string]bool{}}
}

// check compares a record with the member that it names; ok is false if it names none.
//
// What a zip holds beside is no fault: members of datasets that were removed stay until the last one of the zip goes.
func (c *packCheck) check(r *dataset.FileRecord) (ok bool) {
	zip, _, ok := dataset.SplitMember(r.Path)
	if !ok {
		return false
	}
	content, err := c.content(zip, r)
	var missing *datastore.MissingFileError
	var elsewhere *datastore.LocationError
	switch {
	case errors.As(err, &elsewhere):
		return true // It is on another machine.
	case errors.As(err, &missing):
		c.report(registry.Fault{Kind: missingFile, Object: faultyRecord(r, ""), Remedy: restoreFile})
		return true
	case err != nil:
		c.tell(zip, registry.Fault{Kind: "damaged-zip", Object: zip + ": " + err.Error(), Remedy: "restore the file; without it, remove the datasets that have their files in it"})
		return true
	}
	size, found := content.Size(r.Path)
	switch {
	case !found:
		c.report(registry.Fault{Kind: "missing-member", Object: faultyRecord(r, ": the zip file has no such member"), Remedy: restoreFile})
		return true
	case r.Size >= 0 && size != r.Size:
		c.report(registry.Fault{Kind: wrongSize, Object: faultyRecord(r, fmt.Sprintf(": %d bytes, %d are recorded", size, r.Size)), Remedy: restoreFile})
		return true
	}
	c.checkIndex(zip, content, r)
	if c.checksum {
		c.checkContent(r)
	}
	return true
}

// content is what a zip tells of itself.
func (c *packCheck) content(zip string, r *dataset.FileRecord) (*datastore.PackContent, error) {
	if known := c.known[zip]; known != nil {
		return known, nil
	}
	content, err := c.store.InspectPack(r)
	if err != nil {
		return nil, err
	}
	if len(c.recent) == rememberedPacks {
		delete(c.known, c.recent[0])
		c.recent = slices.Delete(c.recent, 0, 1)
	}
	c.known[zip], c.recent = content, append(c.recent, zip)
	return content, nil
}

// tell reports a fault of a whole zip once.
func (c *packCheck) tell(zip string, f registry.Fault) {
	if c.told[zip] {
		return
	}
	if len(c.told) < toldPacks {
		c.told[zip] = true
	}
	c.report(f)
}

// checkIndex looks whether the index of a zip can be used and, if valet made it, tells the same as a record.
func (c *packCheck) checkIndex(zip string, content *datastore.PackContent, r *dataset.FileRecord) {
	own := datastore.IsOwnPack(zip)
	f := registry.Fault{Remedy: "nothing that is read needs it: only taking the zip file apart does"}
	switch {
	case errors.Is(content.IndexErr, datastore.ErrNoIndex):
		f.Kind, f.Object = "missing-index", zip+": "+content.IndexErr.Error()
	case content.IndexErr != nil:
		f.Kind, f.Object = "wrong-index", zip+": the index cannot be read: "+content.IndexErr.Error()
	case own && content.Disagrees(r) != "":
		f.Kind, f.Object = "wrong-index", zip+": "+content.Disagrees(r)
	default:
		return
	}
	if own {
		f.Remedy = "make the index anew from the records"
		f.Repair = func(*registry.Tx) error { return c.repairIndex(zip) }
	}
	c.tell(zip, f)
}

// repairIndex makes the index of a zip anew. It is called in a transaction, which keeps others from changing the records meanwhile.
func (c *packCheck) repairIndex(zip string) error {
	low, high := datastore.MemberRange(zip)
	records, err := c.butler.Registry.RecordsBetween(context.Background(), c.store.Config.Name, c.store.Config.Table, low, high)
	if err != nil || len(records) == 0 {
		return err // Its last dataset was removed.
	}
	return c.store.RepairIndex(zip, records)
}

// checkContent reads a member, which compares its checksum with that in the zip, and with the recorded one if there is one.
func (c *packCheck) checkContent(r *dataset.FileRecord) {
	data, err := c.store.Read(r)
	if err != nil {
		c.report(registry.Fault{Kind: wrongContent, Object: faultyRecord(r, ": "+err.Error()), Remedy: restoreFile})
		return
	}
	if r.Checksum == "" {
		return
	}
	if sum := blake2b.Sum512(data); hex.EncodeToString(sum[:]) != r.Checksum {
		c.report(registry.Fault{Kind: wrongContent, Object: faultyRecord(r, ": its checksum is not the recorded one"), Remedy: restoreFile})
	}
}
