/* Fetching a data set: what of it is there, what the rest costs, getting it, and proving that
 * it is what it should be.
 *
 *   ROOT/FOLDER/...           the data, where jem bench looks for them
 *   ROOT/archives/NAME        archives under way; removed once they are unpacked
 *   ROOT/fetched.tsv          what was fetched (ledger.h)
 *
 * A file has its name once it is whole and proven; before that it is NAME.part. */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "fetch/catalogue.h"
#include "jem/status.h"

typedef enum fetch_state {
    FETCH_MISSING, /* perhaps begun */
    FETCH_LOADED,  /* an archive that is still to be unpacked */
    FETCH_THERE
} fetch_state;

typedef struct fetch_part {
    const fetch_file *file;
    fetch_state state;
    char *key;       /* owned: its path below ROOT, in the ledger */
    char *place;     /* owned: where it is loaded to */
    char *unpacked;  /* owned: the folder an archive becomes; NULL: no archive */
    char *url;       /* owned: an address, or a path in a folder given with `from` */
    int64_t size;    /* bytes; 0: not known */
    int64_t started; /* bytes loaded already */
} fetch_part;

typedef struct fetch_plan {
    const fetch_item *item;
    char *root, *folder; /* owned */
    fetch_part *parts;   /* [item->count] */
    int there;           /* parts that need nothing more */
} fetch_plan;
#define FETCH_PLAN_INIT {NULL, NULL, NULL, NULL, 0}

typedef struct fetch_cost {
    int64_t load;    /* bytes to load */
    int64_t disk;    /* bytes of disk needed on the way, at most */
    int unknown;     /* files whose size nobody says: they come on top */
} fetch_cost;

typedef struct fetch_options {
    bool offline;    /* use no network: name what is missing */
    bool trust_http; /* believe what comes over http where no hash is known */
    int attempts;    /* per file; 0: 5 */
    double wait_s;   /* before a second attempt; 0: 1 */
    int stall_s;     /* without a byte; 0: 60 */
    const volatile sig_atomic_t *stop;
    void (*say)(void *ctx, const char *line); /* lines for people */
    void *ctx;
} fetch_options;

/* What of the item is in `root`.  `from` (NULL: the publisher) is an address or a folder that
 * has the item's files under the names that follow its base.  Loads nothing. */
jem_status fetch_survey(fetch_plan *p, const fetch_item *item, const char *root,
                        const char *from);
void fetch_plan_clear(fetch_plan *p); /* FETCH_PLAN_INIT is fine; files stay */

/* Asks the source for the sizes that the catalogue does not know; who does not answer stays
 * unknown. */
jem_status fetch_ask_sizes(fetch_plan *p, const fetch_options *o);
/* What the plan still costs.  Of archives that are to be loaded the largest alone takes disk beside
 * what they become: each is removed once it is unpacked. */
fetch_cost fetch_price(const fetch_plan *p);

/* Loads, proves and unpacks what is missing, proves what is there.  Progress goes to the log
 * (base/log.h).  JEM_EDATA, JEM_EIO, JEM_EINTERRUPTED as download.h and unpack.h say, naming the
 * file and what to do; the same call goes on where it ended.  JEM_EIO before anything is
 * loaded if the disk has not enough room.  Offline, JEM_EDATA after saying what is missing.
 *
 * What has no published hash is believed the first time it comes, and compared with that from
 * then on.  Over http anybody on the way could replace it: JEM_EUSAGE before anything is
 * loaded, unless trust_http is set. */
jem_status fetch_run(fetch_plan *p, const fetch_options *o);

/* "170 MB" (of 1000 kB). */
void fetch_size_text(char *text, size_t size, int64_t bytes);

#endif
