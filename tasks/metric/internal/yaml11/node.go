package yaml11

// Kind of a node.
type Kind uint8

// The three kinds.
const (
	ScalarNode Kind = iota
	SequenceNode
	MappingNode
)

func (k Kind) String() string { return [...]string{"a scalar", "a sequence", "a mapping"}[k] }

// The tags of YAML's own types.
const (
	tagPrefix    = "tag:yaml.org,2002:"
	TagNull      = tagPrefix + "null"
	TagBool      = tagPrefix + "bool"
	TagInt       = tagPrefix + "int"
	TagFloat     = tagPrefix + "float"
	TagString    = tagPrefix + "str"
	TagBinary    = tagPrefix + "binary"
	TagTimestamp = tagPrefix + "timestamp"
	TagSequence  = tagPrefix + "seq"
	TagMapping   = tagPrefix + "map"
	TagSet       = tagPrefix + "set"
	TagOmap      = tagPrefix + "omap"
	TagPairs     = tagPrefix + "pairs"
	TagMerge     = tagPrefix + "merge"
	TagValue     = tagPrefix + "value"
)

// Node is a part of a document with its tag resolved. An alias is the same *Node as its anchor.
type Node struct {
	Kind   Kind
	Tag    string  // never empty
	Value  string  // of a scalar
	Items  []*Node // elements of a sequence; keys and values in turn of a mapping
	Plain  bool    // a scalar without quotes and tag, resolved from its text
	Line   int     // from 1
	Column int     // from 1, in characters
	open   bool    // its construction has begun and not ended
	merged bool    // its merge keys are resolved
}

func (n *Node) mark() mark { return mark{n.Line - 1, n.Column - 1} }

// Fail makes an error at the node's place.
func (n *Node) Fail(class, format string, args ...any) *Error {
	return n.mark().fail(class, format, args...)
}
