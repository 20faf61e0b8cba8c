/* What a folder of data holds and whether it is whole: a kind of data that networks are trained on, ImageNet's layout, or
 * what a benchmark needs. */
#ifndef BENCH_DATA_FACTS_H
#define BENCH_DATA_FACTS_H

#include "base/strbuf.h"
#include "bench/bench.h"
#include "data/dataset.h"

typedef struct data_question {
    const data_source *const *sources;
    const benchmark *const *benchmarks;
    const char *kind;   /* of the sources, of the benchmarks, "imagenet"; NULL: told by the folder's files */
    const char *path;   /* a folder, or an .npz */
    const char *size;   /* side that pictures are resized to, as data.size; NULL: the default */
    const char *labels; /* of imagenet: the file with the classes of its validation pictures; NULL: looked for */
    const char *asked;  /* who asks, for messages: "jem data check" */
} data_question;

typedef struct data_part {
    bench_part found;
    char *name, *line; /* found's, owned */
} data_part;

typedef struct data_facts {
    char *kind;               /* owned */
    bool benchmark;           /* the folder serves one; its numbers are in `parts`, others 0 */
    strbuf text;              /* all that was found, in lines for people */
    int64_t train, val, test; /* images */
    int64_t channels, height, width; /* of an image; 0 of ImageNet's, which differ */
    int64_t classes;
    char **class_names;       /* [classes] owned; NULL: they have none */
    int64_t *class_images;    /* [classes] owned; of all parts */
    int64_t noise;            /* encoded pictures of it */
    data_part *parts;         /* [part_count] of a benchmark's data; owned */
    int64_t part_count, part_room;
} data_facts;
#define DATA_FACTS_INIT {.text = STRBUF_INIT}

/* Reads the data, every image of them but ImageNet's.  JEM_EDATA for data that are not whole, when `kind` and the lines of
 * what is there are kept; JEM_EUSAGE for an unknown kind. */
jem_status data_facts_read(data_facts *out, const data_question *q);
void data_facts_clear(data_facts *f); /* DATA_FACTS_INIT is fine */

#endif
