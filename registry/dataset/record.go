package dataset

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
