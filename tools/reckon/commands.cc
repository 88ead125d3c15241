#include "commands.h"

namespace reckon::cli {

std::vector<std::vector<Command>> command_groups() {
  return {
      provider_sim_commands(),
  };
}

}  // namespace reckon::cli
