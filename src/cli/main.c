/* The jem program with all that jem has to choose from. */
#include "cli/cli.h"
#include "model/network.h"

int main(int argc, char **argv)
{
    const cli_lists lists = {.networks = network_list};
    return jem_main(argc, argv, &lists);
}
