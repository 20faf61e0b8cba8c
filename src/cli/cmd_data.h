/* The actions of jem data, each with its table, and what they share. */
#ifndef CLI_CMD_DATA_H
#define CLI_CMD_DATA_H

#include "cli/cli.h"
#include "data/shards/index.h"

extern const command data_list, data_check, data_render; /* cmd_data.c */
extern const command data_fetch;                         /* cmd_data_fetch.c */
extern const command data_encode;                        /* cmd_data_encode.c */
extern const command data_pack;                          /* cmd_data_pack.c */

/* *second <- whether `text` is the second of two words; JEM_EUSAGE naming `flag` if it is neither. */
jem_status data_choice(bool *second, const char *text, const char *flag, const char *first_word,
                       const char *second_word);
/* JEM_EUSAGE unless kind is "imagenet", "folder" or NULL; `action` asks. */
jem_status data_check_pictures(const char *kind, const char *action);
/* What a folder of shards holds now, by part, behind a first line of its own. */
void data_show_parts(const shard_index *x);

/* Whether the folder holds a kind of data of the lists, or what one of the benchmarks needs, said on stdout.
 * kind NULL: told by its files; size and labels as typed, or NULL. */
jem_status data_check_folder(const cli_lists *lists, const char *kind, const char *path, const char *size,
                             const char *labels);

#endif
