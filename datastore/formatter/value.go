package formatter

// Value is what plain JSON and YAML files hold: nil, bool, int64, float64, string, []Value or Mapping.
type Value = any

// Mapping is a mapping with its order.
type Mapping []Member

// Member is a key of a mapping with its value. Keys of YAML that are no texts are shown as Python shows them.
type Member struct {
	Key   string
	Value Value
}

// Get returns the value of a key.
func (m Mapping) Get(key string) (Value, bool) {
	for _, e := range m {
		if e.Key == key {
			return e.Value, true
		}
	}
	return nil, false
}

// set adds a member; of repeated keys the last counts, at the place of the first.
func (m Mapping) set(index map[string]int, key string, v Value) Mapping {
	if i, ok := index[key]; ok {
		m[i].Value = v
		return m
	}
	index[key] = len(m)
	return append(m, Member{key, v})
}

// maxDepth bounds nesting.
const maxDepth = 200
