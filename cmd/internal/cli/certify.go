package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/query"
)

// validityOptions are the flags for a validity range.
type validityOptions struct{ begin, end string }

// span reads the range.
func (o *validityOptions) span(cmd *cobra.Command) (dimension.Timespan, error) {
	t := dimension.AllTime
	for _, b := range []struct {
		name, text string
		bound      *int64
	}{{"--begin-date", o.begin, &t.Begin}, {"--end-date", o.end, &t.End}} {
		if b.text == "" {
			continue
		}
		text := b.text
		if !strings.Contains(text, "/") {
			text += "/tai"
		}
		at, err := query.ParseTime(text)
		if err != nil {
			return t, usagef(cmd, "%s: %v", b.name, err)
		}
		*b.bound = int64(at)
	}
	if t.IsEmpty() {
		return t, usagef(cmd, "the range ends before it begins")
	}
	return t, nil
}

func newCertifyCommand(a *App) *cobra.Command {
	var o repositoryOption
	var v validityOptions
	chosen := chosenDatasets{}
	cmd := &cobra.Command{
		Use:     "certify-calibrations REPO INPUT_COLLECTION CALIBRATION DATASET_TYPE.. [OPTIONS]",
		Aliases: []string{"certify"},
		Short:   "Give calibrations a validity range",
		Long: `Certify-calibrations gives the datasets of calibration types that are first found in a collection a validity range in a CALIBRATION
collection, which is made if it is new. Ranges of the same data ID must not overlap. Times are TAI; a bound that is not given is open.`,
		Example: "  valet certify-calibrations REPO u/bias/run TestCam/calib bias --begin-date 2026-08-01T00:00:00 --end-date 2026-09-01T00:00:00",
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 3, -1, "REPO INPUT_COLLECTION CALIBRATION DATASET_TYPE")
			if err != nil {
				return err
			}
			span, err := v.span(cmd)
			if err != nil {
				return err
			}
			chosen.collections, chosen.findFirst = []string{rest[0]}, true
			return a.changeButler(cmd.Context(), repo, func(b *butler.Butler) error {
				found, err := chosen.find(cmd, b.Registry, splitCommas(rest[2:]))
				if err != nil {
					return err
				}
				n := 0
				err = b.Registry.Write(cmd.Context(), func(tx *registry.Tx) error {
					if _, err := tx.RegisterCollection(rest[1], dataset.Calibration, ""); err != nil {
						return err
					}
					for _, of := range found {
						if err := tx.Certify(rest[1], of.t, of.refs, span); err != nil {
							return err
						}
						n += len(of.refs)
					}
					if n == 0 {
						return &classError{class: "RuntimeError", reason: fmt.Sprintf("no datasets of %s in %s", quoteList(rest[2:]), rest[0]), hint: "nothing was changed"}
					}
					return nil
				})
				if err == nil && !a.global.quiet {
					fmt.Fprintf(a.Stderr, "%d datasets certified in %s\n", n, rest[1])
				}
				return err
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&v.begin, "begin-date", "", "`TIME` from which they are valid")
	cmd.Flags().StringVar(&v.end, "end-date", "", "`TIME` until which they are valid")
	cmd.Flags().StringVar(&chosen.where, "where", "", "only what satisfies the `EXPRESSION`")
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

func newDecertifyCommand(a *App) *cobra.Command {
	var o repositoryOption
	var v validityOptions
	chosen := chosenDatasets{}
	cmd := &cobra.Command{
		Use:   "decertify REPO CALIBRATION DATASET_TYPE [OPTIONS]",
		Short: "Take a time out of the validity ranges of calibrations",
		Long: `Decertify takes a time out of the validity ranges of a calibration type in a CALIBRATION collection. What a range has before and after it
stays valid.`,
		Example: "  valet decertify REPO TestCam/calib bias --begin-date 2026-08-10T00:00:00",
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 2, 2, "REPO CALIBRATION DATASET_TYPE")
			if err != nil {
				return err
			}
			span, err := v.span(cmd)
			if err != nil {
				return err
			}
			chosen.collections = []string{rest[0]}
			return a.changeButler(cmd.Context(), repo, func(b *butler.Butler) error {
				t, err := b.Registry.DatasetType(cmd.Context(), rest[1])
				if err != nil {
					return err
				}
				var ids []dimension.DataID
				if chosen.where != "" {
					found, err := chosen.find(cmd, b.Registry, []string{t.Name})
					if err != nil {
						return err
					}
					seen := map[string]bool{}
					for _, of := range found {
						for _, ref := range of.refs {
							if key := ref.DataID.Key(); !seen[key] {
								seen[key] = true
								ids = append(ids, ref.DataID)
							}
						}
					}
					if len(ids) == 0 {
						return &classError{class: "RuntimeError", reason: "no dataset satisfies --where", hint: "nothing was changed"}
					}
				}
				n := 0
				err = b.Registry.Write(cmd.Context(), func(tx *registry.Tx) (err error) {
					n, err = tx.Decertify(rest[0], t, span, ids)
					return err
				})
				if err == nil && !a.global.quiet {
					fmt.Fprintf(a.Stderr, "%d validity ranges changed in %s\n", n, rest[0])
				}
				return err
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&v.begin, "begin-date", "", "begin of the `TIME` to take out")
	cmd.Flags().StringVar(&v.end, "end-date", "", "end of the `TIME` to take out")
	cmd.Flags().StringVar(&chosen.where, "where", "", "only data IDs that satisfy the `EXPRESSION`")
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}
