package formatter

import "valet/tasks/metadata"

// AppendString appends a JSON string with upstream's escapes, those of metadata.AppendText.
func AppendString(dst []byte, s string) []byte { return metadata.AppendText(dst, s) }
