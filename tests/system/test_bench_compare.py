"""reckon bench compare: two runs side by side, from files as `bench quote --json` writes them."""

import json
import pathlib
import sys
import tempfile
import unittest
import xml.dom.minidom

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from program import run  # noqa: E402

COLUMNS = ["p50_us", "p90_us", "p99_us", "p99.9_us", "p99.99_us", "max_us"]


class Compare(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def write(self, name, factor=1, rows=("all", "provider answered"), **changes):
        content = {"scenario": "up", "rate": 200, "seconds": 10, "deadline_ms": 800, "seed": 1, "failed": 0,
                   "rows": [{"name": row, "quotes": 2000,
                             **{column: factor * 10 ** (i + 1) for i, column in enumerate(COLUMNS)}} for row in rows]}
        content.update(changes)
        path = self.folder / name
        path.write_text(json.dumps(content))
        return path

    def test_every_shared_row_is_told_with_its_ratio(self):
        before, after = self.write("a.json"), self.write("b.json", 2, rows=("all", "provider not asked"))
        code, out, fault = run("bench", "compare", before, after, "--json")
        self.assertEqual(code, 0, fault)
        rows = json.loads(out)["rows"]
        self.assertEqual([row["name"] for row in rows], ["all"])
        self.assertEqual(rows[0]["p99_us"], {"before": 1000, "after": 2000, "ratio": 2})
        text = run("bench", "compare", before, after)[1]
        self.assertEqual(text.count("2.00"), len(COLUMNS))
        self.assertNotIn("say little", text)
        self.assertIn("say little", run("bench", "compare", before, self.write("c.json", rate=100))[1])

    def test_the_drawing_is_whole_whatever_the_files_say(self):
        svg = self.folder / "both.svg"
        code, _, fault = run("bench", "compare", self.write("a.json"), self.write("b.json", 3, scenario="<x & 'y'>"), "--svg", svg)
        self.assertEqual(code, 0, fault)
        drawing = xml.dom.minidom.parse(str(svg))
        self.assertEqual(len(drawing.getElementsByTagName("polyline")), 2)

    def test_bad_files_are_refused_with_their_place(self):
        good = self.write("a.json")
        broken = json.loads(good.read_text())
        del broken["rows"][0]["p99_us"]
        (self.folder / "broken.json").write_text(json.dumps(broken))
        rows = [(good, self.folder / "broken.json", 2, "broken.json#/rows/0/p99_us"),
                (good, self.folder / "none.json", 3, "none.json"),
                (good, self.write("other.json", rows=("x",)), 2, "has no row")]
        for before, after, code, says in rows:
            with self.subTest(says=says):
                done = run("bench", "compare", before, after)
                self.assertEqual(done[0], code, done)
                self.assertIn(says, done[2])


if __name__ == "__main__":
    unittest.main()
