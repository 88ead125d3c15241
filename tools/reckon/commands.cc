#include "commands.h"

namespace reckon::cli {

std::vector<std::vector<Command>> command_groups() {
  return {
      map_commands(),
      route_commands(),
  };
}

}  // namespace reckon::cli
