#include "reckon/distance/distance.h"

namespace reckon::distance {

std::string Source::label() const {
  switch (kind) {
    case SourceKind::kProvider:
      return "provider:" + name;
    case SourceKind::kMemory:
      return "memory:" + name;
    case SourceKind::kRoad:
      return "road";
    case SourceKind::kGeodesic:
      return "geodesic";
    case SourceKind::kZone:
      return "zone";
    case SourceKind::kOperator:
      return "operator";
  }
  return "unknown";
}

}  // namespace reckon::distance
