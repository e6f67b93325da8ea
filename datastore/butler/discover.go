package butler

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// NotFoundError says that nothing at a location is a repository.
type NotFoundError struct {
	Location string
	// Labels that the repository index knows, sorted.
	Labels []string
	// Index is why the repository index cannot be used, or nil.
	Index error
	Err   error
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("%s is not a repository: no butler.yaml there", e.Location)
}

// ClassName is the upstream error class.
func (e *NotFoundError) ClassName() string { return "FileNotFoundError" }

func (e *NotFoundError) Unwrap() error { return e.Err }

// Hint lists the known labels.
func (e *NotFoundError) Hint() string {
	if e.Index != nil {
		return fmt.Sprintf("give the repository's directory; the repository index cannot be used: %v", e.Index)
	}
	if len(e.Labels) == 0 {
		return "give the repository's directory or its butler.yaml"
	}
	return "give the repository's directory, its butler.yaml, or one of the labels " + strings.Join(e.Labels, ", ")
}

// locate finds the configuration file of what the user named (repository.md 1.1).
func locate(location string, getenv func(string) (string, bool)) (string, error) {
	labels, indexErr := repositoryIndex(getenv)
	named := location
	if to, ok := labels[location]; ok {
		named = to
	}
	path, err := localPath(named)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "butler.yaml")
	}
	if _, err := os.Stat(path); err != nil {
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
			return "", fmt.Errorf("open repository %s: %w", location, err)
		}
		return "", &NotFoundError{Location: location, Labels: slices.Sorted(maps.Keys(labels)), Index: indexErr, Err: err}
	}
	return filepath.Abs(path)
}

// localPath turns a file URI into a path and refuses other schemes.
func localPath(location string) (string, error) {
	scheme, _, ok := strings.Cut(location, "://")
	if !ok {
		return location, nil
	}
	u, err := url.Parse(location)
	if err != nil || scheme != "file" {
		return "", &ConfigError{File: location, Reason: fmt.Sprintf("repositories at %s:// are not supported", scheme)}
	}
	return u.Path, nil
}

// repositoryIndex reads the labels of the environment.
func repositoryIndex(getenv func(string) (string, bool)) (map[string]string, error) {
	inline, hasInline := getenv("DAF_BUTLER_REPOSITORIES")
	file, hasFile := getenv("DAF_BUTLER_REPOSITORY_INDEX")
	hasInline, hasFile = hasInline && inline != "", hasFile && file != ""
	var text []byte
	switch {
	case hasInline && hasFile:
		return nil, errors.New("DAF_BUTLER_REPOSITORIES and DAF_BUTLER_REPOSITORY_INDEX are both set")
	case hasInline:
		text = []byte(inline)
	case hasFile:
		path, err := localPath(file)
		if err != nil {
			return nil, err
		}
		if text, err = os.ReadFile(path); err != nil {
			return nil, err
		}
	default:
		return nil, nil
	}
	var labels map[string]string
	if err := yaml.Unmarshal(text, &labels); err != nil {
		return nil, fmt.Errorf("not a mapping of labels to locations: %w", err)
	}
	return labels, nil
}
