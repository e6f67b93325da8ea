package metric

// untagged makes a measurement of a document without its tag, as upstream's datastore does: text is a metric's name, a mapping holds arguments.
func (r Reader) untagged(v Value) (*Measurement, error) {
	m := &Measurement{}
	var arguments *Mapping
	switch v := v.(type) {
	case nil:
		return nil, problem("ValueError", "the document is empty")
	case *Datum, *Blob, *Timestamp:
		return nil, problem("TypeError", "the document is no measurement")
	case *Mapping:
		arguments = v
		for _, k := range v.Keys {
			switch k {
			case "metric", "quantity", "blobs", "extras", "notes":
				continue
			}
			return nil, problem("TypeError", "a document without tag has no key %v: give metric, quantity, blobs, extras, notes", k)
		}
		if _, ok := v.Get("metric"); !ok {
			return nil, problem("TypeError", "the document has neither tag nor metric")
		}
	default:
		arguments = &Mapping{}
		arguments.Set("metric", v)
	}
	get := func(key string) Value {
		v, _ := arguments.Get(key)
		return v
	}
	var err error
	if m.Metric, err = metricFrom(get("metric")); err != nil {
		return nil, err
	}
	if q := get("quantity"); q != nil {
		if _, text := q.(string); text {
			return nil, problem("TypeError", "the quantity is text")
		}
		if err := m.setQuantity(q, Unit{}); err != nil {
			return nil, err
		}
	}
	if err := m.setBlobs(get("blobs")); err != nil {
		return nil, err
	}
	if err := r.addExtras(m); err != nil {
		return nil, err
	}
	if extras := get("extras"); extras != nil {
		more, err := entriesFrom(extras)
		if err != nil {
			return nil, err
		}
		m.Blob(m.Metric).put(more)
	}
	if m.Identifier, err = NewIdentifier(r.Random); err != nil {
		return nil, err
	}
	return m, m.setNotes(get("notes"))
}
