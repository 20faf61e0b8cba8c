/* The actions of jem data, each with its table, and what they share. */
#ifndef CLI_CMD_DATA_H
#define CLI_CMD_DATA_H

#include "cli/cli.h"

extern const command data_list, data_check, data_render; /* cmd_data.c */
extern const command data_fetch;                         /* cmd_data_fetch.c */
extern const command data_encode;                        /* cmd_data_encode.c */

/* Whether the folder holds a kind of data of the lists, or what one of the benchmarks needs, said on stdout.
 * kind NULL: told by its files; size and labels as typed, or NULL. */
jem_status data_check_folder(const cli_lists *lists, const char *kind, const char *path, const char *size,
                             const char *labels);

#endif
