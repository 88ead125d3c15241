#include "reckon/service/corrections.h"

#include <utility>

#include "reckon/base/file.h"
#include "reckon/base/limits.h"

namespace reckon::service {

base::Result<road::MapSet> Corrections::read(const road::MapSet& maps) {
  read_ = base::stamp_of(file_);  // before reading: a change meanwhile is seen the next time
  const auto bytes = base::read_file(file_, base::kMaxConfigBytes);
  if (!bytes) return base::fail(bytes.error());
  auto overlay = road::parse_overlay(*bytes, file_.string());
  if (!overlay) return base::fail(overlay.error());
  if (auto checked = maps.check(*overlay, file_.string()); !checked) return base::fail(checked.error());
  const auto now = clock_->wall_now();
  auto under = maps.under(overlay->at(now));
  overlay_ = std::move(*overlay);
  next_change_ = overlay_.next_change(now);
  return under;
}

base::Result<std::unique_ptr<Corrections>> Corrections::open(std::filesystem::path file, road::MapSet maps,
                                                             const base::Clock& clock) {
  std::unique_ptr<Corrections> made(new Corrections(std::move(file), clock));
  auto under = made->read(maps);
  if (!under) return base::fail(under.error());
  made->roads_ = std::make_shared<road::LiveRoads>(std::move(*under));
  return made;
}

base::Result<bool> Corrections::look() {
  const auto current = roads_->current();
  const auto now = clock_->wall_now();
  if (base::stamp_of(file_) != read_) {
    auto under = read(*current);
    if (!under) return base::fail(under.error());
    roads_->put(std::move(*under));
    return true;
  }
  if (!next_change_ || now < *next_change_) return false;
  next_change_ = overlay_.next_change(now);
  roads_->put(current->under(overlay_.at(now)));
  return true;
}

}  // namespace reckon::service
