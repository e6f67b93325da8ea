package datastore

import "slices"

// StorageClasses are the names of the storage classes that every repository knows, sorted. Its configuration may add more.
func StorageClasses() []string {
	var names []string
	readDefault("storageclasses.yaml", &names)
	slices.Sort(names)
	return names
}
