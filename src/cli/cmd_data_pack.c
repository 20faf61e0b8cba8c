/* jem data pack: a set of pictures, decoded and resized once, in a few large files for training. */
#include <inttypes.h>

#include "base/try.h"
#include "cli/cli.h"
#include "cli/cmd_data.h"
#include "cli/print.h"
#include "cli/startup.h"
#include "data/shards/pack.h"

typedef struct pack_flags {
    const char *kind, *folder;
    const char *out, *labels, *damaged, *resize;
    int64_t size, threads, shard;
} pack_flags;

#define AT(field) offsetof(pack_flags, field)

static const cli_argument arguments[] = {
    {"imagenet|folder", AT(kind),
     .help = "what the folder holds, which is found out, too", .optional = true},
    {"DIR", AT(folder), .help = "a folder of classes, or of ImageNet's layout"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--out", CLI_TEXT, AT(out), "DIR",
     .help = "folder of the packed pictures", .other = "-o", .required = true},
    {"--size", CLI_INT, AT(size), "S",
     .help = "side of the packed pictures: shorter side, then the central square",
     .default_text = "64", .min = PACK_SIDE_LEAST, .max = PACK_SIDE_MOST},
    {"--labels", CLI_TEXT, AT(labels), "FILE", .help = "labels of ImageNet's validation pictures"},
    {"--damaged", CLI_TEXT, AT(damaged), "stop|skip",
     .help = "what becomes of pictures that cannot be read", .default_text = "stop"},
    {"--resize", CLI_TEXT, AT(resize), "bicubic|bilinear",
     .help = "how pictures are resized, antialiased", .default_text = "bilinear"},
    {"--threads", CLI_INT, AT(threads), "N",
     .help = "threads that decode; 0: one per processor", .default_text = "0", .max = 1024},
    {"--shard", CLI_INT, AT(shard), "N",
     .help = "pictures of one file: those of 128 MiB unless given", .min = 1, .max = PACK_SHARD_MOST},
    {.name = NULL},
};

static void show_index(const shard_index *x, const char *dir)
{
    const shard_format *f = &x->format;
    int64_t rows = 0;

    for (int i = 0; i < SHARD_PARTS; i++) rows += x->parts[i].images - x->parts[i].skipped_count;
    cli_print("%s: %" PRId64 " pictures of %" PRId64 " x %" PRId64 " in %d classes, %.1f MiB\n", dir, rows,
              f->width, f->height, x->class_count, (double)(rows * shard_row_bytes(f)) / (1 << 20));
    data_show_parts(x);
}

static jem_status pack(const cli_lists *lists, int argc, char **argv)
{
    jem_status st;
    pack_flags f;
    bool skip = false, bicubic = false;
    shard_index x = SHARD_INDEX_INIT;

    (void)lists; /* no network is trained here */
    TRY(cli_parse(&f, &data_pack, argc, argv));
    TRY(data_check_pictures(f.kind, "pack"));
    TRY(data_choice(&skip, f.damaged, "--damaged", "stop", "skip"));
    TRY(data_choice(&bicubic, f.resize, "--resize", "bilinear", "bicubic"));
    TRY(pictures_pack(&x, &(picture_packing){.folder = f.folder,
                                             .labels = f.labels,
                                             .out = f.out,
                                             .side = f.size,
                                             .kernel = bicubic ? IMAGE_BICUBIC : IMAGE_BILINEAR,
                                             .skip_damaged = skip,
                                             .per_shard = f.shard == CLI_NONE ? 0 : f.shard,
                                             .threads = f.threads,
                                             .stop = cli_catch_signals()}));
    show_index(&x, f.out);
done:
    shard_index_clear(&x);
    return st;
}

const command data_pack = {
    .name = "data pack",
    .about = "pictures, decoded and resized once, into a few large files for training",
    .arguments = arguments,
    .options = options,
    .examples = {"data pack imagenet data/imagenet --size 64 --out data/imagenet64",
                 "data pack folder pictures --size 128 --damaged skip --out packed"},
    .run = pack,
};
