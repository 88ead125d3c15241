#pragma once

// A dispatcher's options as the head of its decision log tells them. Internal to this room.

#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/dispatch/dispatcher.h"

namespace reckon::dispatch {

/// Members of the object that the writer is in.
void write_options(base::JsonWriter& json, const DispatcherOptions& options);

/// Reads what write_options wrote; what is missing or out of range is in the node's faults, and then nothing
/// counts.
DispatcherOptions read_options(const base::JsonNode& head);

}  // namespace reckon::dispatch
