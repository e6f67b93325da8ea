package cli

import (
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"

	"valet/registry"
	"valet/tasks/pipeline"
)

// retainedError says what is wrong with the file of --retained-dataset-types.
type retainedError struct{ file, reason string }

func (e *retainedError) Error() string {
	return fmt.Sprintf("--retained-dataset-types: %s %s", e.file, e.reason)
}

// ClassName is what pipetask would raise.
func (e *retainedError) ClassName() string { return "ValueError" }

// Hint says how to go on.
func (e *retainedError) Hint() string {
	return "write one dataset type name or pattern with * ? [..] a line, each after '- '"
}

// readRetained reads names and patterns of dataset types, a YAML list of texts that is not empty.
func readRetained(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--retained-dataset-types: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, &retainedError{file, "is no YAML: " + err.Error()}
	}
	if doc.Kind != yaml.DocumentNode || doc.Content[0].Kind != yaml.SequenceNode || len(doc.Content[0].Content) == 0 {
		return nil, &retainedError{file, "must contain a non-empty YAML sequence of strings"}
	}
	var out []string
	for _, item := range doc.Content[0].Content {
		if item.Kind == yaml.AliasNode {
			item = item.Alias
		}
		if item.Kind != yaml.ScalarNode || item.ShortTag() != "!!str" {
			return nil, &retainedError{fmt.Sprintf("%s:%d", file, item.Line), "must contain strings alone"}
		}
		out = append(out, item.Value)
	}
	return out, nil
}

// retainedTypes are the dataset types of a pipeline that the names and patterns stand for. What stands for none is told.
func (a *App) retainedTypes(names []string, p *pipeline.Resolved) map[string]bool {
	log := a.Log("quantum")
	out := map[string]bool{}
	for _, name := range names {
		glob, found := registry.IsGlob(name), false
		for _, t := range p.DatasetTypes {
			if t.Name == name || glob && registry.MatchGlob(name, t.Name) {
				out[t.Name], found = true, true
			}
		}
		switch {
		case found:
		case glob:
			log.Warn().Msgf("Retained dataset type pattern '%s' matches no dataset types.", name)
		default:
			log.Warn().Msgf("Retained dataset type '%s' not found in the pipeline.", name)
		}
	}
	return out
}
