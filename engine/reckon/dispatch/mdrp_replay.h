#pragma once

// A simulated day as one HTML file: riders move over a plane of metres, orders wait and are brought, a slider
// moves the time. Self-contained; it may load nothing from anywhere.

#include <string>

#include "reckon/dispatch/mdrp.h"

namespace reckon::dispatch::mdrp {

/// About 60 bytes for each order and each ride, beside 6 kB for the page.
std::string replay_html(const Instance& instance, const Day& day);

}  // namespace reckon::dispatch::mdrp
