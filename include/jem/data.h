/* Data sets: labelled images as tensors. */
#ifndef JEM_DATA_H
#define JEM_DATA_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"
#include "jem/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum jem_data_part { JEM_DATA_TRAIN, JEM_DATA_VAL, JEM_DATA_TEST } jem_data_part;

/* Which images.  The parts are those of a run with these data.* settings and no others. */
typedef struct jem_data_options {
    size_t size;      /* of this struct; JEM_DATA_OPTIONS_INIT sets it */
    const char *kind; /* "cifar10", "folder", "npy", "latents", "packed" or "gloss" */
    const char *path; /* the folder */
    jem_data_part part;
    int64_t side;     /* data.size: resize to this side (shorter side, then centre crop); 0: as they are */
    int64_t limit;    /* the first so many training images; 0: all */
} jem_data_options;

#define JEM_DATA_OPTIONS_INIT {sizeof(jem_data_options), NULL, NULL, JEM_DATA_TRAIN, 0, 0}

typedef struct jem_data {
    jem_tensor images; /* F32 [n, channels, height, width], pixels in [-1, 1] */
    jem_tensor labels; /* I32 [n], 0 .. classes - 1 */
    int64_t classes;
} jem_data;

#define JEM_DATA_INIT {JEM_TENSOR_INIT, JEM_TENSOR_INIT, 0}

/* Loads one part; the tensors are owned: jem_data_clear.  JEM_EUSAGE for an unknown
 * kind, JEM_EDATA for files that are not what the kind says. */
JEM_API jem_status jem_data_load(jem_data *out, const jem_data_options *o);
JEM_API void jem_data_clear(jem_data *d); /* NULL and JEM_DATA_INIT are fine */

/* What a folder holds; texts and arrays are owned by it. */
typedef struct jem_data_facts {
    const char *kind;         /* "cifar10", "imagenet", "bapps" */
    bool benchmark;           /* the folder serves a benchmark; its numbers are those of jem_data_part_at, here 0 */
    bool whole;               /* all is there and can be read */
    const char *trouble;      /* what is not, and what would help; "" */
    const char *text;         /* what was found, in lines, as `jem data check` prints it */
    int64_t train, val, test; /* images */
    int64_t channels, height, width; /* of an image; 0 of ImageNet's, which differ */
    int64_t classes;
    const char *const *class_names; /* [classes]; NULL: they have none */
    const int64_t *class_images;    /* [classes] of all parts */
    int64_t noise;            /* of latents: encoded pictures of noise */
    void *owner;
} jem_data_facts;

#define JEM_DATA_FACTS_INIT {NULL, false, false, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, 0, NULL}

/* NULL and 0 mean the defaults. */
typedef struct jem_check_options {
    size_t size;        /* of this struct; JEM_CHECK_INIT sets it */
    int64_t side;       /* that pictures are resized to; 0: all must agree */
    const char *labels; /* of ImageNet: the file with the classes of its validation pictures; NULL: looked for */
} jem_check_options;

#define JEM_CHECK_INIT {sizeof(jem_check_options), 0, NULL}

/* *out <- what `path` (a folder, or an .npz) holds: jem_data_facts_clear.  kind: of jem_choice_at's kinds of data or
 * benchmarks, or "imagenet", whose pictures alone are not all read; NULL: a kind of images, told by its files.  Data that
 * are not whole are no error: see `whole`.  o may be NULL.  JEM_EUSAGE for an unknown kind. */
JEM_API jem_status jem_data_check(jem_data_facts *out, const char *kind, const char *path, const jem_check_options *o);
JEM_API void jem_data_facts_clear(jem_data_facts *f); /* NULL and JEM_DATA_FACTS_INIT are fine */

/* How a part of a benchmark's data stands. */
typedef enum jem_part_state {
    JEM_PART_WHOLE,
    JEM_PART_UNPUBLISHED, /* it can be used; its numbers are not the published ones */
    JEM_PART_MISSING,
    JEM_PART_DAMAGED      /* it is there and cannot be used */
} jem_part_state;

/* A part of what a benchmark needs: an image set, a file. */
typedef struct jem_data_part_facts {
    size_t size;                      /* of this struct; JEM_DATA_PART_FACTS_INIT sets it */
    const char *name;                 /* "colour", "2afc/cnn"; owned by the facts, as `line` is */
    jem_part_state state;
    int64_t images, published_images; /* (triplets, pairs) there, and as published; 0: none, of no known number */
    int64_t people, published_people; /* whose answers are told apart */
    int64_t bad;                      /* images that cannot be scored */
    const char *line;                 /* the same for people; "" */
} jem_data_part_facts;

#define JEM_DATA_PART_FACTS_INIT {sizeof(jem_data_part_facts), NULL, JEM_PART_WHOLE, 0, 0, 0, 0, 0, NULL}

/* *out <- number i, from 0, of the parts of a benchmark's data.  JEM_EUSAGE behind the last one; there is none of other
 * kinds of data, whose numbers are in *f. */
JEM_API jem_status jem_data_part_at(jem_data_part_facts *out, const jem_data_facts *f, int64_t i);

/* The built-in set: bumpy surfaces, matte or glossy, in two lights.  0 means the default. */
typedef struct jem_render_options {
    size_t size;    /* of this struct; JEM_RENDER_INIT sets it */
    int64_t n;      /* scenes; 0: 1000 */
    int64_t side;   /* of the pictures, pixels; 0: 128 */
    uint64_t seed;  /* of the scenes */
    int64_t threads; /* 0: all processors; changes no bit */
    const volatile sig_atomic_t *stop; /* polled; nonzero: JEM_EINTERRUPTED */
} jem_render_options;

#define JEM_RENDER_INIT {sizeof(jem_render_options), 0, 0, 0, 0, NULL}

/* Renders it into `folder`, made if missing, as data.kind "gloss" reads it; goes on where an earlier call of the same
 * options stopped.  `o` may be NULL.  JEM_EUSAGE if the folder holds anything else, or a size is out of range; JEM_EIO. */
JEM_API jem_status jem_data_render(const char *folder, const jem_render_options *o);

/* ---- a folder of pictures, decoded and resized once, in a few large files */

/* NULL and 0 mean the defaults. */
typedef struct jem_pack_options {
    size_t size;        /* of this struct; JEM_PACK_INIT sets it */
    int64_t side;       /* of the packed pictures: shorter side resized to it, then the central square; 0: 64 */
    const char *labels; /* of ImageNet: the file with the classes of its validation pictures; NULL: looked for */
    bool skip_damaged;  /* leave pictures out that cannot be read; else JEM_EDATA */
    bool bicubic;       /* how pictures are resized; else bilinear, as data.kind "folder" resizes them */
    int64_t per_shard;  /* pictures of one file; 0: those of 128 MiB */
    int64_t threads;    /* that decode; 0: one per processor; changes no bit */
    const volatile sig_atomic_t *stop; /* polled; nonzero: JEM_EINTERRUPTED, and the same call goes on */
    void (*watch)(void *ctx, int64_t done, int64_t pictures); /* after every picture, on the calling thread; NULL: nobody */
    void *watch_ctx;
} jem_pack_options;

#define JEM_PACK_INIT {sizeof(jem_pack_options), 0, NULL, false, false, 0, 0, NULL, NULL, NULL}

/* Packs the pictures in `folder`, of ImageNet's layout or with a folder for each class, into the folder `out`, made if
 * missing, as data.kind "packed" reads it (jem_data_check reads and verifies all of it).  Goes on where an earlier call of
 * the same options stopped, at most a file before; o may be NULL.  JEM_EUSAGE if `out` holds other pictures or options;
 * JEM_EDATA names a damaged picture, or the only class; JEM_EIO if the disk has no room. */
JEM_API jem_status jem_data_pack(const char *folder, const char *out, const jem_pack_options *o);

#ifdef __cplusplus
}
#endif
#endif
