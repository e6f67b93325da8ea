package butler

import (
	"valet/datastore"
	"valet/registry/dataset"
)

// runKey is what the datasets of a type in a run are found by.
type runKey struct{ typ, run string }

// runPlacers are the placers of dataset types in runs, each made when it is first asked for.
type runPlacers struct {
	store   *datastore.Store
	records datastore.Records
	known   map[runKey]*datastore.Placer
}

func newRunPlacers(s *datastore.Store, r datastore.Records) *runPlacers {
	return &runPlacers{s, r, map[runKey]*datastore.Placer{}}
}

func (p *runPlacers) of(t *dataset.Type, run string) (*datastore.Placer, error) {
	k := runKey{t.Name, run}
	if known := p.known[k]; known != nil {
		return known, nil
	}
	placer, err := p.store.Placer(t, run, p.records)
	if err == nil {
		p.known[k] = placer
	}
	return placer, err
}

// path is where the file of a whole dataset goes.
func (p *runPlacers) path(ref dataset.Ref) (string, error) {
	placer, err := p.of(ref.Type, ref.Run)
	if err != nil {
		return "", err
	}
	place, err := placer.AppendPath(nil, ref.DataID, ref.ID)
	return string(place), err
}

// sourceOf is the file on this machine that the path of a record names; none for a member of a zip file, which has no file of its own.
func (b *Butler) sourceOf(path string) (string, error) {
	name, member := splitZip(path)
	if member != "" {
		return "", nil
	}
	if _, outside := isURI(path); outside {
		return localPath(name)
	}
	return b.Store.Config.Root + "/" + name, nil
}
