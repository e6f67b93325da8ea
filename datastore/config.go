package datastore

import (
	"fmt"
	"slices"
	"strings"
)

// ButlerRoot is the placeholder of the repository's directory in configuration texts.
const ButlerRoot = "<butlerRoot>"

// The datastore classes of upstream (repository.md 1.2).
const (
	FileClass     = "lsst.daf.butler.datastores.fileDatastore.FileDatastore"
	ChainedClass  = "lsst.daf.butler.datastores.chainedDatastore.ChainedDatastore"
	InMemoryClass = "lsst.daf.butler.datastores.inMemoryDatastore.InMemoryDatastore"
)

// Config is the effective configuration of one datastore (repository.md 1.2, 9.2).
type Config struct {
	// Class is FileClass or ChainedClass; empty means FileClass.
	Class string
	// Root is the absolute directory of the artifacts; Name is what dataset_location holds; Table is the opaque records table.
	// All three are empty for a chain.
	Root, Name, Table string
	// Create allows making a missing root directory. ParseConfig makes it true by default, as upstream does.
	Create bool
	// Checksum asks for the BLAKE2b-512 of every written file.
	Checksum bool
	// TrustGetRequest lets a dataset without record be read from where its template says (repository.md 9.8).
	TrustGetRequest bool
	// Templates, Formatters and Composites map lookup keys to values as in the file, already merged with the package's
	// defaults. A nil Templates or Formatters means the package's defaults alone.
	Templates, Formatters, Composites map[string]any
	// Accept and Reject are the lookup keys of the constraints; both empty accepts everything.
	Accept, Reject []any
	// Children are the file datastores of a chain in their order. In-memory children leave nothing on disk and are left out.
	Children []Config
}

// ConfigError says which key of the datastore section cannot be used.
type ConfigError struct {
	// Key is the dotted path inside the datastore section, for example records.table.
	Key, Reason string
}

func (e *ConfigError) Error() string {
	if e.Key == "" {
		return "datastore configuration: " + e.Reason
	}
	return fmt.Sprintf("datastore configuration: %s: %s", e.Key, e.Reason)
}

// Hint says where the configuration comes from.
func (e *ConfigError) Hint() string {
	return "see the datastore section of butler.yaml and the files in DAF_BUTLER_CONFIG_PATH"
}

// Layer is what one file of the configuration search path says: the mapping under its datastore key.
type Layer struct {
	// File is one of ConfigFiles.
	File   string
	Values map[string]any
}

// ConfigFiles are the names, relative to each directory of DAF_BUTLER_CONFIG_PATH, of the files that take part in the datastore
// section (repository.md 1.3).
func ConfigFiles() []string {
	return []string{"datastore.yaml", fileLayer, chainedLayer}
}

const (
	fileLayer    = "datastores/fileDatastore.yaml"
	chainedLayer = "datastores/chainedDatastore.yaml"
)

// ParseConfig makes the effective configuration of a repository from its datastore section and the files of the search path,
// given in the order of their directories: the first has the highest priority. In root, <butlerRoot> becomes butlerRoot, the
// absolute directory of the repository; Name keeps the placeholder. A nil section means an absent one. The error is a *ConfigError.
func ParseConfig(butlerRoot string, section map[string]any, layers ...Layer) (Config, error) {
	class, err := effectiveClass(section, layers)
	if err != nil {
		return Config{}, err
	}
	switch class {
	case FileClass:
		return parseFile(butlerRoot, section, layers, "")
	case ChainedClass:
		return parseChain(butlerRoot, section, layers, "")
	}
	return Config{}, classError("", class)
}

func classError(prefix, class string) error {
	reason := fmt.Sprintf("unknown datastore class %q", class)
	if class == InMemoryClass {
		reason = "an in-memory datastore keeps nothing between processes: valet needs a file datastore"
	}
	return &ConfigError{prefix + "cls", reason}
}

func effectiveClass(section map[string]any, layers []Layer) (string, error) {
	s := scan{values: section}
	for _, l := range slices.Backward(layers) {
		if l.File == "datastore.yaml" {
			s.values = merge(l.Values, s.values)
		}
	}
	class := s.text("cls", FileClass)
	return class, s.err
}

// parseFile lays the layers of a file datastore on each other, lowest priority first.
func parseFile(butlerRoot string, section map[string]any, layers []Layer, prefix string) (Config, error) {
	formatters, _ := defaultFormatters()
	// The general file of the search path comes below the package's own file of the class: that is where upstream's
	// default root and templates are, so that a general file cannot override these two (observed).
	values := overlay(nil, layers, "datastore.yaml")
	values = merge(values, map[string]any{
		"root": ButlerRoot + "/datastore", "create": true, "records": map[string]any{"table": "file_datastore_records"},
		"templates": defaultTemplates(), "formatters": formatters,
	})
	values = merge(overlay(values, layers, fileLayer), section)

	s := scan{values: values, prefix: prefix}
	rawRoot := s.text("root", "")
	c := Config{
		Class: FileClass, Root: strings.ReplaceAll(rawRoot, ButlerRoot, butlerRoot), Name: s.text("name", "FileDatastore@"+rawRoot),
		Create: s.flag("create"), Checksum: s.flag("checksum"), TrustGetRequest: s.flag("trust_get_request"),
		Templates: s.mapping("templates"), Formatters: s.mapping("formatters"), Composites: s.mapping("composites"),
	}
	records := scan{values: s.mapping("records"), prefix: prefix + "records."}
	c.Table = records.text("table", "")
	constraints := scan{values: s.mapping("constraints"), prefix: prefix + "constraints."}
	c.Accept, c.Reject = constraints.list("accept"), constraints.list("reject")
	for _, e := range []error{s.err, records.err, constraints.err} {
		if e != nil {
			return Config{}, e
		}
	}
	if c.Table == "" {
		return Config{}, &ConfigError{prefix + "records.table", "is empty"}
	}
	root, err := localRoot(c.Root)
	if err != nil {
		return Config{}, &ConfigError{prefix + "root", err.Error()}
	}
	c.Root = root
	return c, nil
}

func overlay(values map[string]any, layers []Layer, file string) map[string]any {
	for _, l := range slices.Backward(layers) {
		if l.File == file {
			values = merge(values, l.Values)
		}
	}
	return values
}

// localRoot turns a root into a directory: a path, or a file URI. Other schemes are refused by name.
func localRoot(root string) (string, error) {
	if root == "" {
		return "", fmt.Errorf("is empty")
	}
	scheme, _, ok := splitScheme(root)
	if !ok {
		if trimmed := strings.TrimRight(root, "/"); trimmed != "" {
			return trimmed, nil
		}
		return "/", nil
	}
	if scheme != "file" {
		return "", fmt.Errorf("%q is in a remote store (%s), which valet cannot use yet", root, scheme)
	}
	return filePath(root)
}

func parseChain(butlerRoot string, section map[string]any, layers []Layer, prefix string) (Config, error) {
	values := merge(overlay(overlay(nil, layers, "datastore.yaml"), layers, chainedLayer), section)
	s := scan{values: values, prefix: prefix}
	c := Config{Class: ChainedClass, Name: s.text("name", "")}
	constraints := scan{values: s.mapping("constraints"), prefix: prefix + "constraints."}
	c.Accept, c.Reject = constraints.list("accept"), constraints.list("reject")
	children := s.list("datastores")
	for _, e := range []error{s.err, constraints.err} {
		if e != nil {
			return Config{}, e
		}
	}
	for i, child := range children {
		where := fmt.Sprintf("%sdatastores[%d].", prefix, i)
		m := asMapping(child)
		if inner := asMapping(m["datastore"]); inner != nil {
			m = inner
		}
		if m == nil {
			return Config{}, &ConfigError{strings.TrimSuffix(where, "."), "is no mapping"}
		}
		cs := scan{values: m, prefix: where}
		class := cs.text("cls", FileClass)
		if cs.err != nil {
			return Config{}, cs.err
		}
		var cc Config
		var err error
		switch class {
		case InMemoryClass:
			continue
		case FileClass:
			cc, err = parseFile(butlerRoot, m, layers, where)
		case ChainedClass:
			if strings.Count(prefix, ".") > 8 {
				return Config{}, &ConfigError{where, "datastores are nested too deeply"}
			}
			cc, err = parseChain(butlerRoot, m, nil, where)
		default:
			err = classError(where, class)
		}
		if err != nil {
			return Config{}, err
		}
		c.Children = append(c.Children, cc)
	}
	if len(c.Children) == 0 {
		return Config{}, &ConfigError{prefix + "datastores", "the chain has no file datastore"}
	}
	if err := distinctTables(c.files()); err != nil {
		return Config{}, err
	}
	return c, nil
}

// files are the file datastores of c in reading order.
func (c Config) files() []Config {
	if c.Class != ChainedClass {
		return []Config{c}
	}
	var out []Config
	for _, child := range c.Children {
		out = append(out, child.files()...)
	}
	return out
}

func distinctTables(files []Config) error {
	seen := map[string]bool{}
	for _, f := range files {
		if seen[f.Table] {
			return &ConfigError{"records.table", fmt.Sprintf("two datastores of the chain share the records table %q", f.Table)}
		}
		seen[f.Table] = true
	}
	return nil
}
