#pragma once

// Turn restrictions that lead over ways: from one way, along others, to another way.

#include "reckon/road/road_data.h"

namespace reckon::road {

/// Finds, for each rule of data.way_turns, the nodes that it leads along: from the one where `from` meets the
/// first via way to the one where the last via way meets `to`. Rules whose members do not meet, or meet so
/// that more than one path fits them, are taken out and counted as broken. Cost: the lengths of the ways that
/// they name.
void resolve_way_turns(RoadData& data);

}  // namespace reckon::road
