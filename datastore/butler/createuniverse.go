package butler

import (
	"encoding/json"
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"

	"valet/registry/dimension"
)

// maxUniverse bounds the size of a file that describes a universe. The largest known one has 30 kB.
const maxUniverse = 4 << 20

// ReadUniverse reads a dimension universe, written in YAML or JSON as upstream's dimension configurations are, and returns the text that
// a repository keeps of it. Errors are a *ConfigError and a *dimension.UniverseError.
func ReadUniverse(file string) ([]byte, error) {
	if info, err := os.Stat(file); err == nil && info.Size() > maxUniverse {
		return nil, &ConfigError{File: file, Reason: fmt.Sprintf("has more than %d bytes: no dimension configuration is that large", maxUniverse)}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, &ConfigError{File: file, Reason: "cannot be read", Err: err}
	}
	var tree map[string]any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, &ConfigError{File: file, Reason: "is no YAML mapping", Err: err}
	}
	out, err := json.Marshal(tree)
	if err != nil {
		return nil, &ConfigError{File: file, Reason: "holds what JSON cannot", Err: err}
	}
	if _, err := dimension.ParseUniverse(out); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return out, nil
}
