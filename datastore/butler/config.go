package butler

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"valet/datastore"
)

// ConfigError says what is wrong with a configuration file of a repository.
type ConfigError struct {
	File, Reason string
	Err          error
}

func (e *ConfigError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.File, e.Reason, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.File, e.Reason)
}

func (e *ConfigError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *ConfigError) Hint() string {
	return "correct the file; nothing was changed"
}

const remoteButler = "lsst.daf.butler.remote_butler.RemoteButler"

// config is what butler.yaml says, defaults filled in.
type config struct {
	file string
	// root stands for <butlerRoot>.
	root     string
	db       string
	managers map[string]string
	store    datastore.Config
	// storageClasses are the names of those that the configuration adds.
	storageClasses []string
}

// readConfig reads a repository's configuration (repository.md 1.2, 1.3).
func readConfig(file string, getenv func(string) (string, bool)) (*config, error) {
	tree, err := readYAML(file, 0)
	if err != nil {
		return nil, err
	}
	c := &config{file: file, root: filepath.Dir(file), managers: map[string]string{}}
	if root, ok := tree["root"].(string); ok && root != "" {
		if c.root, err = localPath(root); err != nil {
			return nil, err
		}
		if c.root, err = filepath.Abs(c.root); err != nil {
			return nil, err
		}
	}
	if cls, _ := tree["cls"].(string); cls == remoteButler {
		return nil, &ConfigError{File: file, Reason: "the repository is served by a remote butler (" + cls + "), which valet does not speak to"}
	}
	registry, err := section(file, tree, "registry")
	if err != nil {
		return nil, err
	}
	layers, err := searchPath(getenv)
	if err != nil {
		return nil, err
	}
	for i := len(layers.registry) - 1; i >= 0; i-- {
		registry = mergeUnder(registry, layers.registry[i])
	}
	c.db = "sqlite:///<butlerRoot>/gen3.sqlite3"
	if db, ok := registry["db"].(string); ok {
		c.db = db
	}
	c.db = strings.ReplaceAll(c.db, datastore.ButlerRoot, c.root)
	managers, err := section(file, registry, "managers")
	if err != nil {
		return nil, err
	}
	for role, v := range managers {
		switch m := v.(type) {
		case string:
			c.managers[role] = m
		case map[string]any:
			cls, ok := m["cls"].(string)
			for key := range m {
				ok = ok && (key == "cls" || key == "config" || key == "schema_version")
			}
			if !ok {
				return nil, &ConfigError{File: file, Reason: fmt.Sprintf("registry.managers.%s takes a class name, or cls, config and schema_version", role)}
			}
			c.managers[role] = cls
		default:
			return nil, &ConfigError{File: file, Reason: fmt.Sprintf("registry.managers.%s is neither a class name nor a mapping", role)}
		}
	}
	store, err := section(file, tree, "datastore")
	if err != nil {
		return nil, err
	}
	c.store, err = datastore.ParseConfig(c.root, store, layers.datastore...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	classes, err := section(file, tree, "storageClasses")
	if err != nil {
		return nil, err
	}
	c.storageClasses = ownStorageClasses(classes, layers.storageClasses)
	return c, nil
}

func section(file string, tree map[string]any, key string) (map[string]any, error) {
	switch v := tree[key].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return v, nil
	}
	return nil, &ConfigError{File: file, Reason: fmt.Sprintf("%s is not a mapping", key)}
}

// mergeUnder adds what base has and top lacks: mappings merge, everything else is replaced.
func mergeUnder(top, base map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range base {
		out[k] = v
	}
	for k, v := range top {
		if t, ok := v.(map[string]any); ok {
			if b, ok := out[k].(map[string]any); ok {
				v = mergeUnder(t, b)
			}
		}
		out[k] = v
	}
	return out
}

type layers struct {
	registry, storageClasses []map[string]any
	datastore                []datastore.Layer
}

// searchPath reads the files of DAF_BUTLER_CONFIG_PATH that take part, the directory of the highest priority first.
func searchPath(getenv func(string) (string, bool)) (*layers, error) {
	out := &layers{}
	path, _ := getenv("DAF_BUTLER_CONFIG_PATH")
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			continue
		}
		for _, name := range append([]string{"registry.yaml", "storageClasses.yaml"}, datastore.ConfigFiles()...) {
			file := filepath.Join(dir, name)
			if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			tree, err := readYAML(file, 0)
			if err != nil {
				return nil, err
			}
			key := "datastore"
			switch name {
			case "registry.yaml":
				key = "registry"
			case "storageClasses.yaml":
				key = "storageClasses"
			}
			values, err := section(file, tree, key)
			if err != nil {
				return nil, err
			}
			switch key {
			case "registry":
				out.registry = append(out.registry, values)
			case "storageClasses":
				out.storageClasses = append(out.storageClasses, values)
			default:
				out.datastore = append(out.datastore, datastore.Layer{File: name, Values: values})
			}
		}
	}
	return out, nil
}

// maxIncludes bounds files that include each other.
const maxIncludes = 8

// readYAML reads a configuration file with the files that it includes, by includeConfigs or the tag !include.
func readYAML(file string, depth int) (map[string]any, error) {
	if depth > maxIncludes {
		return nil, &ConfigError{File: file, Reason: "files include each other in a circle"}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, &ConfigError{File: file, Reason: "cannot be read", Err: err}
	}
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&doc); err != nil {
		return nil, &ConfigError{File: file, Reason: "is no YAML mapping", Err: err}
	}
	if err := include(&doc, filepath.Dir(file), depth); err != nil {
		return nil, err
	}
	var tree map[string]any
	if err := doc.Decode(&tree); err != nil {
		return nil, &ConfigError{File: file, Reason: "is no YAML mapping", Err: err}
	}
	return expandIncludes(tree, filepath.Dir(file), depth)
}

// include replaces every node tagged !include by the content of its file.
func include(n *yaml.Node, dir string, depth int) error {
	if n.Tag == "!include" {
		tree, err := readYAML(filepath.Join(dir, n.Value), depth+1)
		if err != nil {
			return err
		}
		return n.Encode(tree)
	}
	for _, child := range n.Content {
		if err := include(child, dir, depth); err != nil {
			return err
		}
	}
	return nil
}

// expandIncludes merges the files of includeConfigs under the keys of their level.
func expandIncludes(tree map[string]any, dir string, depth int) (map[string]any, error) {
	for key, v := range tree {
		if sub, ok := v.(map[string]any); ok {
			merged, err := expandIncludes(sub, dir, depth)
			if err != nil {
				return nil, err
			}
			tree[key] = merged
		}
	}
	var files []string
	switch v := tree["includeConfigs"].(type) {
	case string:
		files = []string{v}
	case []any:
		for _, f := range v {
			files = append(files, fmt.Sprint(f))
		}
	}
	delete(tree, "includeConfigs")
	for i := len(files) - 1; i >= 0; i-- {
		path := files[i]
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		base, err := readYAML(path, depth+1)
		if err != nil {
			return nil, err
		}
		tree = mergeUnder(tree, base)
	}
	return tree, nil
}
