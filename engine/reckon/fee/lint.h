#pragma once

// What a sound tariff says that its author hardly meant: gaps, rules that can never fire, rates on nothing,
// calendars that end.

#include <string>
#include <vector>

#include "reckon/fee/tariff.h"

namespace reckon::fee {

/// One remark; `where` is a JSON pointer into the file that was read.
struct Remark {
  std::string where;
  std::string message;  ///< "<what>; <what to do>"

  friend bool operator==(const Remark&, const Remark&) = default;
};

/// Remarks in the order of the file's parts. Cost: O(rules x declared names).
std::vector<Remark> lint(const Tariff& tariff);

}  // namespace reckon::fee
