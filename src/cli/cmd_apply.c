/* jem apply: arrays through a network, for scripts.
 *
 *   DIR/logits.npy [N,K]   DIR/energy.npy [N] = -LSE   DIR/grad.npy [N,C,H,W] = d LSE / dx
 *   DIR/features.NAME.npy [N,C,H,W] or [N,D] of a vector
 *
 * Beside them, of pictures, DIR/pictures.txt: their names, row by row.
 *
 * f32 and bf16 run as in training; f64 runs the reference loops in double and writes
 * doubles: the numbers other implementations are compared with. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/try.h"
#include "cli/cli.h"
#include "cli/run_steps.h"
#include "study/apply_network.h"

typedef struct apply_flags {
    const char *weights, *input, *want, *out, *device, *precision, *threads;
    network_flags network;
} apply_flags;

#define AT(field) offsetof(apply_flags, field)

static const cli_argument arguments[] = {
    {"WEIGHTS|RUN", AT(weights),
     .help = "a weights file, or a run, of which the selected ones are taken"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--input", CLI_TEXT, AT(input), "X.npy|X.npz|PICTURE|DIR",
     .help = "an array [N,C,H,W] in network units, or of 8-bit levels; PNG and JPEG, brought to the network's size",
     .required = true},
    {"--want", CLI_TEXT, AT(want), "logits,energy,grad,features:NAME",
     .help = "what is written, separated by commas",
     .default_text = "logits"},
    {"-o", CLI_TEXT, AT(out), "DIR",
     .help = "folder that the arrays are written to", .other = "--out", .required = true},
    {"--device", CLI_TEXT, AT(device), "cpu|cuda|ref",
     .help = "where the network runs; of f64 on ref alone"},
    {"--precision", CLI_TEXT, AT(precision), "f64|f32|bf16", .help = "of the computation"},
    {"--threads", CLI_TEXT, AT(threads), "N", .help = "threads; 0: one per processor"},
    {"--model", CLI_TEXT, AT(network.model), "NAME",
     .help = "the network, where the weights do not say which"},
    {"--classes", CLI_TEXT, AT(network.classes), "K",
     .help = "its classes, with --model: 10 or as published unless given"},
    {"--channels", CLI_TEXT, AT(network.channels), "C",
     .help = "its input channels, with --model: 3 unless given"},
    {"--proj", CLI_TEXT, AT(network.proj), "D",
     .help = "dimensions of its projection, with --model"},
    {"--size", CLI_TEXT, AT(network.size), "S|HxW",
     .help = "size of the images, other than the weights say"},
    {"--norm", CLI_TEXT, AT(network.norm), "NORM", .help = "its normalisation, with --model"},
    {"--pool", CLI_TEXT, AT(network.pool), "POOL", .help = "its pooling, with --model"},
    {.name = NULL},
};

enum { FEATURES_MAX = 16 };

typedef struct wants {
    bool logits, energy, grad;
    char *list; /* the words of --want, owned */
    const char *features[FEATURES_MAX + 1];
    int feature_count;
} wants;

static jem_status parse_want(wants *w, const char *word)
{
    static const char *const known[] = {"logits", "energy", "grad", "features:NAME", NULL};
    if (strcmp(word, "logits") == 0) {
        w->logits = true;
    } else if (strcmp(word, "energy") == 0) {
        w->energy = true;
    } else if (strcmp(word, "grad") == 0) {
        w->grad = true;
    } else if (strncmp(word, "features:", 9) == 0 && word[9]) {
        if (w->feature_count == FEATURES_MAX)
            return jem_error(JEM_EUSAGE, "--want: at most %d features", FEATURES_MAX);
        w->features[w->feature_count++] = word + 9;
    } else {
        const char *near = cli_nearest(word, known);
        return jem_error(JEM_EUSAGE, "--want '%s': choose logits, energy, grad, features:NAME%s%s",
                         word, near ? "; did you mean " : "", near ? near : "");
    }
    return JEM_OK;
}

static jem_status parse_wants(wants *w, const char *text)
{
    jem_status st;
    char *rest = NULL;
    TRY(mem_strdup(&w->list, text));
    for (char *word = strtok_r(w->list, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
        TRY(parse_want(w, word));
    if (!w->logits && !w->energy && !w->grad && !w->feature_count)
        st = jem_error(JEM_EUSAGE, "--want is empty: choose logits, energy, grad, features:NAME");
done:
    return st;
}

/* ---- outputs */

static jem_status save(const char *dir, const char *name, jem_tensor *t)
{
    char *path = NULL;
    jem_status st = str_format(&path, "%s/%s.npy", dir, name);
    if (st == JEM_OK) st = jem_npy_write(path, t);
    if (st == JEM_OK) puts(path);
    mem_free(path);
    return st;
}

static jem_status save_outputs(const apply_flags *f, const wants *w, network_outputs *o)
{
    jem_status st;
    char name[96];
    TRY(dir_ready(f->out));
    if (w->logits) TRY(save(f->out, "logits", &o->logits));
    if (w->energy) TRY(save(f->out, "energy", &o->energy));
    if (w->grad) TRY(save(f->out, "grad", &o->grad));
    for (int i = 0; i < w->feature_count; i++) {
        snprintf(name, sizeof name, "features.%s", w->features[i]);
        TRY(save(f->out, name, &o->features[i]));
    }
done:
    return st;
}

/* DIR/pictures.txt: which picture each row is of. */
static jem_status save_names(const char *dir, const image_list *list)
{
    jem_status st = JEM_OK;
    strbuf text = STRBUF_INIT;
    char *path = NULL;

    for (int64_t i = 0; i < list->n; i++) plain_printf(&text, "%s\n", list->paths[i]);
    TRY(strbuf_status(&text));
    TRY(str_format(&path, "%s/pictures.txt", dir));
    TRY(file_write(path, text.data, strlen(text.data)));
    puts(path);
done:
    strbuf_clear(&text);
    mem_free(path);
    return st;
}

static jem_status weights_path(char **out, const char *given)
{
    if (!run_is(given)) return mem_strdup(out, given);
    return run_path(out, given, RUN_BEST);
}

static jem_status engine_of(engine_spec *e, bool *f64, const apply_flags *f)
{
    jem_status st;
    const option_group groups[] = {{"engine", engine_options, e}, {NULL, NULL, NULL}};
    TRY(options_defaults(groups));
    *f64 = f->precision && strcmp(f->precision, "f64") == 0;
    if (f->precision && !*f64)
        TRY(options_set(groups, "engine.precision", f->precision, "--precision"));
    TRY(options_set(groups, "engine.device", f->device ? f->device : *f64 ? "ref" : "auto",
                    "--device"));
    if (f->threads) TRY(options_set(groups, "engine.threads", f->threads, "--threads"));
done:
    return st;
}

static jem_status check_wants(const wants *w, const model_spec *spec)
{
    if (spec->network->logits || (!w->logits && !w->energy && !w->grad)) return JEM_OK;
    return jem_error(JEM_EUSAGE, "--want: %s has no logits, hence no energy: ask for features:%s", spec->name,
                     spec->network->heads[0]);
}

static jem_status apply(const cli_lists *lists, int argc, char **argv)
{
    apply_flags f;
    wants w = {.logits = false};
    engine_spec engine;
    model_spec spec;
    bool f64;
    char *path = NULL;
    jem_tensor x = JEM_TENSOR_INIT;
    image_list list = IMAGE_LIST_INIT;
    network_outputs outputs = {.logits = JEM_TENSOR_INIT};
    jem_status st;

    TRY(cli_parse(&f, &command_apply, argc, argv));
    TRY(parse_wants(&w, f.want));
    TRY(engine_of(&engine, &f64, &f));
    TRY(weights_path(&path, f.weights));
    const bool pictures = network_input_is_pictures(f.input);
    if (!pictures) TRY(network_read_input(&x, f.input));
    TRY(network_spec(&spec, lists->settings.networks, &f.network, path, pictures ? NULL : &x, f.input));
    TRY(check_wants(&w, &spec));
    if (pictures) TRY(network_read_pictures(&x, &list, f.input, &spec));
    const network_call call = {.spec = &spec, .engine = &engine, .weights = path, .x = &x,
                               .grad = w.grad, .features = w.features};
    TRY(f64 ? network_apply_f64(&outputs, &call) : network_apply(&outputs, &call));
    TRY(save_outputs(&f, &w, &outputs));
    if (pictures) TRY(save_names(f.out, &list));
done:
    image_list_clear(&list);
    network_outputs_clear(&outputs);
    jem_tensor_clear(&x);
    mem_free(path);
    mem_free(w.list);
    return st;
}

const command command_apply = {
    .name = "apply",
    .about = "put an array [N,C,H,W] (network units, or u8), or pictures, through a network; write npy files",
    .arguments = arguments,
    .options = options,
    .examples = {"apply runs/a --input x.npy --want logits,energy -o out",
                 "apply weights.safetensors --input x.npz --want grad,features:logits --precision f64 -o out"},
    .run = apply,
};
