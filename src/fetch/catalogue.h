/* Everything a user of jem may fetch: where it is, how large, what it must hash to, under
 * which licence, and where jem looks for it.  A table, and nothing but a table. */
#ifndef FETCH_CATALOGUE_H
#define FETCH_CATALOGUE_H

#include <stdint.h>

typedef struct fetch_file {
    const char *url;    /* after the item's base */
    const char *path;   /* in the item's folder; an archive's `member` becomes this folder */
    int64_t size;       /* bytes; 0: not published */
    const char *sha256; /* 64 digits; NULL: not published, the first download is recorded */
    const char *member; /* the folder wanted of an archive; NULL: a file that is kept as it is */
    int64_t unpacked;   /* bytes of an archive's content; 0: not known */
    const char *sign;   /* a file by which the unpacked folder is known; NULL: its name will do */
} fetch_file;

typedef struct fetch_item {
    const char *name;
    const char *folder;  /* below the folder of all data ($JEM_DATA) */
    const char *about;   /* one line */
    const char *licence;
    const char *cite;
    const char *page;    /* where a person finds it */
    const char *base;    /* what every URL begins with, ending with "/" */
    const fetch_file *files;
    int count;           /* of files; 0: cannot be fetched */
    const char *by_hand; /* what to do then; NULL: nothing */
    const char *check;   /* what `jem data check` calls it; NULL: files and hashes are the check */
} fetch_item;

/* All of them; ends with name NULL. */
const fetch_item *fetch_items(void);
const fetch_item *fetch_item_find(const char *name); /* NULL if there is none */

/* 90 files of people's trials: catalogue_people.c. */
enum { FETCH_PEOPLE = 90 };
extern const fetch_file fetch_people[FETCH_PEOPLE];

#endif
