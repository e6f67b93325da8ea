package values

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"strings"

	"valet/registry"
	"valet/registry/dataset"
)

const valueTable = "valet_value"

// Forget deletes the measurements of datasets in the transaction that removes these. It is nothing to do in a repository without an index.
func Forget(tx *registry.Tx, ids []dataset.ID) error {
	if exists, err := tx.TableExists(valueTable); err != nil || !exists {
		return err
	}
	const size = 500
	for len(ids) > 0 {
		n := min(size, len(ids))
		args := make([]any, n)
		for i := range args {
			args[i] = ids[i][:]
		}
		if err := tx.Exec("DELETE FROM valet_value WHERE dataset IN ("+strings.TrimSuffix(strings.Repeat("?,", n), ",")+")", args...); err != nil {
			return fmt.Errorf("forget measured values: %w", err)
		}
		ids = ids[n:]
	}
	return nil
}

// Lost counts the datasets that the index has measurements of and the repository does not have any more: other programs removed them.
// They are never asked for. With sweep their measurements are deleted, some thousand in each transaction. Memory does not grow with the
// number of measurements.
func Lost(ctx context.Context, r *registry.Registry, sweep bool) (lost int, err error) {
	if exists, err := r.TableExists(ctx, valueTable); err != nil || !exists {
		return 0, err
	}
	const page = 5000
	last := []byte{}
	for {
		var gone []dataset.ID
		seen := 0
		// IDs of the registry are hexadecimal text, those of the index bytes.
		query := "SELECT v.dataset, (SELECT d.id FROM dataset d WHERE d.id = lower(hex(v.dataset))) FROM (SELECT DISTINCT dataset FROM valet_value WHERE dataset > ? ORDER BY dataset LIMIT ?) v"
		err := r.Rows(ctx, query, []any{last, int64(page)}, func(row []driver.Value) error {
			b, ok := row[0].([]byte)
			if !ok || len(b) != len(dataset.ID{}) {
				return fmt.Errorf("%v is no dataset ID", row[0])
			}
			seen++
			last = append(last[:0], b...)
			if row[1] == nil {
				gone = append(gone, dataset.ID(b))
			}
			return nil
		})
		if err != nil {
			return lost, fmt.Errorf("look for lost measured values after %s: %w", hex.EncodeToString(last), err)
		}
		lost += len(gone)
		if sweep && len(gone) > 0 {
			if err := r.Write(ctx, func(tx *registry.Tx) error { return Forget(tx, gone) }); err != nil {
				return lost, err
			}
		}
		if seen == 0 {
			return lost, nil
		}
	}
}
