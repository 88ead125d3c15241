#include "reckon/ledger/row_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "reckon/base/limits.h"

namespace reckon::ledger {
namespace {

// The line of `<name>:<line>…`; 0 of what is of the whole file.
std::size_t line_of(std::string_view where, std::string_view name) {
  if (!where.starts_with(name) || where.size() <= name.size() + 1 || where[name.size()] != ':') return 0;
  std::size_t line = 0;
  std::from_chars(where.data() + name.size() + 1, where.data() + where.size(), line);
  return line;
}

}  // namespace

void RowFaults::add(std::string where, std::string what) {
  ++count_;
  if (faults_.size() < base::kMaxFaults) faults_.push_back({std::move(where), std::move(what)});
}

void RowFaults::add(std::vector<base::Fault> faults) {
  for (auto& fault : faults) add(std::move(fault.where), std::move(fault.message));
}

void RowFaults::merge(RowFaults other, std::string_view name) {
  count_ += other.count_;
  std::ranges::move(other.faults_, std::back_inserter(faults_));
  std::ranges::stable_sort(faults_, {}, [&](const base::Fault& fault) { return line_of(fault.where, name); });
  faults_.resize(std::min(faults_.size(), base::kMaxFaults));
}

base::Error RowFaults::error(base::ErrorCode code) const {
  auto faults = faults_;
  if (count_ > faults.size())
    faults.push_back({"further", fmt::format("{} more of them are not told; clear these up first",
                                             count_ - faults.size())});
  return base::error_of(code, std::move(faults));
}

}  // namespace reckon::ledger
