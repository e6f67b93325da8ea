package tasks

// Config holds values for the fields of its class. A new one has the defaults.
type Config struct{}

// NewConfig returns a config of the class with default values.
func NewConfig(class *ConfigClass) *Config { panic("seam") }

// Class is the class of the config.
func (c *Config) Class() *ConfigClass { panic("seam") }

// Get returns a field's value by dotted name, nil if unset. It panics on a name that the class does not have.
func (c *Config) Get(field string) Value { panic("seam") }

// Set sets a field to a typed value. Errors are *FieldError (wrong type, unknown field with a near name).
func (c *Config) Set(field string, v Value) error { panic("seam") }

// SetText converts text as pipetask converts the strings of config pairs (pipelines.md 1.5), then sets the field.
func (c *Config) SetText(field, text string) error { panic("seam") }

// Validate checks that required fields are set, then runs the class's Check.
func (c *Config) Validate() error { panic("seam") }

// AppendSaved appends the text of the <label>_config dataset (pipelines.md 2.2).
func (c *Config) AppendSaved(dst []byte) []byte { panic("seam") }

// ParseSaved reads the text of a <label>_config dataset of the class (pipelines.md 2.3).
func ParseSaved(class *ConfigClass, text []byte) (*Config, error) { panic("seam") }

// Differences lists the fields in which c and old differ, as upstream prints them (pipelines.md 2.3).
func (c *Config) Differences(old *Config) []string { panic("seam") }
