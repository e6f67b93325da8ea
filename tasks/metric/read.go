package metric

// ParseMeasurement reads a MetricValue file (metrics.md 1.3).
func ParseMeasurement(text []byte) (*Measurement, error) { panic("seam") }
