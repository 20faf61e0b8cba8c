/* Published data that jem's benchmarks need: where they are, under which licence, and what they must hash to.
 *
 *   jem_catalogue_item item = JEM_CATALOGUE_ITEM_INIT;
 *   if (jem_catalogue_at(&item, 0) == JEM_OK) printf("%s: %s (%s)\n", item.name, item.about, item.licence);
 *
 * libjem uses no network: a host that downloads (as `jem data fetch` and Python's jem.fetch do) loads every file
 * from base + url into a folder named `folder`, compares size and SHA-256, and unpacks archives.  Texts are static. */
#ifndef JEM_CATALOGUE_H
#define JEM_CATALOGUE_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jem_catalogue_item {
    size_t size;         /* of this struct; JEM_CATALOGUE_ITEM_INIT sets it */
    const char *name;    /* "cue-conflict" */
    const char *folder;  /* below the folder of all data */
    const char *about;   /* one line */
    const char *licence;
    const char *cite;
    const char *page;    /* where a person finds it */
    const char *base;    /* what every url begins with */
    int64_t files;       /* 0: a program cannot load it */
    const char *by_hand; /* what to do then; NULL: nothing */
} jem_catalogue_item;

#define JEM_CATALOGUE_ITEM_INIT {sizeof(jem_catalogue_item), NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL}

typedef struct jem_catalogue_file {
    size_t size;        /* of this struct; JEM_CATALOGUE_FILE_INIT sets it */
    const char *url;    /* after the item's base */
    const char *path;   /* below the item's folder; an archive's `member` becomes this folder */
    int64_t bytes;      /* 0: not published */
    const char *sha256; /* 64 digits; NULL: not published */
    const char *member; /* the folder wanted of a .tar.gz; NULL: a file that is kept as it is */
    int64_t unpacked;   /* bytes of an archive's content; 0: not known */
    const char *sign;   /* a file by which the unpacked folder is known; NULL: any */
} jem_catalogue_file;

#define JEM_CATALOGUE_FILE_INIT {sizeof(jem_catalogue_file), NULL, NULL, 0, NULL, NULL, 0, NULL}

JEM_API int64_t jem_catalogue_count(void);
/* *out <- item number `index`, and file number `file` of it.  JEM_EUSAGE beyond them. */
JEM_API jem_status jem_catalogue_at(jem_catalogue_item *out, int64_t index);
JEM_API jem_status jem_catalogue_file_at(jem_catalogue_file *out, int64_t index, int64_t file);

#ifdef __cplusplus
}
#endif
#endif
