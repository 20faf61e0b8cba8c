/* For a test that is itself jem with something appended to its lists: called with arguments it is that
 * program (jem_main), called without it runs its tests, whose program_* functions call it. */
#ifndef CLI_OWN_PROGRAM_H
#define CLI_OWN_PROGRAM_H

static char own_path[4096];
#undef JEM_PROGRAM
#define JEM_PROGRAM own_path
#include "cli/program.h"

#include "cli/cli.h"

static char dir[64]; /* what `begin` makes and fills for all the tests */

static int end(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

/* DIR/c.yaml. */
static inline void own_config(const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/c.yaml", dir);
    check_ok(file_write(path, text, strlen(text)));
}

/* Before the tests run: argv[0] of main. */
static inline void own_program(const char *name) { assert_non_null(realpath(name, own_path)); }

#endif
