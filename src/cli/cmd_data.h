/* The actions of jem data that lie in files of their own, and what they share.  Each takes
 * argv[0] as its name, like a command. */
#ifndef CLI_CMD_DATA_H
#define CLI_CMD_DATA_H

#include "jem/status.h"

jem_status data_check(int argc, char **argv); /* cmd_data.c */
jem_status data_fetch(int argc, char **argv); /* cmd_data_fetch.c */
jem_status data_encode(int argc, char **argv); /* cmd_data_encode.c */

/* Lists a folder of ImageNet's layout (imagenet.h) and says what it holds; labels may be NULL. */
jem_status data_check_imagenet(const char *path, const char *labels);

#endif
