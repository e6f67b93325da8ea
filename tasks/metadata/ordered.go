package metadata

// ordered holds items by name in the order in which the names first came, as a Python dict does.
type ordered[T any] struct {
	names []string
	items []T
	// index is made when there are too many names to compare one after the other.
	index map[string]int
}

const indexFrom = 12

func (o *ordered[T]) find(name string) int {
	if o.index != nil {
		if i, ok := o.index[name]; ok {
			return i
		}
		return -1
	}
	for i, n := range o.names {
		if n == name {
			return i
		}
	}
	return -1
}

func (o *ordered[T]) get(name string) (item T, ok bool) {
	i := o.find(name)
	if i < 0 {
		return item, false
	}
	return o.items[i], true
}

// set replaces the item of a known name or appends a new one.
func (o *ordered[T]) set(name string, item T) {
	if i := o.find(name); i >= 0 {
		o.items[i] = item
		return
	}
	o.names = append(o.names, name)
	o.items = append(o.items, item)
	switch {
	case o.index != nil:
		o.index[name] = len(o.names) - 1
	case len(o.names) == indexFrom:
		o.index = make(map[string]int, 2*indexFrom)
		for i, n := range o.names {
			o.index[n] = i
		}
	}
}
