package dataset

import "strings"

// WholeDataset is the component name that the registry stores for a file that holds a whole dataset (repository.md 9.1).
const WholeDataset = "__NULL_STRING__"

// FileRecord is what the repository keeps of one stored file: enough to read it without computing anything (repository.md 9.1).
type FileRecord struct {
	ID ID
	// Path is relative to the datastore's root with / separators and unquoted, or an absolute URI; it may end in #zip-path=NAME.
	Path string
	// Formatter is the full Python class name of the formatter that reads the file.
	Formatter    string
	StorageClass string
	// Component is WholeDataset or the name of the component that the file holds.
	Component string
	// Checksum is hexadecimal BLAKE2b-512, or empty if none was recorded.
	Checksum string
	// Size in bytes; -1 is unknown.
	Size int64
}

// ZipFragment stands in the path of a record between a zip file and the name of a member of it (repository.md 9.7).
const ZipFragment = "#zip-path="

// SplitMember splits the path of a record into that of a zip and the name of a member; ok is false if it names a whole file. A plain # may be
// part of a name.
func SplitMember(path string) (zipPath, member string, ok bool) {
	i := strings.LastIndexByte(path, '#')
	if i < 0 || !strings.HasPrefix(path[i:], ZipFragment) {
		return path, "", false
	}
	return path[:i], path[i+len(ZipFragment):], true
}
