"""Couriers by bicycle: the recipe of docs/providers.md, tried with the stand-in; and a stand-in that none of them could ask."""

import json
import re
import unittest

from program import SOURCE, CityTest, Server, run

TRIP = ["--from", "36.93,125.63", "--to", "36.94,125.65"]
ENV = {"ORS_KEY": "any"}


class Bicycles(CityTest):
    vehicles = "motorcycle,bicycle"

    def recipe(self, port):
        """The configuration that the page prints, with the stand-in's address and a tariff that is there."""
        page = (SOURCE / "docs/providers.md").read_text(encoding="utf-8")
        printed = json.loads(re.search(r'(?ms)^    (\{ "map": .*?\} \] \})$', page.split("## Bicycles")[1])[1])
        for entry in printed["providers"]:
            entry["base_url"] = f"http://127.0.0.1:{port}"
        return self.config("bicycles.json", **{**printed, "tariffs": [str(SOURCE / "data/tariffs/t4-rider-2022.json")]})

    def quote(self, config, *words):
        code, out, err = run("quote", "--config", config, *TRIP, "--json", *words, env=ENV)
        self.assertEqual(code, 0, err)
        return json.loads(out)["distance"]

    def test_the_recipe_prices_bicycles_and_leaves_motorcycles_to_others(self):
        sim = Server("provider-sim", "--map", self.map, "--vehicle", "bicycle", "--api", "openrouteservice,osrm", "--port", 0)
        self.addCleanup(sim.stop)
        config = self.recipe(sim.port)
        code, out, err = run("provider", "check", "--config", config, env=ENV)
        self.assertEqual(code, 0, out + err)
        self.assertIn("ok   ors (openrouteservice) works", out)
        self.assertIn("ok   own-bikes (osrm) works", out)
        told = self.quote(config)
        self.assertEqual((told["source"], told["distance_m"]), ("provider:ors", 2863))
        self.assertEqual([why["reason"] for why in self.quote(config, "--vehicle", "motorcycle")["why_not"]], ["vehicle"] * 2)
        sim.stop()
        told = self.quote(config)
        self.assertEqual((told["source"], told["distance_m"]), ("road", 2863))

    def test_a_stand_in_says_which_of_its_apis_know_no_bicycles(self):
        words = ["provider-sim", "--map", self.map, "--vehicle", "bicycle", "--port", 0, "--api"]
        code, out, err = run(*words, "kakao,tmap")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("--api: kakao, tmap: not for bicycle, so that nobody will ask there; for bicycle: google, osrm, valhalla, "
                      "graphhopper, openrouteservice", err)
        sim = Server(*words, "kakao,osrm")
        sim.process.terminate()
        self.assertIn("warning: --api: kakao: not for bicycle", sim.process.communicate(timeout=60)[1])
        self.assertEqual(sim.process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
