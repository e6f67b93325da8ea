package pipeline

import "slices"

// ordered is a map that keeps the order of insertion, as the mappings of YAML and Python do. The zero value is empty.
type ordered[T any] struct {
	order []string
	items map[string]T
}

func (o *ordered[T]) get(key string) (T, bool) { v, ok := o.items[key]; return v, ok }

func (o *ordered[T]) has(key string) bool { _, ok := o.items[key]; return ok }

// set replaces the value in place, or appends it.
func (o *ordered[T]) set(key string, v T) {
	if o.items == nil {
		o.items = map[string]T{}
	}
	if _, ok := o.items[key]; !ok {
		o.order = append(o.order, key)
	}
	o.items[key] = v
}

// keep drops every key that wanted refuses.
func (o *ordered[T]) keep(wanted func(key string, v T) bool) {
	o.order = slices.DeleteFunc(o.order, func(key string) bool {
		if wanted(key, o.items[key]) {
			return false
		}
		delete(o.items, key)
		return true
	})
}

func (o *ordered[T]) len() int { return len(o.order) }

func (o *ordered[T]) keys() []string { return slices.Clone(o.order) }

func (o *ordered[T]) values() []T {
	out := make([]T, len(o.order))
	for i, key := range o.order {
		out[i] = o.items[key]
	}
	return out
}
