package tasks

// FieldKind is the type of a config field.
type FieldKind uint8

// The kinds. Bool, int and string fields take just these, a float field takes ints and bools too, and an int field takes bools, as in
// Python. A list takes anything that can be looped over, so that a text is the list of its letters. A Template takes a text, a number or
// None and keeps the text.
const (
	BoolField FieldKind = iota + 1
	IntField
	FloatField
	StringField
	StringListField
	TemplateField
)

// Field declares one field of a config class.
type Field struct {
	// Name is the dotted name below "config", for example connections.package.
	Name string
	Kind FieldKind
	// Default is the value of a new config; nil is unset, for a Template the text None. A list is a []Value.
	Default Value
	// Optional fields may stay unset.
	Optional bool
	// Doc is written as a comment above the field in the saved form.
	Doc string
	// Unsaved fields are valet's own: they never appear in the saved form, where upstream would refuse them.
	Unsaved bool
}

// ConfigClass declares a kind of config.
type ConfigClass struct {
	// Name is the full class path recorded in the saved form, its module before the last period.
	Name string
	// Aliases are further class paths of the same class, which config files may assert.
	Aliases []string
	// Imports are the further modules that the saved form imports, sorted.
	Imports []string
	Fields  []Field
	// Objects are the bare names that mean a Python object, not a text, in config expressions (pipelines.md 1.5).
	Objects []string
	// Check validates a complete config beyond the fields' own rules; nil checks nothing.
	Check func(c *Config) error
}
