package datastore

import (
	"archive/zip"
	"hash/crc32"
	"strconv"
	"unicode/utf8"

	"valet/registry/dataset"
	"valet/registry/dimension"
)

// indexName is the member that says what the other members are. The Butler needs it to take zips apart (repository.md 9.7), valet to
// find the places of loose files. Of the datasets it holds their IDs, not their data IDs, which no reader asks for (observed).
const indexName = "_butler_zip_index.json"

// maxIndex bounds what an index may unpack to.
const maxIndex = 256 << 20

// packIndex is the index in the making.
type packIndex struct {
	universe *dimension.Universe
	text     []byte
	members  int
}

// reset begins an index.
func (x *packIndex) reset() {
	x.members = 0
	version, namespace := 0, "daf_butler"
	if x.universe != nil {
		version, namespace = x.universe.Version, x.universe.Namespace
	}
	b := append(x.text[:0], `{"index_version":"V1","refs":{"container_version":"V1","universe_version":`...)
	b = strconv.AppendInt(b, int64(version), 10)
	b = append(b, `,"universe_namespace":`...)
	b = appendJSON(b, namespace)
	x.text = append(b, `,"dataset_types":{},"compact_refs":{}},"artifact_map":{`...)
}

// add adds a member: what a record would say of it as a loose file.
func (x *packIndex) add(name string, r *dataset.FileRecord, loose string) {
	b := x.text
	if x.members++; x.members > 1 {
		b = append(b, ',')
	}
	b = appendJSON(b, name)
	b = append(b, `:{"info":{"formatter":`...)
	b = appendJSON(b, r.Formatter)
	b = append(b, `,"path":`...)
	b = appendJSON(b, loose)
	b = append(b, `,"storage_class":`...)
	b = appendJSON(b, r.StorageClass)
	b = append(b, `,"component":null,"checksum":`...)
	if r.Checksum == "" {
		b = append(b, "null"...)
	} else {
		b = appendJSON(b, r.Checksum)
	}
	b = append(b, `,"file_size":`...)
	b = strconv.AppendInt(b, r.Size, 10)
	b = append(b, `},"ids":["`...)
	text, _ := r.ID.MarshalText() // never fails
	b = append(b, text...)
	x.text = append(b, `"]}`...)
}

// member ends the index and returns it as a member.
func (x *packIndex) member() (packed, []byte) {
	x.text = append(x.text, "}}"...)
	return packed{name: indexName, crc: crc32.ChecksumIEEE(x.text), size: uint32(len(x.text))}, x.text
}

// appendJSON appends a JSON string.
func appendJSON(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			const hex = "0123456789abcdef"
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size - 1
		}
	}
	return append(b, '"')
}

// readIndex reads the places of loose files from the index of a zip; nil if it has none or a bad one.
func readIndex(z *zip.Reader) map[string]string {
	index, err := parseIndex(z)
	if err != nil {
		return nil
	}
	out := make(map[string]string, len(index))
	for name, a := range index {
		out[name] = a.Info.Path
	}
	return out
}
