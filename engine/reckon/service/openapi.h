#pragma once

// The interface described as OpenAPI 3.1: `GET /openapi.json`.

#include <string>

namespace reckon::service {

/// The document; constant for a version.
std::string openapi_document();

}  // namespace reckon::service
