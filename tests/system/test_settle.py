"""Settlement at a shell: deliveries in, days closed, statements out; a close that is killed in its middle."""

import csv
import datetime
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from program import RECKON, SOURCE, run  # noqa: E402

TERMS = SOURCE / "data/settlement/terms-example.json"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class Shop(unittest.TestCase):
    """A ledger with quotes of real trips (no map: straight lines), books with terms."""

    quotes = 12

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.books = f"sqlite:{self.folder}/books.db"
        self.ledger = f"sqlite:{self.folder}/reckon.db"
        config = {"tariffs": [str(SOURCE / "data/tariffs/t1-seoul-500m.json")], "ledger": "sqlite:reckon.db"}
        (self.folder / "config.json").write_text(json.dumps(config))
        rows = [f"37.5,127.0,{37.51 + 0.0001 * (i % 300):.4f},127.0" for i in range(self.quotes)]
        (self.folder / "trips.csv").write_text("from_lat,from_lon,to_lat,to_lon\n" + "\n".join(rows) + "\n")
        self.done("quote", "--config", self.folder / "config.json", "--trips", self.folder / "trips.csv", "--out", self.folder / "q.csv")
        with open(self.folder / "q.csv", newline="", encoding="utf-8") as file:
            self.priced = list(csv.DictReader(file))
        self.at = datetime.datetime.now(datetime.timezone.utc).isoformat()
        self.done("settle", "terms", TERMS, "--books", self.books, "--by", "kim")

    def done(self, *words):
        code, out, fault = run(*words)
        self.assertEqual((code, fault if "priced" not in fault else ""), (0, ""), words)
        return out

    def settle(self, command, *words):
        return self.done("settle", command, *words, "--books", self.books)

    def deliveries(self, rows=None):
        path = self.folder / "delivered.csv"
        rows = rows or [(quote["quote_id"], f"s-{i % 3}", f"r-{i % 4}", f"b-{1 + i % 2}", self.at)
                        for i, quote in enumerate(self.priced)]
        path.write_text("quote_id,shop,rider,branch,delivered_at\n" + "".join(",".join(row) + "\n" for row in rows))
        return path

    def take_in(self):
        self.settle("import", self.deliveries(), "--ledger", self.ledger)
        return json.loads(self.settle("days", "--json"))["open"][0]["day"]


class Days(Shop):
    def test_a_day_from_deliveries_to_statements(self):
        self.settle("deposit", "--shop", "s-0", "--amount", 1_000_000, "--by", "kim", "--at", self.at)
        day = self.take_in()
        first = self.priced[0]
        self.settle("adjust", first["quote_id"], "--amount", 500, "--reason", "CHANGE_DISTANCE", "--by", "kim", "--note", "other gate")
        before = {who: json.loads(self.settle("statement", *who, "--open", "--json")) for who in (("--shop", "s-0"), ("--rider", "r-0"))}
        self.assertIn("(open)", self.settle("statement", "--shop", "s-0", "--open"))
        close = json.loads(self.settle("close", "--day", day, "--by", "kim", "--json"))
        self.assertEqual((close["documents"], close["sum"]), (14, 0))
        for who, told in before.items():  # what was told of the open day is what was posted
            self.assertTrue(all(line.pop("open") for line in told["lines"]))
            after = json.loads(self.settle("statement", *who, "--json"))
            self.assertFalse(any(line.pop("open") for line in after["lines"]))
            self.assertEqual(told, after)
        self.assertEqual(close["holds"], 8)  # s-1 and s-2 have no deposit: held, not refused
        mine = [quote for i, quote in enumerate(self.priced) if i % 3 == 0]
        owed = sum(int(quote["fee"]) + int(quote["vat"]) for quote in mine) + 550
        statement = json.loads(self.settle("statement", "--shop", "s-0", "--json"))
        self.assertEqual(statement["closing"], 1_000_000 - owed)
        self.assertEqual(sum(line["amount"] for line in statement["lines"]), statement["closing"] - statement["opening"])
        self.assertIn(("ADJUSTMENT", "CHANGE_DISTANCE"), [(line["entry"], line["reason"]) for line in statement["lines"]])
        self.assertIn("0 differences", self.settle("verify"))
        text = self.settle("statement", "--rider", "r-0")
        self.assertIn("WITHHOLDING", text)
        self.assertIn("insurance:accident", text)

    def test_exports_in_both_forms_say_the_same_and_sum_to_zero(self):
        self.settle("deposit", "--shop", "s-0", "--amount", 20_000, "--by", "kim", "--at", self.at)
        day = self.take_in()
        self.settle("close", "--day", day, "--by", "kim")
        out = self.folder / "out"
        self.settle("export", "--out", out)
        for one in ("shops/s-0", "riders/r-3", "branches/b-1", "others/head_office", "summary"):
            with self.subTest(one=one):
                with open(out / f"{one}.csv", newline="", encoding="utf-8") as file:
                    rows = list(csv.reader(file))
                self.assertEqual(cells(out / f"{one}.xlsx"), rows)
        with open(out / "summary.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(sum(int(row["closing"]) for row in rows), 0)
        self.assertGreater(len(rows), 12)

    def test_a_reopened_day_is_on_record_and_closes_otherwise(self):
        day = self.take_in()
        before = json.loads(self.settle("close", "--day", day, "--by", "kim", "--json"))
        code, _, fault = run("settle", "import", self.deliveries(), "--books", self.books, "--ledger", self.ledger)
        self.assertEqual((code, fault), (0, ""))  # all there already
        code, _, fault = run("settle", "deposit", "--shop", "s-0", "--amount", 5, "--by", "kim", "--at", self.at, "--books", self.books)
        self.assertEqual(code, 2)
        self.assertIn("are closed", fault)
        self.settle("reopen", "--day", day, "--by", "lee", "--reason", "deposit came late")
        self.settle("deposit", "--shop", "s-0", "--amount", 500_000, "--by", "kim", "--at", self.at)
        after = json.loads(self.settle("close", "--day", day, "--by", "lee", "--json"))
        self.assertNotEqual(after["balances_hash"], before["balances_hash"])
        self.assertIn("opened again at", self.settle("days"))
        self.assertIn("lee: deposit came late", self.settle("days"))
        self.assertIn("2 closes posted again, 0 differences", self.settle("verify"))

    def test_faults_of_an_import_are_told_with_their_lines_and_nothing_is_recorded(self):
        rows = [(self.priced[0]["quote_id"], "s-0", "r-0", "b-1", self.at), ("no-such-quote", "s-0", "r-0", "b-1", self.at)]
        path = self.deliveries(rows)
        code, _, fault = run("settle", "import", path, "--books", self.books, "--ledger", self.ledger)
        self.assertEqual(code, 2)
        self.assertIn(f"{path}:3: quote no-such-quote is not in the ledger", fault)
        self.assertEqual(json.loads(self.settle("days", "--json"))["open"], [])

    def test_bad_use_is_told(self):
        for words, says in (("close --day 2026-02-30 --by kim", "is no day"), ("close --day 2100-01-01 --by kim", "has not begun"),
                            ("pay --amount 5 --by kim", "names 0 holders"), ("statement --shop s --rider r", "names 2 accounts"),
                            ("statement --shop s", "no closed day"), ("adjust Q --amount 5 --reason ETC --by kim", "no recorded delivery"),
                            ("deposit --shop s/1 --amount 5 --by kim", "is no name"), ("deposit --shop s --amount 0 --by kim", "from 1 to"),
                            ("deposit --shop s --amount 5 --by kim --at 2100-01-01T00:00:00Z", "later than now")):
            with self.subTest(words=words):
                code, _, fault = run("settle", *words.split(), "--books", self.books)
                self.assertEqual(code, 2)
                self.assertIn(says, fault)


class Killed(Shop):
    quotes = 20_000

    def test_a_close_killed_in_its_middle_left_the_day_open_and_closes_the_same_later(self):
        day = self.take_in()
        whole = self.copy("whole")
        began = time.monotonic()
        expected = self.close(whole, day)
        took = time.monotonic() - began
        in_the_middle = 0
        for i in range(8):
            books = self.copy(f"killed-{i}")
            process = subprocess.Popen([RECKON, "settle", "close", "--books", f"sqlite:{books}", "--day", day, "--by", "kim"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if i % 2 == 0:  # when it has written so much of what is not committed yet
                self.await_wal(process, books, 1_000_000 * (i + 1))
            else:
                time.sleep(took * i / 8)
            written = wal_size(books)
            process.send_signal(signal.SIGKILL)
            killed = process.wait(timeout=60) == -signal.SIGKILL
            days = json.loads(self.done("settle", "days", "--json", "--books", f"sqlite:{books}"))
            closed = [one["day"] for one in days["closes"]] == [day]
            self.assertNotEqual(closed, [one["day"] for one in days["open"]] == [day])
            self.assertIn("0 differences", self.done("settle", "verify", "--books", f"sqlite:{books}"))
            in_the_middle += killed and not closed and written > 0
            if not closed:
                self.assertEqual(self.close(books, day)["balances_hash"], expected["balances_hash"])
        self.assertGreaterEqual(in_the_middle, 2)

    def test_of_two_closes_at_once_one_closes_and_the_other_is_told(self):
        day = self.take_in()
        words = [RECKON, "settle", "close", "--books", self.books, "--day", day, "--by", "kim"]
        both = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        told = [process.communicate(timeout=120) for process in both]
        self.assertEqual(sorted(process.returncode for process in both), [0, 2], told)
        self.assertIn("is closed already", "".join(fault for _, fault in told))
        self.assertIn("1 closes posted again, 0 differences", self.settle("verify"))

    def copy(self, name):
        path = self.folder / f"{name}.db"
        shutil.copy(self.folder / "books.db", path)
        return path

    def close(self, books, day):
        return json.loads(self.done("settle", "close", "--day", day, "--by", "kim", "--json", "--books", f"sqlite:{books}"))

    def await_wal(self, process, books, size):
        until = time.monotonic() + 60
        while process.poll() is None and wal_size(books) < size and time.monotonic() < until:
            time.sleep(0.001)


def wal_size(books):
    wal = f"{books}-wal"
    return os.path.getsize(wal) if os.path.exists(wal) else 0


def cells(path):
    """The first sheet of a workbook as rows of text."""
    with zipfile.ZipFile(path) as archive:
        root = xml.etree.ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
        shared = ["".join(text.text or "" for text in one.iter(SHEET + "t")) for one in root.iter(SHEET + "si")]
        rows = []
        width = 0
        for row in xml.etree.ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml")).iter(SHEET + "row"):
            found = {}
            for cell in row.iter(SHEET + "c"):
                value = cell.find(SHEET + "v").text
                found[ord(cell.get("r")[0]) - ord("A")] = shared[int(value)] if cell.get("t") == "s" else value
            width = max(width, *(place + 1 for place in found))
            rows.append([found.get(place, "") for place in range(width)])
        return rows


if __name__ == "__main__":
    unittest.main()
