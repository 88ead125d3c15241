// Providers' answers on disk: kept over a restart, within a budget, forgotten when terms want it.

#include "reckon/ledger/answer_store.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "road/drawn_map_fixture.h"

using namespace reckon;
using distance::PastAnswer;
using ledger::AnswerStore;

namespace {

PastAnswer answer(std::int64_t number, const std::string& provider = "kakao") {
  const auto off = static_cast<std::int32_t>(number % 100'000) * 10;
  return {provider,
          base::Vehicle::kCar,
          geo::LatLng::from_e7(375'000'000 + off, 1'270'000'000 - off),
          geo::LatLng::from_e7(376'000'000 - off, 1'271'000'000 + off),
          {1000 + number},
          base::Seconds{200 + number},
          base::WallTime{std::chrono::seconds{1'700'000'000 + number}}};
}

std::vector<PastAnswer> all_of(const AnswerStore& store) {
  std::vector<PastAnswer> all;
  REQUIRE(store.for_each([&](const PastAnswer& one) {
    all.push_back(one);
    return true;
  }));
  return all;
}

}  // namespace

TEST_CASE("answers are there after a restart, in order and whole") {
  const test::TempFolder folder;
  const auto path = (folder / "answers.db").string();
  {
    const auto store = AnswerStore::open(path);
    REQUIRE(store);
    REQUIRE((*store)->append({answer(1), answer(2, "tmap")}));
    REQUIRE((*store)->append({answer(3)}));
  }
  const auto store = AnswerStore::open(path);
  REQUIRE(store);
  const auto all = all_of(**store);
  REQUIRE(all.size() == 3);
  const auto second = answer(2, "tmap");
  CHECK(all[1].provider == "tmap");
  CHECK(all[1].vehicle == second.vehicle);
  CHECK(all[1].from == second.from);
  CHECK(all[1].to == second.to);
  CHECK(all[1].metres == second.metres);
  CHECK(all[1].duration == second.duration);
  CHECK(all[1].at == second.at);
}

TEST_CASE("a provider's answers older than its terms allow are forgotten, no others") {
  const test::TempFolder folder;
  const auto store = AnswerStore::open((folder / "answers.db").string());
  REQUIRE(store);
  REQUIRE((*store)->append({answer(1), answer(2, "tmap"), answer(3), answer(4)}));
  REQUIRE((*store)->forget("kakao", answer(3).at));
  const auto all = all_of(**store);
  REQUIRE(all.size() == 3);
  CHECK(all[0].provider == "tmap");
  CHECK(all[1].metres == answer(3).metres);
}

TEST_CASE("the store stays within its budget: the oldest answers go") {
  const test::TempFolder folder;
  const auto path = folder / "answers.db";
  constexpr std::int64_t kBudget = 1 << 20;
  {
    const auto store = AnswerStore::open(path.string(), kBudget);
    REQUIRE(store);
    for (std::int64_t first = 0; first < 40'000; first += 1000) {
      std::vector<PastAnswer> some;
      for (std::int64_t i = first; i < first + 1000; ++i) some.push_back(answer(i));
      REQUIRE((*store)->append(some));
    }
    const auto all = all_of(**store);
    CHECK(all.size() > 5000);
    CHECK(all.back().metres == answer(39'999).metres);
    CHECK(all.front().metres == answer(40'000 - static_cast<std::int64_t>(all.size())).metres);
  }
  const auto bytes = std::filesystem::file_size(path);
  MESSAGE("bytes on disk ", bytes);
  CHECK(bytes <= static_cast<std::uintmax_t>(kBudget));
}

TEST_CASE("what is no store is refused and left as it was") {
  const test::TempFolder folder;
  const auto path = folder / "answers.db";
  const std::string text(5000, 'x');
  std::ofstream(path) << text;
  const auto store = AnswerStore::open(path.string());
  REQUIRE_FALSE(store);
  CHECK(store.error().code == base::ErrorCode::kCorrupt);
  CHECK(std::filesystem::file_size(path) == text.size());
}
