"""What an embedder does: install, find_package(reckon), compile the example, price a trip."""

import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from program import BUILD, HERE, SOURCE, THERE, CityTest  # noqa: E402


class Embedding(CityTest):
    def test_the_example_builds_against_the_installed_library_and_prices_a_trip(self):
        prefix, build = self.folder / "prefix", self.folder / "embed"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, capture_output=True)
        subprocess.run(["cmake", "-S", SOURCE / "docs/examples/embed", "-B", build, "-G", "Ninja",
                        f"-DCMAKE_PREFIX_PATH={prefix}"], check=True, capture_output=True)
        subprocess.run(["cmake", "--build", build], check=True, capture_output=True)
        out = subprocess.run([build / "embed", self.map, SOURCE / "data/tariffs/t4-rider-2022.json",
                              f"{HERE[0]},{HERE[1]}", f"{THERE[0]},{THERE[1]}"], check=True, capture_output=True, text=True)
        self.assertEqual(json.loads(out.stdout)["distance"]["source"], "road")


if __name__ == "__main__":
    unittest.main()
