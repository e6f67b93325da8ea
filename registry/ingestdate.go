package registry

import (
	"fmt"

	"valet/registry/dataset"
	"valet/registry/query"
)

// IngestDate is when a dataset was stored, as this transaction sees it and as the column ingest_date of a Query has it; zero if there is no
// such dataset.
func (tx *Tx) IngestDate(id dataset.ID) (query.Time, error) {
	row, err := tx.conn.Row(tx.ctx, "SELECT ingest_date FROM dataset WHERE id = ?", id)
	if err != nil || row == nil {
		return 0, err
	}
	v, err := (&decoder{}).instant(row[0])
	if err != nil {
		return 0, &CorruptError{Database: tx.registry.db.Name, Reason: fmt.Sprintf("dataset %s: %v", id, err), Cause: err}
	}
	at, _ := v.(query.Time)
	return at, nil
}
