"""Tariffs at a shell: the schema, lint, history under a new tariff, a fee explained."""

import csv
import json
import pathlib
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from program import HERE, SOURCE, THERE, CityTest, run  # noqa: E402

try:
    import jsonschema
except ImportError:
    jsonschema = None

TARIFFS = SOURCE / "data/tariffs"
FILES = sorted(path for path in TARIFFS.glob("*.json") if not path.name.endswith(".schema.json"))


class Files(unittest.TestCase):
    def test_every_shipped_tariff_is_sound_and_its_vectors_hold(self):
        self.assertGreaterEqual(len(FILES), 13)
        code, out, fault = run("tariff", "check", *FILES)
        self.assertEqual((code, fault), (0, ""), out)
        code, out, fault = run("tariff", "test", *FILES)
        self.assertEqual((code, fault), (0, ""), out)

    def test_a_wrong_vector_is_told_with_its_arithmetic(self):
        text = (TARIFFS / "t1-seoul-500m.json").read_text()
        wrong = pathlib.Path(self.enterContext(__import__("tempfile").TemporaryDirectory())) / "wrong.json"
        wrong.write_text(text.replace('"total": 4500', '"total": 4600'))
        code, out, _ = run("tariff", "test", wrong)
        self.assertEqual(code, 1)
        self.assertIn("total is 4500", out)
        self.assertIn("1 started step x 500", out)

    def test_the_schema_takes_what_the_reader_takes(self):
        if jsonschema is None:
            self.skipTest("python3-jsonschema is not installed: the schema is not tried")
        schema = json.loads((TARIFFS.parent / "tariff.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for path in FILES:
            with self.subTest(path=path.name):
                faults = [fault.message for fault in validator.iter_errors(json.loads(path.read_text()))]
                self.assertEqual(faults, [])
        faulty = json.loads((SOURCE / "tests/fee/faults.json").read_text())
        self.assertGreater(sum(1 for _ in validator.iter_errors(faulty)), 20)

    def test_lint_tells_what_was_hardly_meant(self):
        code, out, _ = run("tariff", "lint", TARIFFS / "t1-seoul-500m.json")
        self.assertEqual((code, out.strip().rsplit(": ", 1)[1]), (0, "0 remarks"))
        code, out, _ = run("tariff", "lint", TARIFFS / "v3-zones.json")
        self.assertEqual(code, 1)
        self.assertIn("#/steps: there are none", out)


class History(CityTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        old = json.loads((TARIFFS / "t2-province-100m.json").read_text())
        new = dict(old, version=2, steps=[{"beyond_m": 1200, "length_m": 100, "price": 120}])
        cls.old, cls.new = cls.folder / "old.json", cls.folder / "new.json"
        cls.old.write_text(json.dumps(old))
        cls.new.write_text(json.dumps(new | {"valid_from": "2100-01-01T00:00:00+09:00", "vectors": []}))
        trips = cls.folder / "trips.csv"
        rows = [f"{HERE[0]},{HERE[1]},{HERE[0] + 0.001 * i:.4f},{THERE[1]}" for i in range(30)]
        trips.write_text("from_lat,from_lon,to_lat,to_lon\n" + "\n".join(rows) + "\n")
        cls.settings = cls.config(cls(), tariffs=["old.json"])
        code, _, fault = run("quote", "--config", cls.settings, "--trips", trips, "--out", cls.folder / "quotes.csv")
        if code != 0:
            raise AssertionError(fault)
        cls.ledger = f"sqlite:{cls.folder}/config.json.db"
        lines = (cls.folder / "quotes.csv").read_text().splitlines()
        cls.quotes = [dict(zip(lines[0].split(","), line.split(","))) for line in lines[1:]]

    def runTest(self):  # so that setUpClass may make an instance
        pass

    def test_history_is_priced_under_both_and_adds_up(self):
        page = self.folder / "diff.html"
        code, out, fault = run("tariff", "diff", self.old, self.new, "--ledger", self.ledger, "--last", "1d", "--html", page, "--json")
        self.assertEqual((code, fault), (0, ""))
        told = json.loads(out)
        self.assertEqual(told["quotes"], 30)
        self.assertEqual(told["sum_before"], sum(int(quote["fee"]) for quote in self.quotes))
        steps = [max(0, -(-(int(quote["distance_m"]) - 1200) // 100)) for quote in self.quotes]
        self.assertEqual(told["sum_after"] - told["sum_before"], 20 * sum(steps))
        self.assertEqual(sum(one["quotes"] for one in told["distribution"]), 30)
        self.assertEqual(told["dearer"] + told["same"] + told["cheaper"], 30)
        worst = told["largest_increases"][0]
        self.assertEqual(worst["after"] - worst["before"], 20 * max(steps))
        self.assertIn("steps/0", worst["lines"])
        svg = page.read_text()
        xml.etree.ElementTree.fromstring(svg[svg.index("<svg"):svg.index("</svg>") + 6])

    def test_the_table_tells_the_same(self):
        code, out, _ = run("tariff", "diff", self.old, self.new, "--ledger", self.ledger)
        self.assertEqual(code, 0)
        self.assertIn("version 1 -> 't2-province-100m' version 2: 30 quotes", out)
        self.assertIn("largest increases", out)

    def test_bad_use_is_told(self):
        rows = [(["--last", "yesterday"], 2, "such as 30d"), (["--ledger", "sqlite:none.db"], 3, "none.db")]
        for more, exit_code, says in rows:
            words = ["tariff", "diff", self.old, self.new]
            code, _, fault = run(*words, *(more if "--ledger" in more else [*more, "--ledger", self.ledger]))
            self.assertEqual(code, exit_code)
            self.assertIn(says, fault)
        other = self.folder / "dollar.json"
        other.write_text((TARIFFS / "v5-dollar.json").read_text())
        code, _, fault = run("tariff", "diff", self.old, other, "--ledger", self.ledger)
        self.assertEqual(code, 2)
        self.assertIn("one currency", fault)

    def test_a_recorded_fee_is_explained_in_both_languages_and_drawn(self):
        quote = self.quotes[0]
        page = self.folder / "fee.html"
        code, out, fault = run("explain", quote["quote_id"], "--ledger", self.ledger, "--html", page, "--map", self.map)
        self.assertEqual((code, fault), (0, ""))
        self.assertIn("The base fee covers up to 1,200 m: 3,300 KRW.", out)
        self.assertIn("by the own road map's legal route", out)
        text = page.read_text()
        self.assertIn("m from its road", text)
        self.assertIn(f"<p>Quote {quote['quote_id']}</p>", text)
        self.assertEqual(quote["low_m"], quote["high_m"])  # the contract's own distance: there is no doubt to tell
        self.assertNotIn("90 %", out)
        self.assertNotIn("nine in ten", out)
        xml.etree.ElementTree.fromstring(text[text.index("<svg"):text.index("</svg>") + 6])
        code, out, _ = run("explain", quote["quote_id"], "--ledger", self.ledger, "--lang", "ko")
        self.assertEqual(code, 0)
        self.assertIn("기본요금은 1,200m까지 3,300원입니다.", out)
        self.assertIn("자체 도로 지도의 합법 경로 거리", out)
        self.assertNotIn("90%", out)
        code, _, fault = run("explain", "01M842R4VFRPH9ZAEZAMJ42V3T", "--ledger", self.ledger)
        self.assertEqual(code, 2)
        self.assertIn("is not in the ledger", fault)

    def test_riders_pay_and_rules_and_shops_are_summed(self):
        old = json.loads(self.old.read_text())
        paying = old | {"version": 3, "rider_pay": {"base": {"price": 3000, "up_to_m": 1200}, "steps": [{"beyond_m": 1200, "length_m": 100, "price": 80}]},
                        "surcharges": old["surcharges"] + [{"rule": "fuel", "type": "ETC", "kind": "FIXED", "amount": 300, "text": "dearer fuel"}],
                        "steps": [{"beyond_m": 1200, "length_m": 100, "price": 1}], "vectors": []}
        path = self.folder / "paying.json"
        path.write_text(json.dumps(paying))
        code, out, fault = run("tariff", "diff", self.old, path, "--ledger", self.ledger, "--json")
        self.assertEqual((code, fault), (0, ""))
        told = json.loads(out)
        steps = sum(max(0, -(-(int(quote["distance_m"]) - 1200) // 100)) for quote in self.quotes)
        self.assertEqual((told["rider_pay_before"], told["rider_pay_after"]), (None, 30 * 3000 + 80 * steps))
        rules = {one["rule"]: one for one in told["rules"]}
        self.assertEqual((rules["fuel"]["before"], rules["fuel"]["after"], rules["fuel"]["text"]), (0, 30 * 300, "dearer fuel"))
        self.assertEqual(rules["steps/0"]["after"], steps)
        self.assertEqual(sum(one["before"] for one in told["rules"]), told["sum_before"])
        self.assertEqual(sum(one["after"] for one in told["rules"]), told["sum_after"])
        code, out, _ = run("tariff", "diff", self.old, path, "--ledger", self.ledger)
        self.assertIn(f"pay     none -> {30 * 3000 + 80 * steps:,} KRW", out)
        self.assertIn("dearer fuel", out)
        self.assertNotIn("shops that", out)  # no quote says its shop

    def test_shops_that_pay_less_are_listed_and_one_outlier_does_not_flatten_the_others(self):
        config = self.config("shops.json", tariffs=["old.json"])
        trips = self.folder / "shops.csv"
        rows = [f'{HERE[0]},{HERE[1]},{HERE[0] + 0.0007 * i:.4f},{HERE[1]},"{{""shop"":""s-{i % 2}""}}"' for i in range(20)]
        rows.append(f'{HERE[0]},{HERE[1]},{HERE[0] + 0.3:.4f},{HERE[1]},"{{""shop"":""s-0""}}"')
        trips.write_text("from_lat,from_lon,to_lat,to_lon,context\n" + "\n".join(rows) + "\n")
        code, _, fault = run("quote", "--config", config, "--trips", trips, "--out", self.folder / "shops-quotes.csv")
        self.assertEqual(code, 0, fault)
        cheaper = json.loads(self.old.read_text()) | {"version": 4, "steps": [{"beyond_m": 1200, "length_m": 100, "price": 20}], "vectors": []}
        (self.folder / "cheaper.json").write_text(json.dumps(cheaper))
        code, out, _ = run("tariff", "diff", self.old, self.folder / "cheaper.json", "--ledger", f"sqlite:{self.folder}/shops.json.db")
        self.assertEqual(code, 0)
        self.assertIn("shops that pay less\n  s-0 ", out)
        self.assertNotIn("shops that pay more", out)
        self.assertRegex(out, r" and less +1  #")
        bars = out.split("change of the fee, quotes\n")[1].split("\n\n")[0].splitlines()
        self.assertGreater(len(bars), 4, out)

    def test_nothing_to_compare_is_said_with_a_way_out(self):
        other = json.loads(self.old.read_text()) | {"id": "another"}
        (self.folder / "another.json").write_text(json.dumps(other))
        code, out, _ = run("tariff", "diff", self.folder / "another.json", self.new, "--ledger", self.ledger)
        self.assertEqual(code, 0)
        self.assertIn("nothing to compare: no quote of 'another' was found that both can price; '--all' takes quotes of every tariff", out)

    def test_two_tariffs_that_only_their_order_would_choose_between(self):
        old = json.loads(self.old.read_text())
        for name, scope in (("a", {"scope": {"shop": "s-1"}}), ("b", {"scope": {"shop": "s-1"}}), ("c", {}), ("d", {})):
            (self.folder / f"{name}.json").write_text(json.dumps(old | scope | {"id": name}))
        trip = ("--from", f"{HERE[0]},{HERE[1]}", "--to", f"{THERE[0]},{THERE[1]}")
        code, _, fault = run("quote", "--config", self.config("rivals.json", tariffs=["a.json", "b.json"]), *trip)
        self.assertEqual(code, 2)
        self.assertRegex(fault, r"b.json: 'b' is for shop 's-1' from 20.* on, as 'a' \(.*a.json\) is, so that only their order would decide; ")
        code, out, fault = run("quote", "--config", self.config("open.json", tariffs=["c.json", "d.json"]), *trip, "--json")
        self.assertEqual((code, json.loads(out)["tariff"]["id"]), (0, "c"))
        self.assertIn("tariffs 'c' and 'd' are both for every shop: a request that names none is priced by 'c'", fault)
        code, out, _ = run("tariff", "lint", self.folder / "a.json", self.folder / "b.json")
        self.assertEqual(code, 1)
        self.assertIn("b.json#/scope: 'b' is for shop 's-1' as 'a' (", out)

    def test_another_content_of_a_version_is_warned_of(self):
        path = self.folder / "edited.json"
        old = json.loads(self.old.read_text()) | {"id": "edited"}
        path.write_text(json.dumps(old))
        config = self.config("edited-config.json", tariffs=["edited.json"])
        trip = ("--from", f"{HERE[0]},{HERE[1]}", "--to", f"{THERE[0]},{THERE[1]}", "--json")
        code, out, fault = run("quote", "--config", config, *trip)
        self.assertEqual((code, fault), (0, ""))
        first = json.loads(out)["tariff"]["release"]
        path.write_text(json.dumps(old | {"base": {"price": 9000, "up_to_m": 1200}, "vectors": []}))
        code, out, fault = run("quote", "--config", config, *trip)
        self.assertEqual(code, 0)
        second = json.loads(out)["tariff"]["release"]
        self.assertIn(f"tariff 'edited' version 1 is {second} now, but the ledger keeps another content of that version, {first}; ", fault)
        self.assertEqual(len(fault.splitlines()), 1, fault)
        edited = path.read_text()
        for content, release, other, why in ((edited, second, None, "it is accepted"), (json.dumps(old), first, second, "the original is back"),
                                             (json.dumps(old), first, None, "it stays"), (edited, second, first, "edited once more")):
            with self.subTest(why=why):
                path.write_text(content)
                code, out, fault = run("quote", "--config", config, *trip)
                self.assertEqual((code, json.loads(out)["tariff"]["release"]), (0, release))
                self.assertEqual(len(fault.splitlines()), 0 if other is None else 1, fault)
                self.assertIn(f"{release} now, but the ledger keeps another content of that version, {other}; " if other else "", fault)

    def test_a_batch_names_column_and_key_of_each_fault(self):
        trips = self.folder / "bad.csv"
        trips.write_text("from_lat,from_lon,to_lat,to_lon,context\n"
                         f'{HERE[0]},{HERE[1]},{THERE[0]},{THERE[1]},"{{""wether"":[""rain""]}}"\n'
                         f",{HERE[1]},{THERE[0]},east,\n"
                         f"{HERE[0]},{HERE[1]},{THERE[0]},{THERE[1]},rain\n"
                         f"{HERE[0]},{HERE[1]},91,0,\n")
        code, out, fault = run("quote", "--config", self.settings, "--trips", trips)
        self.assertEqual(code, 1)
        rows = list(csv.DictReader(out.splitlines()))
        for says in (f"{trips}:2#context/wether: ", f"{trips}:3#from_lat: '' is no latitude of the pickup; ", f"{trips}:3#to_lon: 'east' is no longitude of the drop-off; ",
                     f"{trips}:4#context", f"{trips}:5#to_lat,to_lon: latitude 91"):
            self.assertIn(f"error: {says}", fault)
        self.assertNotIn("swapped", fault)
        self.assertTrue(rows[0]["message"].startswith("context/wether: is not known here; "), rows[0]["message"])
        self.assertRegex(rows[1]["message"], r"^from_lat: .* \| to_lon: ")
        self.assertTrue(rows[2]["message"].startswith("context:1:"), rows[2]["message"])

    def test_a_draft_prices_no_quote(self):
        draft = json.loads(self.old.read_text()) | {"status": "draft"}
        (self.folder / "draft.json").write_text(json.dumps(draft))
        code, _, fault = run("quote", "--config", self.config("d.json", tariffs=["draft.json"]),
                             "--from", f"{HERE[0]},{HERE[1]}", "--to", f"{THERE[0]},{THERE[1]}")
        self.assertEqual(code, 2)
        self.assertIn("a draft", fault)

    def test_a_zone_table_prices_with_its_own_distance_and_verifies(self):
        west, south, east, north = 125.5, 36.8, 125.9, 37.1
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        tariff = {"id": "zones", "version": 1, "currency": "KRW", "time_zone": "Asia/Seoul", "valid_from": "2022-01-01T00:00:00+09:00",
                  "distance": {"basis": "zone", "layer": "zone", "table": [{"from": "city", "to": "city", "distance_m": 2500}]},
                  "base": {"price": 3000, "up_to_m": 2000}, "steps": [{"beyond_m": 2000, "length_m": 500, "price": 400}], "vat": None,
                  "zones": {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"zone": "city"},
                            "geometry": {"type": "Polygon", "coordinates": [ring]}}]}}
        (self.folder / "zones.json").write_text(json.dumps(tariff))
        config = self.config("zones-config.json", tariffs=["zones.json"])
        code, out, fault = run("quote", "--config", config, "--from", f"{HERE[0]},{HERE[1]}", "--to", f"{THERE[0]},{THERE[1]}", "--json")
        self.assertEqual((code, fault), (0, ""))
        quote = json.loads(out)
        self.assertEqual((quote["fee"]["total"], quote["distance"]["distance_m"], quote["distance"]["source"]), (3400, 2500, "zone"))
        code, out, _ = run("verify", "--ledger", f"sqlite:{self.folder}/zones-config.json.db")
        self.assertEqual((code, "0 differences" in out), (0, True))
        code, _, fault = run("quote", "--config", config, "--from", "35.0,129.0", "--to", "35.01,129.0")
        self.assertEqual(code, 2)
        self.assertIn("no entry", fault)


if __name__ == "__main__":
    unittest.main()
