/* BAPPS on disk (Zhang et al. 2018), below the folder that holds 2afc/ and jnd/:
 *
 *   2afc/val/SUBSET/{ref,p0,p1}/NAME.png   SUBSET/judge/NAME.npy   share of votes for p1
 *   jnd/val/SUBSET/{p0,p1}/NAME.png        SUBSET/same/NAME.npy    share of votes for "same"
 *
 * Folders are walked recursively; what is no picture (.jpg .jpeg .png .ppm .bmp) or
 * .npy, and names that begin with a dot, are left aside.  Files are sorted bytewise by
 * path and paired by place, as the original code does; here stems must agree too. */
#ifndef BENCH_BAPPS_SET_H
#define BENCH_BAPPS_SET_H

#include <stdbool.h>

#include "data/pictures/image.h"

typedef enum bapps_task { BAPPS_2AFC, BAPPS_JND } bapps_task;

enum { BAPPS_SIDE = 64, BAPPS_PICTURES = 3 };

typedef struct bapps_set {
    bapps_task task;
    char name[48];   /* "2afc/traditional" */
    char *folder;    /* .../2afc/val/traditional */
    int64_t n;
    char **stems;    /* [n] "000017", with the folders between, if there are any */
    char **files[BAPPS_PICTURES]; /* [n] below ref, p0, p1; ref is NULL in JND sets */
    double *share;   /* [n] of votes: for p1, or for "same" */
    int64_t odd;     /* shares further than 1e-3 from a multiple of 1/5, or 1/3 */
    int64_t first_odd;
} bapps_set;
#define BAPPS_SET_INIT                                                                             \
    {                                                                                              \
        BAPPS_2AFC, "", NULL, 0, NULL, {NULL, NULL, NULL}, NULL, 0, -1                             \
    }

/* *out (owned, mem_free) <- the folder itself, or its folder `dataset`, whichever holds
 * 2afc or jnd.  JEM_EDATA if neither does. */
jem_status bapps_root(char **out, const char *folder);
/* Is there a folder of this subset below the root?  What it holds, bapps_set_read says. */
bool bapps_set_exists(const char *root, bapps_task task, const char *subset);

/* Lists one subset and reads its judgements.  JEM_EDATA naming file or folder: one is
 * missing or empty, their files differ in number or stem, a judgement is not one finite
 * number in [0,1]. */
jem_status bapps_set_read(bapps_set *out, const char *root, bapps_task task, const char *subset);
void bapps_set_clear(bapps_set *s); /* BAPPS_SET_INIT is fine */

/* pictures [3] <- ref (empty in JND sets), p0 and p1 of item i, each in place of what was
 * there: RGB, shorter side 64.  JEM_EDATA for one that does not decode or is of
 * another size than the others. */
jem_status bapps_pictures(image pictures[BAPPS_PICTURES], const bapps_set *s, int64_t i);

#endif
