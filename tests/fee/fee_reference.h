#pragma once

// The fee once more, slowly: straight from the JSON of a tariff and of a delivery, in rational numbers of any
// size, written from docs/tariff.md. Shares no code with the engine.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace reckon::test {

struct ReferenceFee {
  std::string refused;  ///< where the refusal stands; empty = priced
  std::int64_t total = 0;
  std::optional<std::int64_t> vat;
  std::vector<std::pair<std::string, std::int64_t>> lines;  ///< rule, amount
  std::optional<std::int64_t> rider_pay = {};
};

/// A parsed tariff for many deliveries.
class ReferenceTariff {
 public:
  explicit ReferenceTariff(const std::string& json);
  ~ReferenceTariff();
  ReferenceTariff(const ReferenceTariff&) = delete;
  ReferenceTariff& operator=(const ReferenceTariff&) = delete;

  /// @param delivery  JSON as in a tariff's vectors: `distance_m`, `context`, `from`, `to`; `context.at`
  /// given
  ReferenceFee price(const std::string& delivery) const;

 private:
  struct State;
  State* state_;
};

}  // namespace reckon::test
