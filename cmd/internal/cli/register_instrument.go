package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dimension"
)

func newRegisterInstrumentCommand(a *App) *cobra.Command {
	var o repositoryOption
	var update bool
	cmd := &cobra.Command{
		Use:   "register-instrument REPO FILE.yaml [OPTIONS]",
		Short: "Register a camera with its detectors and filters",
		Long: `Register-instrument inserts the records of a whole camera from a YAML file. Its key instrument holds the fields of the instrument; every
other key is a dimension element, such as physical_filter, detector or visit_system, with a list of records in which the instrument is
understood. Records that exist are left as they are, or overwritten with --update. All is inserted or nothing.`,
		Example: "  valet register-instrument REPO camera.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 1, 1, "REPO FILE")
			if err != nil {
				return err
			}
			mode := registry.SkipExisting
			if update {
				mode = registry.ReplaceExisting
			}
			return a.changeButler(cmd.Context(), repo, func(b *butler.Butler) error {
				return a.registerInstrument(cmd.Context(), b, rest[0], mode)
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&update, "update", false, "overwrite records that exist")
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

// maxCamera bounds the size of a file that describes a camera.
const maxCamera = 64 << 20

func (a *App) registerInstrument(ctx context.Context, b *butler.Butler, file string, mode registry.RecordMode) error {
	if info, err := os.Stat(file); err == nil && info.Size() > maxCamera {
		return fmt.Errorf("read %s: it has more than %d bytes", file, maxCamera)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	var instrument struct {
		Instrument map[string]any              `yaml:"instrument"`
		Others     map[string][]map[string]any `yaml:",inline"`
	}
	if err := yaml.Unmarshal(text, &instrument); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	name, _ := instrument.Instrument["name"].(string)
	if name == "" {
		return &classError{class: "ValueError", reason: file + " has no instrument with a name", hint: "see 'valet help register-instrument'"}
	}
	type part struct {
		e       *dimension.Element
		records []registry.RecordInput
	}
	u := b.Registry.Universe()
	parts := []part{}
	add := func(called string, records []map[string]any) error {
		e, err := element(u, called)
		if err != nil {
			return err
		}
		p := part{e: e}
		first := map[string]int{}
		for i, fields := range records {
			if _, given := fields["instrument"]; !given && e.Name != "instrument" && slices.ContainsFunc(e.Required, func(d *dimension.Element) bool { return d.Name == "instrument" }) {
				fields["instrument"] = name
			}
			in := registry.RecordInput{At: i + 1}
			in.Record, in.Err = registry.ReadRecord(e, fields)
			if in.Err == nil {
				// One record given twice is a slip of the pen, whatever becomes of those that exist.
				key := fmt.Sprintf("%q", in.Record.Values[:len(e.Required)])
				if at, twice := first[key]; twice {
					in.Err = fmt.Errorf("is given twice, first in record %d", at)
				}
				first[key] = in.At
			}
			p.records = append(p.records, in)
		}
		parts = append(parts, p)
		return nil
	}
	if err := add("instrument", []map[string]any{instrument.Instrument}); err != nil {
		return err
	}
	for called, records := range instrument.Others {
		if err := add(called, records); err != nil {
			return err
		}
	}
	// What others refer to comes first in universe order.
	slices.SortFunc(parts, func(a, b part) int { return a.e.Index - b.e.Index })
	var told []string
	err = b.Registry.Write(ctx, func(tx *registry.Tx) error {
		var failed []error
		for _, p := range parts {
			n, err := tx.InsertDimensionRecords(p.e, mode, slices.Values(p.records))
			var faults *registry.RecordsError
			if err != nil && !errors.As(err, &faults) {
				return err
			}
			failed = append(failed, err)
			told = append(told, fmt.Sprintf("%s %d of %d", p.e, n, len(p.records)))
		}
		return errors.Join(failed...)
	})
	if err == nil && !a.global.quiet {
		fmt.Fprintf(a.Stderr, "records inserted: %s\n", strings.Join(told, ", "))
	}
	return err
}
