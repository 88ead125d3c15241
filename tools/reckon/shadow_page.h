#pragma once

// The shadow report as text, as JSON and as a page with plots.

#include <string>

#include "reckon/ledger/shadow.h"

namespace reckon::cli {

std::string shadow_text(const ledger::ShadowReports& reports);
/// One document; the contract of `reckon shadow report --json` stands in docs/parity.md.
std::string shadow_json(const ledger::ShadowReports& reports);
/// A page complete in itself: no scripts, nothing fetched.
std::string shadow_html(const ledger::ShadowReports& reports);

}  // namespace reckon::cli
