// libFuzzer: any bytes as a file of corrections. Whatever is read says the same when it is written and read
// again. Seeds: the examples of docs/corrections.md.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "reckon/road/overlay.h"

using namespace reckon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto overlay = road::parse_overlay({reinterpret_cast<const char*>(data), size}, "o");
  if (!overlay) return 0;
  const auto again = road::parse_overlay(road::overlay_text(*overlay), "again");
  if (!again || again->release() != overlay->release()) std::abort();
  for (const auto& one : overlay->corrections) {
    if (!one.from) continue;
    const auto next = overlay->next_change(*one.from);
    if (next && *next <= *one.from) std::abort();
    if (overlay->at(*one.from).corrections.size() > overlay->corrections.size()) std::abort();
  }
  return 0;
}
