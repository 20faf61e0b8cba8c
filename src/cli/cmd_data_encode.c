/* jem data encode: a set of pictures into the latent space of an autoencoder, for training
 * there. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "cli/cli.h"
#include "cli/cmd_data.h"
#include "cli/print.h"
#include "cli/startup.h"
#include "latent/picture_encoding.h"

typedef struct encoding {
    const char *kind, *folder;
    const char *vae, *out, *size, *labels, *dtype, *damaged, *resize, *precision, *device;
    int64_t threads, batch, shard, noise;
    double scale;
    bool flip;
} encoding;

#define AT(field) offsetof(encoding, field)

static const cli_argument arguments[] = {
    {"imagenet", AT(kind),
     .help = "what the folder holds, which is found out, too", .optional = true},
    {"DIR", AT(folder), .help = "a folder of classes, or of ImageNet's layout"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--vae", CLI_TEXT, AT(vae), "FILE", .help = "weights of the autoencoder", .required = true},
    {"--out", CLI_TEXT, AT(out), "DIR",
     .help = "folder of the latents", .other = "-o", .required = true},
    {"--size", CLI_TEXT, AT(size), "S",
     .help = "side that pictures are resized to", .default_text = "256"},
    {"--flip", CLI_SWITCH, AT(flip), NULL, .help = "encode mirrored pictures, too"},
    {"--labels", CLI_TEXT, AT(labels), "FILE", .help = "labels of ImageNet's validation pictures"},
    {"--damaged", CLI_TEXT, AT(damaged), "stop|skip",
     .help = "what becomes of pictures that cannot be read",
     .default_text = "stop"},
    {"--dtype", CLI_TEXT, AT(dtype), "f16|f32",
     .help = "how latents are stored", .default_text = "f16"},
    {"--resize", CLI_TEXT, AT(resize), "bicubic|bilinear",
     .help = "how pictures are resized", .default_text = "bicubic"},
    {"--scale", CLI_REAL, AT(scale), "S",
     .help = "factor of the latents: the autoencoder's unless given", .min = 1e-6,
     .max = 1e6},
    {"--threads", CLI_INT, AT(threads), "N",
     .help = "threads; 0: one per processor", .default_text = "0", .max = 1024},
    {"--precision", CLI_TEXT, AT(precision), "f32|bf16",
     .help = "of the computation", .default_text = "f32"},
    {"--device", CLI_TEXT, AT(device), "cpu|cuda",
     .help = "where the autoencoder runs", .default_text = "auto"},
    {"--batch", CLI_INT, AT(batch), "N",
     .help = "pictures at once: as fit unless given", .min = 1, .max = 4096},
    {"--shard", CLI_INT, AT(shard), "N",
     .help = "pictures of one file", .default_text = "512", .min = 1, .max = 1 << 20},
    {"--noise", CLI_INT, AT(noise), "N",
     .help = "encoded pictures of noise, to begin chains at", .default_text = "1024",
     .max = 1 << 20},
    {.name = NULL},
};

static jem_status parse(encoding *e, int argc, char **argv)
{
    jem_status st = cli_parse(e, &data_encode, argc, argv);
    return st == JEM_OK ? data_check_pictures(e->kind, "encode") : st;
}

static jem_status open_vae(autoencoder **out, const encoding *e)
{
    jem_status st;
    engine_spec engine = {.threads = e->threads};
    bool bf16 = false;

    TRY(data_choice(&bf16, e->precision, "--precision", "f32", "bf16"));
    engine.precision = bf16;
    snprintf(engine.device, sizeof engine.device, "%s", e->device);
    TRY(autoencoder_load(out, e->vae, &engine));
done:
    return st;
}

static jem_status read_request(picture_encoding *q, const encoding *e)
{
    jem_status st;
    bool f32 = false, skip = false, bicubic = false;

    TRY(data_choice(&f32, e->dtype, "--dtype", "f16", "f32"));
    TRY(data_choice(&skip, e->damaged, "--damaged", "stop", "skip"));
    TRY(data_choice(&bicubic, e->resize, "--resize", "bilinear", "bicubic"));
    *q = (picture_encoding){.folder = e->folder,
                            .labels = e->labels,
                            .out = e->out,
                            .kernel = bicubic ? IMAGE_BICUBIC : IMAGE_BILINEAR,
                            .scale = e->scale,
                            .dtype = f32 ? JEM_F32 : JEM_F16,
                            .flip = e->flip,
                            .skip_damaged = skip,
                            .batch = e->batch == CLI_NONE ? 0 : e->batch,
                            .per_shard = e->shard,
                            .noise = e->noise};
    TRY(cli_int(&q->side, e->size, "--size", 1, PICTURE_ENCODING_SIDE));
done:
    return st;
}

static void show_index(const shard_index *x, const char *dir)
{
    const shard_format *f = &x->format;

    cli_print("%s: %" PRId64 " x %" PRId64 " x %" PRId64 " latents in %s, scaled by %g%s\n", dir,
              f->channels, f->height, f->width, jem_dtype_name(f->dtype), f->scale,
              f->flip ? ", with those of mirrored pictures" : "");
    data_show_parts(x);
}

static jem_status encode(const cli_lists *lists, int argc, char **argv)
{
    jem_status st;
    encoding e;
    picture_encoding q = {.vae = NULL};
    shard_index x = SHARD_INDEX_INIT;

    (void)lists; /* no network is trained here */
    TRY(parse(&e, argc, argv));
    TRY(read_request(&q, &e));
    TRY(open_vae(&q.vae, &e));
    q.stop = cli_catch_signals();
    TRY(pictures_encode(&x, &q));
    show_index(&x, e.out);
done:
    shard_index_clear(&x);
    autoencoder_free(q.vae);
    return st;
}

const command data_encode = {
    .name = "data encode",
    .about = "pictures into the latent space of an autoencoder, for training there",
    .arguments = arguments,
    .options = options,
    .examples = {"data encode imagenet data/imagenet --vae vae.safetensors --out data/latents",
                 "data encode pictures --vae vae.safetensors --size 64 --flip --damaged skip --out latents"},
    .run = encode,
};
