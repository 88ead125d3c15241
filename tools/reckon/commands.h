#pragma once

// The subcommands: each file of this folder gives a group of them; commands.cc lists the groups.

#include <vector>

#include "cli.h"

namespace reckon::cli {

std::vector<Command> tariff_commands();       ///< tariff check, test, lint
std::vector<Command> tariff_diff_commands();  ///< tariff diff
std::vector<Command> explain_commands();
std::vector<Command> quote_commands();
std::vector<Command> serve_commands();
std::vector<Command> verify_commands();
std::vector<Command> ledger_commands();  ///< ledger list
std::vector<Command> assign_commands();
std::vector<Command> bench_commands();
std::vector<Command> bench_compare_commands();
std::vector<Command> simulate_commands();
std::vector<Command> fairness_commands();
std::vector<Command> dispatch_commands();
std::vector<Command> calibrate_commands();
std::vector<Command> shadow_commands();
std::vector<Command> incident_commands();
std::vector<Command> settle_commands();            ///< settle terms, import, deposit, pay, reverse, adjust
std::vector<Command> settle_day_commands();        ///< settle close, reopen, days, verify
std::vector<Command> settle_statement_commands();  ///< settle statement, export

/// All groups, in the order of `reckon help`.
std::vector<std::vector<Command>> command_groups();

std::vector<Command> map_commands();         ///< map build, map info
std::vector<Command> correction_commands();  ///< map correct
std::vector<Command> map_diff_commands();    ///< map diff
std::vector<Command> route_commands();       ///< route, table
std::vector<Command> provider_sim_commands();
std::vector<Command> provider_check_commands();

}  // namespace reckon::cli
