package datastore

import "fmt"

// asMapping returns a mapping whatever type of Go map a YAML reader made of it, with nil for anything else. Keys that are not
// text are shown as text.
func asMapping(x any) map[string]any {
	switch m := x.(type) {
	case map[string]any:
		return m
	case map[any]any:
		out := make(map[string]any, len(m))
		for k, v := range m {
			out[fmt.Sprint(k)] = v
		}
		return out
	case map[string]string:
		out := make(map[string]any, len(m))
		for k, v := range m {
			out[k] = v
		}
		return out
	}
	return nil
}

// merge lays over on base: mappings merge, scalars and lists replace (repository.md 1.3). Neither argument is changed.
func merge(base, over map[string]any) map[string]any {
	out := make(map[string]any, len(base)+len(over))
	for k, v := range base {
		out[k] = v
	}
	for k, v := range over {
		a, b := asMapping(out[k]), asMapping(v)
		if a != nil && b != nil {
			out[k] = merge(a, b)
		} else {
			out[k] = v
		}
	}
	return out
}
