// Package formatter turns the bytes of stored files into values and back: one file per format. It owns what valet reads and writes
// itself: log records, packages, configs, plain JSON and plain YAML; task metadata and measurements are left to their own packages.
//
// It knows upstream's formatter classes by name only and refuses those whose files it cannot look into, naming the class: datasets
// of them can still be listed, copied and removed.
//
// Weak spots: written YAML is not folded at 80 columns as upstream's is, which no reader minds; numbers in log extras keep the text
// they were read with.
package formatter
