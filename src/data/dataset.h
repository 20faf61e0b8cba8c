/* Labelled images in memory, from files or rendered, and batches cut from them.
 *
 * Images stay in 8 bits and become floats in [-1, 1] only when a batch is made, so a
 * data set is as small as its files; latents and packed pictures stay in their files. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include "base/options.h"
#include "base/rng.h"
#include "data/batch_ahead.h"
#include "data/shards/set.h"
#include "jem/status.h"

/* What the renderer knows about each scene beyond its label. */
typedef struct scene_column {
    char *name;     /* "light", "bump", ... */
    double *values; /* [n] */
} scene_column;

typedef struct dataset {
    int64_t n, channels, height, width, classes;
    /* The images: one of these three. */
    uint8_t *pixels;     /* [n][c][h][w] */
    float *values;       /* [n][c][h][w] already in network units */
    shard_set *shards;   /* shared files of latents or pictures; image i is row rows[i] */
    int64_t *rows;       /* [n] with shards */
    int32_t *labels;  /* [n], 0 .. classes-1 */
    char **class_names; /* [classes] */
    scene_column *columns;
    int column_count;
    uint64_t hash;    /* of images and labels (xxHash64): names the data in scores */
} dataset;

/* Zeroed images (8 bit, or float when `floats`) and labels, classes 0 and
 * unnamed, no columns; the maker fills it and ends with dataset_seal. */
jem_status dataset_new(dataset **out, int64_t n, int64_t channels, int64_t height, int64_t width,
                       bool floats);
/* All rows of `s`, of which it becomes an owner, with their labels; otherwise the same. */
jem_status dataset_new_shards(dataset **out, shard_set *s);
/* Copies `classes` names. */
jem_status dataset_name_classes(dataset *d, const char *const *names, int64_t classes);
enum { CLASS_TEXT = 96 };
/* text <- "9 (truck)", as messages call class k; "9" if names is NULL or that is its name. */
void class_text(char text[CLASS_TEXT], int64_t k, char *const *names);
/* Have the classes names, other than their numbers? */
bool dataset_classes_are_named(const dataset *d);
/* Adds a zeroed column and lends its values [n] for filling: the data set's, until it is freed. */
jem_status dataset_add_column(dataset *d, const char *name, double **values);
/* Computes the hash. */
void dataset_seal(dataset *d);
void dataset_free(dataset *d); /* NULL is fine */
int64_t dataset_row_size(const dataset *d); /* c * h * w */
int64_t dataset_bytes(const dataset *d);    /* of memory, without what stays in files */
int64_t dataset_file_bytes(const dataset *d); /* of what stays in files */
/* What the images are, if they are latents; NULL: they are pictures, or floats.  Borrowed. */
const shard_format *dataset_latents(const dataset *d);
bool dataset_is_8bit(const dataset *d); /* pictures, in memory or in files */
const double *dataset_column(const dataset *d, const char *name); /* NULL if absent */
/* Keeps rows index[0..n) in that order, as a new data set. */
jem_status dataset_select(dataset **out, const dataset *d, const int64_t *index, int64_t n);

/* dst [n][c][h][w] <- rows index[0..n) in network units: pixels u8/255, then
 * (v - 0.5)/0.5.  JEM_EDATA or JEM_EIO, here and below, if what is in files is damaged or no longer
 * there as it was when the set was opened; dst is then undefined. */
jem_status dataset_floats(float *dst, const dataset *d, const int64_t *index, int64_t n);
/* dst [c][h][w] <- half of row a and half of row b, in network units. */
jem_status dataset_midpoint(float *dst, const dataset *d, int64_t a, int64_t b);

/* ---- settings data.* */
typedef struct data_source data_source;
/* The order in which an epoch visits the training images: a permutation of its own, or that of their files. */
typedef enum data_order { ORDER_SHUFFLED, ORDER_FILE } data_order;
typedef enum data_pad { PAD_REFLECT, PAD_ZERO } data_pad; /* zero: black pixels; 0 in latents */
typedef struct data_options {
    const data_source *const *sources; /* what kind may name, ends with NULL; borrowed; NULL: jem's own */
    char kind[OPTION_STRING_MAX]; /* name of a data_source: cifar10, folder, npy, latents, packed,
                                     gloss; or data_kind_none */
    char path[OPTION_STRING_MAX];
    int64_t size;          /* side images are resized to (shorter side, then centre
                              crop); 0 = must all agree */
    double val_fraction;   /* of the training images (0.05 on CIFAR-10) */
    double test_fraction;  /* where the source has no test split of its own */
    int64_t limit;         /* use the first so many training images; 0 = all */
    bool crop;             /* pad 4 and crop */
    int pad;               /* data_pad */
    bool flip;
    bool augment_generative; /* x+ are cropped and flipped too */
    double noise_std;      /* input noise in training */
    int order;             /* data_order */
    int64_t rank, ranks;   /* this process and how many read every batch together; 0 ranks: 1 */
    char label[OPTION_STRING_MAX], light[OPTION_STRING_MAX], bump[OPTION_STRING_MAX];
                           /* column names of scene_log.csv */
} data_options;
extern const option data_option_table[];
/* The kind of a run without data, whose weights came from elsewhere. */
extern const char data_kind_none[];

typedef struct splits {
    dataset *train, *val, *test; /* val may be empty (n = 0) */
} splits;
void splits_free(splits *s); /* the data sets, not *s; all NULL is fine */

/* Reads what `o` names and splits it with `seed` (purpose RNG_SPLIT).  JEM_EUSAGE where it names no data, or no
 * kind of data that there is. */
jem_status data_load(splits *out, const data_options *o, uint64_t seed);

/* One reader of a kind of data; listed in sources/sources.c. */
struct data_source {
    const char *name, *about, *layout; /* layout: what the path must hold */
    /* train and test (test NULL if the source has none). */
    jem_status (*load)(dataset **train, dataset **test, const data_options *o);
    bool ordered; /* rows have an order that splits keep: train, then val, then test */
};
extern const data_source *const data_source_list[]; /* all that jem has; ends with NULL */

/* ---- batches: pure functions of (seed, iteration) */

/* The order in which training rows are visited: epoch e is a permutation with
 * its own stream, or that of the rows; drop-last batches.
 *
 * R processes (ranks) with batches of B read what one with batches of R B does: rank r has the
 * images, crops and noise of slots r B .. (r + 1) B - 1 of the common batch. */
typedef struct batcher {
    const dataset *d;
    uint64_t seed;
    int64_t batch;       /* B: images of this process */
    int64_t common;      /* R B: images of all ranks */
    int64_t first;       /* r B: this process's first slot of the common batch */
    rng_purpose shuffle, augment, noise; /* streams: labelled or generative loader */
    bool crop, flip, file_order;
    data_pad pad;
    float noise_std;
    int64_t *order;      /* owned: permutation of the current epoch */
    int64_t order_epoch; /* -1: none yet */
    int64_t *columns;    /* owned, [w]: source column of each output column, -1 outside (scratch) */
    float *row;          /* owned, [c][h][w]: of data that stay in files (scratch) */
    batch_ahead *ahead;  /* owned: of data that stay in files, from the first batch on */
} batcher;
/* `batch` images per batch of the training set d (borrowed), labelled or `generative`: two readers
 * with streams of their own.  JEM_EDATA if d does not fill one batch of all ranks, is too small to
 * be cropped, or has no mirrored latents where o->flip wants them. */
jem_status batcher_init(batcher *b, const dataset *d, const data_options *o, int64_t batch,
                        uint64_t seed, bool generative);
void batcher_clear(batcher *b); /* a zeroed one is fine */
int64_t batcher_per_epoch(const batcher *b); /* iterations per epoch, the same on every rank */
/* [n]: the rows in the order in which `epoch` visits them; borrowed until the next call of either. */
const int64_t *batcher_order(batcher *b, int64_t epoch);
/* x [batch][c][h][w], y [batch] (may be NULL) for `iteration` (from 0).  Of data in files a thread reads
 * the next batch meanwhile: from the first call on *b stays where it is, and batcher_order is the
 * thread's.  Fails as dataset_floats. */
jem_status batcher_get(batcher *b, int64_t iteration, float *x, int32_t *y);
/* What reading took so far; zeros of data in memory. */
batch_times batcher_times(const batcher *b);

#endif
