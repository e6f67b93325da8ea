"""Random questions about the golden query repository, repeatable by their seed."""

import dataclasses
import random

DIMENSIONS = {
    "visit": ["2026080100010", "2026080100030", "2026080200010", "2026080300030"],
    "exposure": ["2026080100010", "2026080100031", "2026080100901"],
    "detector": ["-1", "0", "1", "5"],
    "day_obs": ["20260801", "20260802", "20260803"],
    "physical_filter": ["'g_03'", "'r_03'", "'g_aux'"],
    "band": ["'g'", "'r'", "'i'"],
    "tract": ["0", "1", "4"],
    "patch": ["0", "3"],
    "instrument": ["'TestCam'", "'AuxCam'"],
    "skymap": ["'small_sky'", "'other_sky'"],
    "group": ["'20260801_1'", "'20260801_3'"],
}
FIELDS = {
    "visit.exposure_time": ["30", "30.0", "90.5"],
    "visit.seq_num": ["10", "20", "2.5"],
    "visit.target_name": ["'field0'", "'star1'"],
    "visit.science_program": ["'survey'"],
    "visit.zenith_angle": ["36.0"],
    "exposure.observation_type": ["'science'", "'dark'"],
    "exposure.dark_time": ["31.0", "301"],
    "detector.full_name": ["'R00_S01'"],
    "detector.purpose": ["'SCIENCE'"],
    "instrument.detector_max": ["6"],
    "patch.cell_x": ["0", "1"],
}
TIMES = ["T'2026-08-01'", "T'2026-08-02T12:00:00'", "T'2026-08-01T22:10:00/tai'", "T'mjd/61254.0'", "T'2027-01-01'"]
SPANS = ["visit.timespan", "exposure.timespan", "day_obs.timespan"]
REGIONS = ["visit.region", "visit_detector_region.region", "tract.region", "patch.region"]
SEARCHES = {
    "diaPipe_metadata": ["u/alice/run1", "u/alice/run3", "u/bob/r1", "tag/good", "u/alice/all", "nested"],
    "isr_metadata": ["u/alice/run1", "u/alice/all"],
    "metricvalue_visit_count": ["u/alice/run1", "u/alice/all"],
    "bias": ["TestCam/calib/gen1", "TestCam/calib", "calibs_both", "tag/mixed", "TestCam/defaults"],
    "flat": ["TestCam/calib/gen2", "TestCam/calib", "TestCam/defaults"],
    "coadd_metadata": ["u/alice/run2", "u/bob/r1"],
    "overlap_metadata": ["u/bob/r1", "nested2"],
    "camera_offsets": ["TestCam/calib/gen1", "nested2"],
    "never_used": ["u/bob/r1"],
}
ELEMENTS = ["visit", "exposure", "detector", "tract", "patch", "physical_filter", "day_obs", "visit_definition", "visit_detector_region"]


@dataclasses.dataclass
class Question:
    """What is asked: of one kind, in the words that both sides understand."""

    kind: str
    where: str
    dimensions: list[str] = dataclasses.field(default_factory=list)
    element: str = ""
    dataset_type: str = ""
    collections: list[str] = dataclasses.field(default_factory=list)
    find_first: bool = False


class Questions:
    """A source of questions."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def next(self) -> Question:
        kind = self.random.choice(["data_ids", "data_ids", "datasets", "datasets", "records"])
        q = Question(kind, self.where())
        if kind == "data_ids":
            q.dimensions = self.random.sample(sorted(DIMENSIONS), self.random.choice([1, 1, 2, 2, 3]))
        elif kind == "records":
            q.element = self.random.choice(ELEMENTS)
        if kind == "datasets" or self.random.random() < 0.3:
            q.dataset_type = self.random.choice(sorted(SEARCHES))
            pool = SEARCHES[q.dataset_type]
            q.collections = self.random.sample(pool, min(len(pool), self.random.choice([1, 1, 2])))
            q.find_first = kind == "datasets" and self.random.random() < 0.5
        return q

    def where(self) -> str:
        parts = [self.expression() for _ in range(self.random.choice([0, 1, 1, 2]))]
        if self.random.random() < 0.85:
            parts.append("instrument = " + self.random.choice(["'TestCam'", "'TestCam'", "'AuxCam'"]))
        if self.random.random() < 0.6:
            parts.append("skymap = " + self.random.choice(["'small_sky'", "'small_sky'", "'other_sky'"]))
        self.random.shuffle(parts)
        return " AND ".join(parts)

    def expression(self, depth: int = 0) -> str:
        x = self.random.random()
        if depth > 1 or x < 0.5:
            return self.leaf()
        if x < 0.75:
            return f"{self.expression(depth + 1)} AND {self.expression(depth + 1)}"
        if x < 0.9:
            return f"({self.expression(depth + 1)} OR {self.expression(depth + 1)})"
        return f"NOT ({self.expression(depth + 1)})"

    def leaf(self) -> str:
        x = self.random.random()
        if x < 0.4:
            name = self.random.choice(sorted(DIMENSIONS))
            return self.comparison(name, DIMENSIONS[name])
        if x < 0.65:
            name = self.random.choice(sorted(FIELDS))
            if self.random.random() < 0.2:
                return f"{name} {self.random.choice(['=', '!='])} NULL"
            return self.comparison(name, FIELDS[name])
        if x < 0.8:
            span = self.random.choice(SPANS)
            begin, end = self.random.sample(TIMES, 2)
            return self.random.choice(
                [
                    f"{span} OVERLAPS {begin}",
                    f"{span} OVERLAPS ({begin}, {end})",
                    f"{span} OVERLAPS ({begin}, NULL)",
                    f"{span}.begin < {end}",
                    f"{span}.end >= {begin}",
                    f"{span} = NULL",
                ]
            )
        if x < 0.95:
            return f"{self.random.choice(REGIONS)} OVERLAPS {self.region()}"
        return self.random.choice(["exposure.has_simulated", "NOT exposure.can_see_sky", "seq_num = 10", "nonsense = 1"])

    def comparison(self, name: str, values: list[str]) -> str:
        value = self.random.choice(values)
        choices = [f"{name} {op} {value}" for op in ("=", "!=", "<", ">=")]
        choices += [f"{value} = {name}", f"{name} IN ({', '.join(values)})", f"{name} NOT IN ({value})"]
        if value[0].isdigit() and "." not in value:
            choices += [f"{name} IN (0..{value})", f"{name} % 2 = 1", f"{name} * 2 > {value}"]
        if value[0] == "'":
            choices += [f"GLOB({name}, '*{value[1:3].strip(chr(39))}*')"]
        return self.random.choice(choices)

    def region(self) -> str:
        ra, dec = round(self.random.uniform(8.5, 12.5), 2), round(self.random.uniform(-31.5, -28.5), 2)
        r = self.random.choice([0.05, 0.5, 3])
        return self.random.choice(
            [
                f"POINT({ra}, {dec})",
                f"CIRCLE({ra}, {dec}, {r})",
                f"BOX({ra}, {dec}, {r}, {r})",
                f"REGION('CIRCLE {ra} {dec} {r}')",
                f"POLYGON({ra}, {dec}, {ra + r}, {dec}, {ra}, {dec + r})",
                "tract.region",
            ]
        )
