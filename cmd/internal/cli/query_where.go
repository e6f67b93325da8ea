package cli

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/query"
	"valet/registry/sphere"
)

// conditionOptions are the flags of commands that query data IDs.
type conditionOptions struct {
	where   string
	binds   []string
	orderBy []string
	limit   int
}

// AddFlags declares the flags.
func (o *conditionOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.where, "where", "", "only what satisfies the `EXPRESSION`")
	f.StringArrayVar(&o.binds, "bind", nil, "`NAME=JSON` gives the value of :NAME in the expression; may be repeated")
	f.StringSliceVar(&o.orderBy, "order-by", nil, "order by `KEYS`, descending with - in front; may be repeated")
	f.IntVar(&o.limit, "limit", registry.DefaultLimit, "at most `N` rows; 0 for all, negative to be warned if there are more")
}

// read parses the expression and the binds. Errors are *query.Error and *UsageError.
func (o *conditionOptions) read(cmd *cobra.Command) (query.Expr, query.Binds, error) {
	binds := query.Binds{}
	for _, b := range o.binds {
		name, text, ok := strings.Cut(b, "=")
		if !ok || name == "" {
			return nil, nil, usagef(cmd, "--bind: %q is not NAME=JSON", b)
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var raw any
		if err := d.Decode(&raw); err != nil {
			return nil, nil, usagef(cmd, "--bind %s: %v", name, err)
		}
		value, err := bindValue(raw)
		if err != nil {
			return nil, nil, usagef(cmd, "--bind %s: %v", name, err)
		}
		binds[name] = value
	}
	where, err := query.Parse(o.where)
	if err != nil {
		return nil, nil, fmt.Errorf("--where: %w", err)
	}
	return where, binds, nil
}

// bounds are how many rows are wanted; butler's limit of zero is none.
func (o *conditionOptions) bounds(a *App) registry.Bounds {
	return registry.Bounds{Limit: o.limit, AllRows: o.limit == 0, OnMore: func(n int) {
		log := a.Log("registry")
		log.Warn().Int("limit", n).Msg("more results are available than the limit; use --limit 0 for all")
	}}
}

// bindValue makes a bind of JSON: numbers, texts and lists are themselves, an object with one key is {"time": ISO TAI},
// {"timespan": [begin, end]} with null for unbounded, {"region_pos": IVOA POS}, {"lonlat": [degrees, degrees]}, {"set": list},
// {"uuid": text} or {"hash": hexadecimal}.
func bindValue(raw any) (any, error) {
	switch v := raw.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return v.Float64()
	case string, bool:
		return v, nil
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			var err error
			if out[i], err = bindValue(x); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		if len(v) == 1 {
			for key, x := range v {
				return bindObject(key, x)
			}
		}
	}
	return nil, fmt.Errorf("%v cannot be bound", raw)
}

func bindObject(key string, x any) (any, error) {
	text, isText := x.(string)
	list, isList := x.([]any)
	switch {
	case key == "time" && isText:
		return query.ParseTime(text)
	case key == "timespan" && isList && len(list) == 2:
		bounds := [2]int64{dimension.MinTime, dimension.MaxTime}
		for i, b := range list {
			if b == nil {
				continue
			}
			s, ok := b.(string)
			if !ok {
				return nil, fmt.Errorf("%v is no time", b)
			}
			at, err := query.ParseTime(s)
			if err != nil {
				return nil, err
			}
			bounds[i] = int64(at)
		}
		return dimension.NewTimespan(bounds[0], bounds[1]), nil
	case (key == "region_pos" || key == "region") && isText:
		return sphere.ParsePOS(text)
	case key == "lonlat" && isList && len(list) == 2:
		var degrees [2]float64
		for i, d := range list {
			n, ok := d.(json.Number)
			if !ok {
				return nil, fmt.Errorf("%v is no angle", d)
			}
			var err error
			if degrees[i], err = n.Float64(); err != nil {
				return nil, err
			}
		}
		return sphere.Degrees(degrees[0], degrees[1])
	case key == "set" && isList:
		return bindValue(list)
	case key == "uuid" && isText:
		return dataset.ParseID(text)
	case key == "hash" && isText:
		return hex.DecodeString(strings.TrimPrefix(text, "0x"))
	}
	return nil, fmt.Errorf("an object with key %q and such a value cannot be bound", key)
}

// keyOrder returns the positions of the dimensions of a group in the order in which butler sorts data IDs: first, for each spatial
// or temporal dimension, what it requires, then the others (queries.md 10.1).
func keyOrder(g *dimension.Group) []int {
	var out []int
	add := func(name string) {
		if p := g.Position(name); p >= 0 && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	for _, d := range g.Dimensions() {
		if d.Spatial != nil || d.Temporal != nil {
			for _, r := range d.Required {
				add(r.Name)
			}
		}
	}
	for _, d := range g.Dimensions() {
		add(d.Name)
	}
	return out
}

// compareBy compares full data IDs of one group by the values at positions.
func compareBy(order []int, a, b dimension.DataID) int {
	x, y := a.Values(), b.Values()
	for _, p := range order {
		if c := x[p].Compare(y[p]); c != 0 {
			return c
		}
	}
	return 0
}
