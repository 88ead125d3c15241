#include "commands.h"

namespace reckon::cli {

std::vector<std::vector<Command>> command_groups() {
  return {
      quote_commands(),
      serve_commands(),
      verify_commands(),
      ledger_commands(),
      explain_commands(),
      tariff_commands(),
      tariff_diff_commands(),
      calibrate_commands(),
      shadow_commands(),
      incident_commands(),
      settle_commands(),
      settle_day_commands(),
      settle_statement_commands(),
      map_commands(),
      correction_commands(),
      map_diff_commands(),
      route_commands(),
      provider_check_commands(),
      provider_sim_commands(),
      assign_commands(),
      simulate_commands(),
      fairness_commands(),
      dispatch_commands(),
      bench_commands(),
      bench_compare_commands(),
  };
}

}  // namespace reckon::cli
