#pragma once

// What an embedder needs first: open what a configuration names, quote a trip, keep the record.
// docs/examples/embed/ shows it in forty lines.

#include "reckon/base/clock.h"
#include "reckon/geo/lat_lng.h"
#include "reckon/ledger/ledger.h"
#include "reckon/road/road_map.h"
#include "reckon/service/config.h"
#include "reckon/service/quote_engine.h"
#include "reckon/version.h"
