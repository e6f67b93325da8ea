// Package metric owns metrics and what is measured of them: names, units and quantities, measurements and their YAML.
package metric

// Measurement is a metric's value with notes and blobs, as a MetricValue dataset stores it.
type Measurement struct{}

// ParseMeasurement reads a MetricValue file (metrics.md 1.3).
func ParseMeasurement(text []byte) (*Measurement, error) { panic("seam") }

// AppendYAML appends the file that upstream's writer makes of m, byte for byte (metrics.md 1.1, 1.2).
func (m *Measurement) AppendYAML(dst []byte) ([]byte, error) { panic("seam") }
