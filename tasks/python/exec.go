package python

// Target is the config that statements change. Fields are dotted names below "config". Errors of both methods stop the execution
// and are wrapped in an *ExecError, so that errors.As finds them.
type Target interface {
	Get(field string) (Value, error)
	Set(field string, v Value) error
}

// Env is what statements can see besides the config. Nil functions know nothing.
type Env struct {
	// Class is the full class path of the config, to which "assert type(config) is ..." is compared; empty compares nothing.
	Class string
	// Parameter is a parameter of the pipeline, read as parameters.name.
	Parameter func(name string) (Value, bool)
	// Getenv is a variable of the environment, read as os.environ['name'].
	Getenv func(name string) (string, bool)
	// Read reads the files of config.load('file'). A relative path is relative to the directory of the file that has the statement;
	// $VAR and ${VAR} are expanded.
	Read func(path string) ([]byte, error)
}

// Exec executes the statements of a config file or python block on target (pipelines.md 2.4). file and line say where the first line
// of text is: line is 1 for a file. Statements before the one at fault have been executed. Errors are *ExecError.
func Exec(file string, line int, text string, target Target, env Env) error { panic("seam") }
