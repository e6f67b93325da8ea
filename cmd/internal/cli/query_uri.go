package cli

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"valet/datastore/butler"
	"valet/registry/dataset"
)

// addComponents adds the files of datasets that are not stored in one file: those of components, under the name type.component,
// and an empty location for datasets that are not stored at all.
func addComponents(ctx context.Context, b *butler.Butler, refs map[dataset.ID]dataset.Ref, add func(name string, ref locatedRef)) error {
	if len(refs) == 0 {
		return nil
	}
	ids := slices.SortedFunc(maps.Keys(refs), func(a, b dataset.ID) int { return strings.Compare(a.Hex(), b.Hex()) })
	for _, s := range b.Store.Files() {
		records, err := b.Registry.Records(ctx, s.Config.Name, s.Config.Table, ids)
		if err != nil {
			return err
		}
		stored := map[dataset.ID]bool{}
		for _, f := range records {
			stored[f.ID] = true
			ref := refs[f.ID]
			name := ref.Type.Name
			if f.Component != dataset.WholeDataset {
				name += "." + f.Component
			}
			add(name, locatedRef{ref, fileURI(s.Config.Root, f.Path)})
		}
		ids = slices.DeleteFunc(ids, func(id dataset.ID) bool { return stored[id] })
	}
	for _, id := range ids {
		add(refs[id].Type.Name, locatedRef{Ref: refs[id]})
	}
	return nil
}

// fileURI is where a recorded path is: a URI itself, or below the root of the datastore.
func fileURI(root, path string) string {
	if strings.Contains(path, "://") {
		return path
	}
	file, _, _ := dataset.SplitMember(path)
	u := url.URL{Scheme: "file", Path: root + "/" + file}
	return u.String() + path[len(file):]
}
