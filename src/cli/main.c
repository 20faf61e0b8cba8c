/* The jem program with all that jem has to choose from. */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    const cli_lists own = {.benchmarks = NULL};
    return jem_main(argc, argv, &own);
}
