/* The jem program with all that jem has to choose from. */
#include "cli/cli.h"
#include "train/config.h"

int main(int argc, char **argv)
{
    return jem_main(argc, argv, &config_builtin);
}
