package executor_test

import (
	"errors"
	"testing"

	"valet/datastore/butler"
	"valet/quantum"
	"valet/quantum/executor"
	"valet/registry"
)

func change(t *testing.T, b *butler.Butler, statement string) {
	t.Helper()
	if err := b.Registry.Write(t.Context(), func(tx *registry.Tx) error { return tx.Exec(statement) }); err != nil {
		t.Fatal(err)
	}
}

// TestSharedOutput has two exposures of one visit: only the first can store the visit's measurement, as upstream has it.
func TestSharedOutput(t *testing.T) {
	t.Parallel()
	b := open(t, copyRepository(t))
	change(t, b, "update visit_definition set visit = 2026080100000 where exposure = 2026080100003")
	g, err := build(t, b, request{pipeline: golden + "/metrics.yaml#timing_isr"})
	if err != nil {
		t.Fatal(err)
	}
	r := execute(t, b, g)
	if r.Planned != 20 || r.Succeeded != 16 || r.Failed != 4 || r.Datasets != 48 {
		t.Errorf("%+v", r)
	}
	for i, s := range g.Tasks[0].States {
		if later := g.Tasks[0].DataID(i).Get("exposure").Int() == 2026080100003; later != (s == quantum.Failed) {
			t.Errorf("%s: %s", g.Tasks[0].DataID(i), s)
		}
	}
}

// TestSharedOutputAgain goes on in such a run: the measurement of the first quantum stays.
func TestSharedOutputAgain(t *testing.T) {
	t.Parallel()
	b := open(t, copyRepository(t))
	change(t, b, "update visit_definition set visit = 2026080100000 where exposure = 2026080100003")
	q := request{pipeline: golden + "/metrics.yaml#timing_isr"}
	g, err := build(t, b, q)
	if err != nil {
		t.Fatal(err)
	}
	execute(t, b, g)
	before := contents(t, b, g.Collections.Run)
	q.extend, q.clobber = true, true
	if g, err = build(t, b, q); err != nil {
		t.Fatal(err)
	}
	if r := execute(t, b, g); r.Failed != 4 || r.Planned-r.Skipped != 4 {
		t.Errorf("%+v", r)
	}
	compare(t, contents(t, b, g.Collections.Run), before)
	noStrayFiles(t, b, g.Collections.Run)
}

// TestCollisions has two detectors whose names differ only in what paths cannot hold, and two runs of which the same is true.
func TestCollisions(t *testing.T) {
	t.Parallel()
	collides := func(t *testing.T, b *butler.Butler) {
		t.Helper()
		g, err := build(t, b, request{pipeline: memoryTask})
		if err != nil {
			t.Fatal(err)
		}
		var collision *executor.CollisionError
		if err := executor.Check(t.Context(), b, g, executor.PrepareOptions{Register: true}); !errors.As(err, &collision) {
			t.Errorf("%v, want a collision", err)
		}
	}
	t.Run("within a run", func(t *testing.T) {
		b := open(t, copyRepository(t))
		change(t, b, "update detector set full_name = case id when 0 then 'R 0' else 'R_0' end where id < 2")
		collides(t, b)
	})
	t.Run("with another run", func(t *testing.T) {
		b := open(t, copyRepository(t))
		change(t, b, `update file_datastore_records set path = 'u/metrics/20261123T180000Z/metricvalue_ap_association_DiaForcedSourceMemory/x.yaml'
			where dataset_id = (select max(dataset_id) from file_datastore_records where path like '%dia_catalog%')`)
		collides(t, b)
	})
}
