#pragma once

// Reasons as text: one line of JSON for the auditor.

#include <string>

#include "reckon/dispatch/live.h"

namespace reckon::dispatch {

/// {"at","order","rider","before","sentence","candidates":[{"rider","total","failed",…,"pickup","drop","excluded"}]}
std::string reason_json(Seconds at, const Reason& reason);

}  // namespace reckon::dispatch
