#pragma once

// How a line of a fee is written: all of it but its amount and its count follows from the tariff, and is made
// once, when the tariff is compiled. Inside the room, for plan.h and price.cc.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "reckon/fee/tariff.h"

namespace reckon::base {
class JsonPen;
}

namespace reckon::fee {

enum class LineKind : std::uint8_t {
  kBase,
  kTable,  ///< base and distance by the zone table
  kStep,
  kDistanceRounding,
  kSurcharge,
  kGroupMaximum,
  kSurchargeMaximum,
  kSurchargeRounding,
  kPromotion,
  kPromotionMaximum,
  kMinimum,
  kMaximum,
  kRounding,
  kPickup,
  kDrop,
  kExtraStop,
  kLegs,
  kCancellation,
  kReturn,
};
inline constexpr std::size_t kLineKinds = 19;

/// One line of a fee; which rule gave it, and how much.
struct FeeLine {
  LineKind kind = LineKind::kBase;
  std::uint32_t index =
      0;  ///< of the step, surcharge, promotion, group, table or outcome entry in the tariff
  std::int64_t count =
      0;  ///< started lengths (kStep), started units (`per`), metres (pro-rata steps, kLegs), stops
  Money amount;
};

/// The sentence of a line: `before`, and, where something is counted, the count and what stands behind it.
struct LineWords {
  std::string before;
  bool counted = false;
  std::string after_one = {}, after_many = {};
};

/// @param kind, index  of a line that `tariff` can have
LineWords line_words(const Tariff& tariff, LineKind kind, std::uint32_t index);

/// The lines of a tariff as pieces of JSON. Immutable; any thread.
class LineForms {
 public:
  LineForms() = default;
  explicit LineForms(const Tariff& tariff);

  /// `[{"rule","type","amount","text"},…]` for lines of the tariff that the forms were made of.
  base::JsonPen write(base::JsonPen json, const Tariff& tariff, const std::vector<FeeLine>& lines) const;

 private:
  struct Form {
    std::string head;  // up to the amount
    std::string text;  // behind it, up to the count if there is one
    bool counted = false;
    std::string after_one, after_many;
  };
  static Form make(const Tariff& tariff, LineKind kind, std::uint32_t index);
  static base::JsonPen write(base::JsonPen json, const Form& form, const FeeLine& line);

  std::vector<Form> forms_;
  std::array<std::uint32_t, kLineKinds + 1> first_ = {};  // of each kind's forms, by index
};

}  // namespace reckon::fee
