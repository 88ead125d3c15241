// `reckon incidents list|show`: outages as the ledger has them. `reckon drill`: makes one on purpose.

#include "reckon/ledger/incidents.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "commands.h"
#include "reckon/base/csv.h"
#include "reckon/base/json_writer.h"
#include "reckon/fee/money.h"
#include "reckon/ledger/incident_quotes.h"
#include "reckon/ledger/why_not.h"
#include "reckon/service/config.h"
#include "reckon/service/quote_engine.h"
#include "reckon/service/quote_id.h"

namespace reckon::cli {
namespace {

using base::ErrorCode;
using ledger::CurrencyFees;
using ledger::FeeSum;
using ledger::Incident;
using ledger::IncidentQuotes;
using ledger::Ledger;
using std::chrono::seconds;

/// A server looks for orders every two seconds.
constexpr seconds kTakenUpWithin{10};
/// After its time a provider comes back by a probe and a ramp, as fast as quotes come.
constexpr seconds kBackWithin{120};
constexpr auto kLook = std::chrono::milliseconds{500};
constexpr std::int64_t kMostListed = 100'000;  // by one 'ledger list'
constexpr std::string_view kExact = "exact", kGuessed = "guessed";

/// Whether what is expected of guesses is told: exact fees have no such thing.
enum class Likeness : std::uint8_t { kLeft, kTold };

std::string span_of(const Incident& incident) {
  if (!incident.closed_at) return "not over";
  const auto length = std::chrono::duration_cast<seconds>(*incident.closed_at - incident.first_failure);
  return fmt::format("{} s", length.count());
}

std::string reasons_of(const Incident& incident) {
  std::string out;
  for (const auto& [reason, count] : incident.reasons)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, reason);
  return out.empty() ? "none" : out;
}

// A drill that keeps a share of the quotes away: the others ask the provider as ever.
bool is_partial_drill(const Incident& incident) {
  return incident.cause == "order" && incident.reason.starts_with("drill:");
}

// Why it ended, or of one that is open the last call on record: good ones are not recorded.
std::string ending_of(const Incident& incident) {
  if (incident.given_up) return "; not configured any more";
  if (incident.closed_at || !incident.last_asked || is_partial_drill(incident)) return {};
  return fmt::format("; last recorded call {}", base::format_rfc3339(*incident.last_asked));
}

void write_slow(base::JsonWriter& json, const ledger::SlowOpening& slow) {
  json.begin_object().key("operation").string(slow.operation).key("latency_us").integer(slow.latency_us);
  json.key("slow_after_us").integer(slow.slow_after_us).key("under_way").boolean(slow.under_way);
  json.key("slow_calls").integer(slow.slow_calls).key("calls").integer(slow.calls).end_object();
}

void write_time(base::JsonWriter& json, std::string_view key, const std::optional<base::WallTime>& time) {
  json.key(key);
  time ? json.string(base::format_rfc3339(*time)) : json.null();
}

void write_incident(base::JsonWriter& json, const Incident& incident) {
  json.key("id").string(incident.id).key("provider").string(incident.provider);
  json.key("cause").string(incident.cause).key("reason").string(incident.reason);
  json.key("first_failure").string(base::format_rfc3339(incident.first_failure));
  json.key("opened_at").string(base::format_rfc3339(incident.opened_at));
  write_time(json, "closed_at", incident.closed_at);
  if (incident.given_up) json.key("why_closed").string(ledger::kNotConfigured);
  write_time(json, "last_asked", incident.last_asked);
  if (incident.slow) write_slow(json.key("slow"), *incident.slow);
  json.key("failed").integer(incident.failed).key("reasons").begin_object();
  for (const auto& [reason, count] : incident.reasons) json.key(reason).integer(count);
  json.end_object();
}

void write_sum(base::JsonWriter& json, const FeeSum& sum, Likeness likeness) {
  json.key("quotes").integer(sum.quotes).key("total").integer(sum.total.minor);
  if (likeness == Likeness::kLeft) return;
  json.key("expected_same");
  if (sum.likened == 0) {
    json.null();
    return;
  }
  json.begin_object().key("share").number(std::round(sum.expected_share() * 1e4) / 1e4);
  json.key("quotes").integer(sum.likened).key("pairs").integer(sum.pairs).end_object();
}

void write_fees(base::JsonWriter& json, const CurrencyFees& fees) {
  json.begin_object().key("currency").string(fees.currency);
  write_sum(json, fees.all, Likeness::kLeft);
  json.key("guessed").begin_object();
  write_sum(json, fees.guessed, Likeness::kTold);
  json.end_object().key("rungs").begin_array();
  for (const auto& one : fees.rungs) {
    json.begin_object().key("rung").string(one.rung).key("exact").boolean(one.exact);
    write_sum(json, one.sum, one.exact ? Likeness::kLeft : Likeness::kTold);
    json.end_object();
  }
  json.end_array().end_object();
}

std::string json_of(const Incident& incident, const IncidentQuotes& quotes) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object();
  write_incident(json, incident);
  json.key("quotes").begin_object();
  for (const auto& [source, count] : quotes.sources) json.key(source).integer(count);
  json.end_object().key("fees").begin_array();
  for (const auto& fees : quotes.fees) write_fees(json, fees);
  json.end_array().key("unreadable").integer(quotes.unreadable).key("events").begin_array();
  for (const auto& event : incident.events) {
    json.begin_object().key("at").string(base::format_rfc3339(event.at)).key("kind").string(event.kind);
    json.key("detail").raw(event.detail).end_object();
  }
  json.end_array().end_object();
  return out + "\n";
}

std::string fee_line(std::string_view name, std::string_view footing, const FeeSum& sum,
                     const std::string& currency) {
  const auto known = fee::currency_from(currency);
  auto line = fmt::format("    {:<22} {:<8} {:>7} {:>20}", name, footing, sum.quotes,
                          known ? fee::readable(sum.total, *known) : std::to_string(sum.total.minor));
  if (footing == kExact) return line + "\n";
  if (sum.likened == 0 && name.starts_with("memory:"))
    return line + "   its own earlier answers; whether they hold is not on record\n";
  if (sum.likened == 0) return line + "   how many are the same is not on record\n";
  line += fmt::format("   {:.1f} % expected the same, by {}", 100 * sum.expected_share(),
                      counted(sum.pairs, "shadow", "shadows"));
  if (sum.likened < sum.quotes) line += fmt::format(" (of {} of them)", sum.likened);
  return line + "\n";
}

std::string fees_text(const Incident& incident, const IncidentQuotes& quotes, std::string_view url) {
  std::string out = quotes.fees.empty()
                        ? fmt::format("  no quote of that time concerns {}\n", incident.provider)
                        : std::string();
  std::int64_t guessed = 0;
  for (const auto& fees : quotes.fees) {
    out += fmt::format("  fees of {} that concern {}, without VAT\n",
                       counted(fees.all.quotes, "quote", "quotes"), incident.provider);
    for (const auto& one : fees.rungs)
      out += fee_line(one.rung, one.exact ? kExact : kGuessed, one.sum, fees.currency);
    if (std::ranges::count(fees.rungs, false, &ledger::RungFees::exact) > 1)
      out += fee_line("all guesses", kGuessed, fees.guessed, fees.currency);
    guessed += fees.guessed.quotes;
  }
  if (quotes.unreadable > 0)
    out += fmt::format("  {} could not be read; 'reckon verify' names them\n",
                       counted(quotes.unreadable, "quote", "quotes"));
  if (guessed == 0) return out + "\n";
  const auto until =
      incident.closed_at ? fmt::format(" --to {}", base::format_rfc3339(*incident.closed_at)) : "";
  out += fmt::format(
      "  which ones         reckon ledger list --ledger {} --missed {} --from {}{} --limit {}\n"
      "  how far off        reckon shadow report --ledger {}\n\n",
      url, incident.provider, base::format_rfc3339(incident.first_failure), until,
      std::min(guessed, kMostListed), url);
  return out;
}

std::string slow_text(const ledger::SlowOpening& slow) {
  const auto in_seconds = [](std::int64_t us) { return static_cast<double>(us) / 1e6; };
  return fmt::format(
      "  opened on          a slow call: {}, {:.3f} s{} (slow from {:.3f} s on); {} of {} were slow\n",
      slow.operation, in_seconds(slow.latency_us), slow.under_way ? " and not back yet" : "",
      in_seconds(slow.slow_after_us), slow.slow_calls, counted(slow.calls, "call", "calls"));
}

std::string text_of(const Incident& incident, const IncidentQuotes& quotes, std::string_view url) {
  std::string out = fmt::format("incident {}\n  {}: {}{}\n", incident.id, incident.provider, incident.reason,
                                incident.cause == "order" ? " (taken away on purpose)" : "");
  out += fmt::format(
      "  {}  {}\n  breaker opened     {}\n  over               {}\n",
      incident.slow ? "first bad call   " : "first failed call", base::format_rfc3339(incident.first_failure),
      base::format_rfc3339(incident.opened_at),
      (incident.closed_at ? base::format_rfc3339(*incident.closed_at) : "not yet") + ending_of(incident));
  out += fmt::format("  length             {}\n  failed calls       {}\n", span_of(incident),
                     reasons_of(incident));
  if (incident.slow) out += slow_text(*incident.slow);
  out += "  quotes             ";
  std::string told;
  for (const auto& [source, count] : quotes.sources)
    told += fmt::format("{}{} {}", told.empty() ? "" : ", ", count, source);
  out += (told.empty() ? "none" : told) + "\n\n" + fees_text(incident, quotes, url);
  for (const auto& event : incident.events)
    out += fmt::format("  {}  {:<8} {}\n", base::format_rfc3339(event.at), event.kind, event.detail);
  return out;
}

base::Result<std::unique_ptr<Ledger>> read_only(std::string_view url) {
  return Ledger::open(url, {.mode = Ledger::Mode::kReadOnly});
}

// The providers that the ledger, and what is learned beside it, have anything to tell of.
base::Result<std::set<std::string, std::less<>>> known_providers(const Ledger& ledger, std::string_view url,
                                                                 std::string_view sought) {
  auto known = ledger::providers_on_record(ledger, sought);
  if (!known) return known;
  const auto read = ledger.for_each_event(1, [&](const ledger::StoredEvent& stored) {
    known->insert(stored.event.provider);
    return true;
  });
  if (!read) return base::fail(read.error());
  service::Config beside;
  beside.ledger = url;
  if (const auto learned = service::learned_providers(beside))
    for (const auto& kept : *learned) known->insert(kept.provider);
  return known;
}

// Of a new installation nothing is known, and any name may be right.
base::Result<void> check_provider(const Ledger& ledger, std::string_view url, std::string_view name) {
  const auto known = known_providers(ledger, url, name);
  if (!known) return base::fail(known.error());
  if (known->empty()) return {};
  return check_on_record(
      {"--provider", name, "is known to neither this ledger nor what is learned beside it"}, *known);
}

int run_list(const Args& args) {
  const auto ledger = read_only(*args.get("ledger"));
  if (!ledger) return report(ledger.error());
  const auto all = ledger::incidents(**ledger, args.get_or("provider", ""));
  if (!all) return report(all.error());
  if (const auto provider = args.get("provider"); provider && all->empty())
    if (const auto known = check_provider(**ledger, *args.get("ledger"), *provider); !known)
      return report(known.error());
  std::string out;
  if (args.has("json")) {
    base::JsonWriter json(out);
    json.begin_object().key("incidents").begin_array();
    for (const auto& incident : *all) {
      json.begin_object();
      write_incident(json, incident);
      json.end_object();
    }
    json.end_array().end_object();
    out += "\n";
  } else {
    for (const auto& incident : *all)
      out += fmt::format("{}  {}  {:<12} {:<24} {:>10}  failed: {}{}\n", incident.id,
                         base::format_rfc3339(incident.first_failure), incident.provider, incident.reason,
                         span_of(incident), reasons_of(incident), ending_of(incident));
    if (all->empty()) {
      const auto provider = args.get("provider");
      out = provider ? fmt::format("no incidents of '{}'\n", *provider) : "no incidents\n";
      const auto others = provider ? ledger::incidents(**ledger) : all;
      std::set<std::string> names;
      if (others)
        for (const auto& incident : *others) names.insert(incident.provider);
      if (!names.empty()) out += fmt::format("there are incidents of: {}\n", fmt::join(names, ", "));
    }
  }
  return deliver(args, out);
}

base::Result<std::string> told_of(const Ledger& ledger, const std::string& id, std::string_view url,
                                  bool as_json) {
  const auto all = ledger::incidents(ledger);
  if (!all) return base::fail(all.error());
  const auto found = std::ranges::find(*all, id, &Incident::id);
  if (found == all->end())
    return base::fail(ErrorCode::kInvalidInput, id,
                      "is no incident of this ledger; 'reckon incidents list' has them");
  Progress progress;
  const auto quotes = ledger::incident_quotes(ledger, *found, [&](auto done, auto of) {
    progress.show("counting quotes", static_cast<double>(done) / static_cast<double>(of));
  });
  if (!quotes) return base::fail(quotes.error());
  return as_json ? json_of(*found, *quotes) : text_of(*found, *quotes, url);
}

int run_show(const Args& args) {
  const auto ledger = read_only(*args.get("ledger"));
  if (!ledger) return report(ledger.error());
  const auto told = told_of(**ledger, args.words()[0], *args.get("ledger"), args.has("json"));
  return told ? deliver(args, *told) : report(told.error());
}

// `5%` or `12.5%`, as a share of one.
base::Result<double> share_of(std::string_view text) {
  const auto number =
      text.ends_with('%') ? base::parse_number(text.substr(0, text.size() - 1)) : std::nullopt;
  if (number && *number > 0 && *number <= 100) return *number / 100;
  return base::fail(
      ErrorCode::kInvalidInput, "--share",
      fmt::format("'{}' is no share; allowed: a percentage such as 5%, above 0% and up to 100%", text));
}

// Looks until the incident has opened, or is over; nothing when the time is up.
std::optional<Incident> wait_for(const Ledger& ledger, const std::string& id, bool over, seconds longest) {
  const auto until = std::chrono::steady_clock::now() + longest;
  Progress progress;
  for (auto now = std::chrono::steady_clock::now(); now < until; now = std::chrono::steady_clock::now()) {
    if (const auto all = ledger::incidents(ledger)) {
      const auto found = std::ranges::find(*all, id, &Incident::id);
      if (found != all->end() && (!over || found->closed_at)) return *found;
    }
    if (over) progress.show("the provider is away", 1 - std::chrono::duration<double>(until - now) / longest);
    std::this_thread::sleep_for(kLook);
  }
  return std::nullopt;
}

int follow(const Args& args, Ledger& ledger, std::string_view url, const ledger::IncidentEvent& order,
           seconds length) {
  if (!wait_for(ledger, order.incident, false, kTakenUpWithin)) {
    // Whoever starts a server now must not meet an order that nobody waits for any more.
    (void)ledger.append_events({ledger::order_event(order.incident, order.provider,
                                                    base::SystemClock().wall_now(), "none", seconds{0})});
    return report(
        {ErrorCode::kEnvironment, "drill",
         fmt::format("no server took it up within {} s, the order is taken back; needed: 'reckon serve' "
                     "with this configuration",
                     kTakenUpWithin.count())});
  }
  fmt::print(stderr, "{} is away for {} s (incident {})\n", order.provider, length.count(), order.incident);
  const bool over = wait_for(ledger, order.incident, true, length + kBackWithin).has_value();
  if (!over)
    fmt::print(stderr,
               "reckon: warning: drill: its time is up, but {} is not fully back: quotes bring it back\n",
               order.provider);
  const auto told = told_of(ledger, order.incident, url, args.has("json"));
  return told ? deliver(args, *told) : report(told.error());
}

// The outage that an order belongs to: the newest one under way, else the one that begins with it; empty
// where an order to end finds none.
base::Result<std::string> outage_of(const Ledger& ledger, const ledger::IncidentEvent& order, bool ends) {
  const auto all = ledger::incidents(ledger, order.provider);
  if (!all) return base::fail(all.error());
  std::string found = ends ? "" : order.incident;
  for (const auto& one : *all) {
    if (!one.closed_at) found = one.id;
  }
  return found;
}

base::Error not_configured(const service::Config& config, std::string_view provider) {
  std::vector<std::string_view> names;
  for (const auto& entry : config.providers) names.push_back(entry.name);
  return {ErrorCode::kInvalidInput, "--provider",
          fmt::format("'{}' is not configured; {}allowed: {}", provider, did_you_mean(provider, names),
                      names.empty() ? "none, no provider is" : fmt::format("{}", fmt::join(names, ", ")))};
}

int run_drill(const Args& args) {
  const auto config = service::read_config(std::string(*args.get("config")));
  if (!config) return report(config.error());
  if (!config->ledger)
    return report(
        {ErrorCode::kInvalidInput, config->file + "#/ledger", "is missing; a drill is written there"});
  const std::string provider(*args.get("provider"));
  if (!std::ranges::any_of(config->providers, [&](const auto& entry) { return entry.name == provider; }))
    return report(not_configured(*config, provider));
  if (args.has("for") == args.has("end"))
    return report({ErrorCode::kInvalidInput, "drill", "needs --for LENGTH, or --end; not both"});
  const auto ledger = Ledger::open(*config->ledger);
  if (!ledger) return report(ledger.error());
  const auto now = base::SystemClock().wall_now();
  auto length = args.has("end") ? base::Result<seconds>(seconds{0}) : length_option(args, "for");
  if (!length) return report(length.error());
  const auto share = share_of(args.get_or("share", "100%"));
  if (!share) return report(share.error());
  const auto order = ledger::order_event(service::new_quote_id(now), provider, now,
                                         args.has("end") ? "none" : "forced_open", *length, *share);
  const auto outage = outage_of(**ledger, order, args.has("end"));
  if (!outage) return report(outage.error());
  if (const auto written = (*ledger)->append_events({order}); !written) return report(written.error());
  if (args.has("end") && outage->empty())
    return deliver(args,
                   fmt::format("{} has no outage under way; an order that no server has taken up yet is "
                               "taken back\n",
                               provider));
  const bool within = *outage != order.incident;
  if (within && args.has("for"))
    fmt::print(stderr, "{} has an outage under way: the order is part of it (incident {})\n", provider,
               *outage);
  if (within || args.has("end") || args.has("no-wait")) return deliver(args, *outage + "\n");
  return follow(args, **ledger, *config->ledger, order, *length);
}

}  // namespace

std::vector<Command> incident_commands() {
  const Option ledger{"ledger", "URL", "where the quotes are, such as sqlite:reckon.db"},
      out{"out", "FILE", "where the answer goes (stdout)"}, json{"json", "", "one JSON document"};
  return {{"incidents list",
           "outages of providers",
           "",
           0,
           0,
           {ledger, {"provider", "NAME", "of this one only"}, out, json},
           {"ledger"},
           run_list},
          {"incidents show",
           "one outage: calls, breaker, quotes by source, fees by what they stand on",
           "ID",
           1,
           1,
           {ledger, out, json},
           {"ledger"},
           run_show},
          {"drill",
           "takes a provider away from the running server on purpose, and reports",
           "",
           0,
           0,
           {{"config", "FILE", "the running server's configuration"},
            {"provider", "NAME", "which one"},
            {"for", "LENGTH", "such as 90s, 10m, 2h"},
            {"share", "PERCENT", "of the quotes that it is kept from, such as 5% (100%)"},
            {"end", "", "ends a drill early"},
            {"no-wait", "", "prints the id of the incident, the one under way if there is one, and goes"},
            out,
            json},
           {"config", "provider"},
           run_drill}};
}

}  // namespace reckon::cli
