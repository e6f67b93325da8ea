package cli

import (
	"valet/tasks"
	"valet/tasks/verify"
)

// knownTasks is the table that the program hands over.
func knownTasks() tasks.Table { return verify.Table() }
