#pragma once

// Faults of a file's rows, from whoever finds them: the first by line are kept, the others counted.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reckon/base/result.h"

namespace reckon::ledger {

/// At most base::kMaxFaults of one finder's, in the order in which they were added.
class RowFaults {
 public:
  void add(std::string where, std::string what);
  void add(std::vector<base::Fault> faults);
  /// Counts faults that their finder did not keep; all that it kept must be added before.
  void add_untold(std::size_t count) { count_ += count; }
  /// Takes up another finder's; then they stand by the line that `where` names (`<name>:<line>…`), the first
  /// kept.
  void merge(RowFaults other, std::string_view name);

  bool empty() const { return count_ == 0; }
  const std::vector<base::Fault>& list() const { return faults_; }
  /// All of them, and how many more there are; must not be called when empty.
  base::Error error(base::ErrorCode code) const;

 private:
  std::vector<base::Fault> faults_;
  std::size_t count_ = 0;
};

}  // namespace reckon::ledger
