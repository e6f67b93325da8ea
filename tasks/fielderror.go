package tasks

import (
	"fmt"
	"strings"

	"valet/tasks/python"
)

const validationError = "lsst.pex.config.config.FieldValidationError"

// FieldError is a fault of one field of a config: a wrong type, a required value that is unset, a name that is no field.
type FieldError struct {
	// Config is the full class path of the config.
	Config string
	// Field is the dotted name.
	Field string
	// Message is upstream's, without the places in Python files that upstream adds.
	Message string
	// Class is the upstream error class.
	Class string
	// Near is the field with the most similar name, if there is no field of this one.
	Near string
	// Advice says what to do, or is empty.
	Advice string
}

func (e *FieldError) Error() string { return e.Message }

// ClassName is the upstream error class.
func (e *FieldError) ClassName() string { return e.Class }

// Hint names a similar field, or says what to do.
func (e *FieldError) Hint() string {
	if e.Near != "" {
		return fmt.Sprintf("did you mean %q?", e.Near)
	}
	return e.Advice
}

// missing is the fault of reading a name that is no field.
func (c *Config) missing(field string) *FieldError {
	owner, attribute := c.class.owner(field)
	attribute, _, _ = strings.Cut(attribute, ".")
	message := fmt.Sprintf("'%s' object has no attribute '%s'", owner.short(), attribute)
	if owner.field != nil {
		message = fmt.Sprintf("'%s' object has no attribute '%s'", python.TypeName(c.Get(owner.field.Name)), attribute)
	}
	return c.unknown(field, message)
}

// unassignable is the fault of setting a name that is no field.
func (c *Config) unassignable(field string, v Value) error {
	if field != "" && c.class.isGroup(field) {
		err := c.unknown(field, "")
		err.Class, err.Near = validationError, ""
		err.Message = fmt.Sprintf("ConfigField '%s' failed validation: Value %s is of incorrect type %s. Expected %s",
			field, python.Str(v), python.TypeName(v), c.class.groupClass(field))
		err.Advice = fmt.Sprintf("set its fields, for example %s", c.class.firstOf(field))
		return err
	}
	owner, attribute := c.class.owner(field)
	switch {
	case owner.field != nil && owner.field.Kind == StringListField:
		return c.invalid(owner.field, "lsst.pex.config.listField.ListField has no attribute "+attribute)
	case owner.field != nil || strings.Contains(attribute, "."):
		return c.missing(field)
	}
	return c.unknown(field, owner.class+" has no attribute "+attribute)
}

func (c *Config) unknown(field, message string) *FieldError {
	names := make([]string, len(c.class.Fields))
	for i := range c.class.Fields {
		names[i] = c.class.Fields[i].Name
	}
	return &FieldError{Config: c.class.Name, Field: field, Message: message, Class: "AttributeError", Near: Nearest(names, field)}
}

func (c *Config) invalid(f *Field, problem string) *FieldError {
	return &FieldError{
		Config: c.class.Name, Field: f.Name, Class: validationError,
		Message: fmt.Sprintf("%s '%s' failed validation: %s", f.Kind.upstream(), f.Name, problem),
	}
}
