#include "reckon/service/config.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "reckon/base/file.h"
#include "reckon/service/quote_engine.h"

using namespace reckon;

namespace {

class ConfigFolder {
 public:
  ConfigFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "reckon-config-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  ~ConfigFolder() { std::filesystem::remove_all(folder_); }
  ConfigFolder(const ConfigFolder&) = delete;
  ConfigFolder& operator=(const ConfigFolder&) = delete;

  base::Result<service::Config> read(const std::string& json) const {
    REQUIRE(base::write_file_atomically(folder_ / "c.json", json));
    return service::read_config(folder_ / "c.json");
  }
  std::filesystem::path path(const std::string& name) const { return folder_ / name; }

 private:
  std::filesystem::path folder_;
};

}  // namespace

TEST_CASE("read_config: relative paths are relative to the file, absolute ones stay") {
  const ConfigFolder folder;
  const auto config = folder
                          .read(R"({"map":"city.rmap","tariffs":["a/b.json","/c.json"],"ledger":"sqlite:x.db",
    "listen":"0.0.0.0:0","vehicle":"foot","deadline_ms":250,
    "providers":[{"name":"k","kind":"kakao","base_url":"https://x","key_env":"K"}]})")
                          .value();
  CHECK(config.maps == std::vector{folder.path("city.rmap")});
  CHECK(folder.read(R"({"map":["a.rmap","/b.rmap"],"tariffs":["t.json"]})")->maps ==
        std::vector{folder.path("a.rmap"), std::filesystem::path("/b.rmap")});
  CHECK(config.tariffs[0] == folder.path("a/b.json"));
  CHECK(config.tariffs[1] == "/c.json");
  CHECK(config.ledger == "sqlite:" + folder.path("x.db").string());
  CHECK(config.listen_host == "0.0.0.0");
  CHECK(config.listen_port == 0);
  CHECK(config.vehicle == base::Vehicle::kFoot);
  CHECK(config.deadline == std::chrono::milliseconds{250});
  CHECK(config.providers[0].key_env == "K");
}

TEST_CASE("read_config: each fault is named with its place") {
  struct Row {
    std::string json, where;
  };
  const ConfigFolder folder;
  for (const Row& row :
       {Row{R"({"colour":1})", "#/colour"}, Row{R"({"deadline_ms":0})", "#/deadline_ms"},
        Row{R"({"listen":"8080"})", "#/listen"}, Row{R"({"listen":"h:70000"})", "#/listen"},
        Row{R"({"ledger":"mysql:x"})", "#/ledger"}, Row{R"({"vehicle":"tank"})", "#/vehicle"},
        Row{R"({"tariffs":"a"})", "#/tariffs"}, Row{R"({"providers":[{}]})", "#/providers/0/name"},
        Row{R"({"providers":[{"name":"a","kind":"osrm","base_url":"x","key":"secret"}]})",
            "#/providers/0/key"},
        Row{R"({"map":"a","map":"b"})", "#/map"}, Row{"{", ":1:2"}}) {
    CAPTURE(row.json);
    const auto config = folder.read(row.json);
    REQUIRE_FALSE(config);
    CHECK_MESSAGE(config.error().where.ends_with("c.json" + row.where), config.error().where);
  }
  CHECK(service::read_config(folder.path("none.json")).error().code == base::ErrorCode::kEnvironment);
}

TEST_CASE("read_config: what may be kept, learned and spent of a provider") {
  const ConfigFolder folder;
  const auto config = folder
                          .read(R"({"answers_mb":3,"recalibrate_hours":0,"providers":[
    {"name":"k","kind":"kakao","base_url":"https://x","daily_calls":1000,"peak_reserve":400,
     "peak_hours":[["11:00","13:30"],["17:00","24:00"]],"learn":false},
    {"name":"o","kind":"osrm","base_url":"http://y"}]})")
                          .value();
  CHECK(config.answers_bytes == 3 << 20);
  CHECK(config.recalibrate_hours == 0);
  const auto& kakao = config.providers[0];
  CHECK(kakao.remember_days == 0);  // the strictest reading of a hosted provider's terms
  CHECK_FALSE(kakao.learn);
  CHECK(kakao.quota.calls == 1000);
  CHECK(kakao.quota.reserve == 400);
  REQUIRE(kakao.quota.peaks.size() == 2);
  CHECK(kakao.quota.peaks[0].to == std::chrono::minutes{13 * 60 + 30});
  CHECK(kakao.quota.peaks[1].to == std::chrono::hours{24});
  CHECK(config.providers[1].remember_days == 365);
  CHECK(config.providers[1].learn);
  CHECK(config.providers[1].quota.calls == 0);
  const auto bad = folder.read(R"({"answers_mb":0,"recalibrate_hours":-1,"providers":[
    {"name":"k","kind":"kakao","base_url":"https://x","daily_calls":10,"peak_reserve":11,"peak_hours":[["18:00","17:00"]]},
    {"name":"l","kind":"kakao","base_url":"https://x","daily_calls":10,"peak_reserve":1,"peak_hours":[["25:00","7"],["08:00"]]},
    {"name":"m","kind":"kakao","base_url":"https://x","daily_calls":10,"peak_reserve":1}]})");
  REQUIRE_FALSE(bad);
  const auto faults = bad.error().all();
  for (const std::string where :
       {"#/answers_mb", "#/recalibrate_hours", "#/providers/0/peak_reserve", "#/providers/0/peak_hours/0",
        "#/providers/1/peak_hours/0/0", "#/providers/1/peak_hours/0/1", "#/providers/1/peak_hours/1",
        "#/providers/2/peak_reserve"}) {
    CAPTURE(where);
    CHECK(std::ranges::any_of(faults, [&](const auto& one) { return one.where.ends_with(where); }));
  }
}

TEST_CASE("open_parts: missing files and keys are all told in one run") {
  const ConfigFolder folder;
  const auto config = folder
                          .read(R"({"map":"none.rmap","tariffs":["none.json"],"providers":[
    {"name":"k","kind":"kakao","base_url":"https://127.0.0.1:1","key_env":"NOT_SET"},
    {"name":"h","kind":"here","base_url":"https://127.0.0.1:1"}]})")
                          .value();
  const base::SystemClock clock;
  const auto parts = service::open_parts(
      config, [](const std::string&) { return std::nullopt; }, clock);
  REQUIRE_FALSE(parts);
  CHECK(parts.error().code == base::ErrorCode::kEnvironment);
  CHECK(parts.error().all().size() >= 4);
}
