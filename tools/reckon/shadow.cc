// `reckon shadow report`: what fees would have been without the provider, from the ledger.

#include "reckon/ledger/shadow.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "commands.h"
#include "reckon/base/file.h"
#include "shadow_page.h"

namespace reckon::cli {
namespace {

int run_shadow_report(const Args& args) {
  ledger::ShadowSpan span;
  if (const auto text = args.get("since")) {
    const auto time = base::parse_rfc3339(*text, "--since");
    if (!time) return report(time.error());
    span.since = *time;
  }
  const auto ledger = ledger::Ledger::open(*args.get("ledger"), {.mode = ledger::Ledger::Mode::kReadOnly});
  if (!ledger) return report(ledger.error());
  auto reports = [&] {
    Progress progress;
    return ledger::shadow_reports(**ledger, span, args.get_or("provider", ""), [&](auto done, auto all) {
      progress.show("comparing quotes", static_cast<double>(done) / static_cast<double>(all));
    });
  }();
  if (!reports) return report(reports.error());
  if (const auto provider = args.get("provider");
      provider && std::ranges::find(reports->providers, *provider) == reports->providers.end()) {
    return report(
        {base::ErrorCode::kInvalidInput, "--provider",
         fmt::format("'{}' measured none of {} quotes; {}", *provider, reports->rows,
                     reports->providers.empty()
                         ? std::string("nor did any other provider")
                         : fmt::format("those that did: {}", fmt::join(reports->providers, ", ")))});
  }
  if (const auto file = args.get("html")) {
    if (const auto written = base::write_file_atomically(std::string(*file), shadow_html(*reports)); !written)
      return report(written.error());
  }
  return deliver(args, args.has("json") ? shadow_json(*reports) : shadow_text(*reports));
}

}  // namespace

std::vector<Command> shadow_commands() {
  return {{"shadow report",
           "what fees would have been without the provider",
           "",
           0,
           0,
           {{"ledger", "URL", "where the quotes are, such as sqlite:reckon.db"},
            {"provider", "NAME", "of this one only"},
            {"since", "TIME", "quotes made from then on, RFC 3339 with offset"},
            {"html", "FILE", "also writes a page with plots"},
            {"out", "FILE", "where the answer goes (stdout)"},
            {"json", "", "one JSON document"}},
           {"ledger"},
           run_shadow_report}};
}

}  // namespace reckon::cli
