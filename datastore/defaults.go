package datastore

import (
	"embed"
	"fmt"
	"path"

	"go.yaml.in/yaml/v3"
)

//go:embed defaults/*.yaml
var defaultFiles embed.FS

// formatterDefault is one entry of defaults/formatters.yaml.
type formatterDefault struct {
	Class          string   `yaml:"class"`
	Extensions     []string `yaml:"extensions"`
	StorageClasses []string `yaml:"storageClasses"`
}

// readDefault decodes one of the embedded files. They are part of the program: that they can be read is tested, so an error here
// is a fault of the build.
func readDefault(name string, into any) {
	text, err := defaultFiles.ReadFile(path.Join("defaults", name))
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		panic(fmt.Sprintf("embedded datastore/defaults/%s: %v", name, err))
	}
}

// defaultTemplates is the templates mapping that every repository starts from.
func defaultTemplates() map[string]any {
	var out map[string]any
	readDefault("templates.yaml", &out)
	return out
}

// defaultFormatters is the formatters mapping that every repository starts from, and what is known of each class.
func defaultFormatters() (map[string]any, []formatterDefault) {
	var list []formatterDefault
	readDefault("formatters.yaml", &list)
	out := map[string]any{}
	for _, f := range list {
		for _, class := range f.StorageClasses {
			out[class] = f.Class
		}
	}
	return out, list
}
