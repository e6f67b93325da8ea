//go:build !unix

package ui

import "os"

func filePerm() os.FileMode { return 0o644 }
