/* jem list: what there is to choose from, printed from the registries themselves. */
#include <stdio.h>
#include <string.h>

#include "backend/device.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "bench/eval.h"
#include "report/report.h"
#include "study/bench_settings.h"
#include "sweetspot/sweetspot.h"
#include "train/config.h"
#include "train/objective.h"

/* Size and cost of the network `name` as it was published. */
static jem_status list_size(const network *const *networks, const network *n, const char *name)
{
    jem_status st;
    graph *g = NULL;
    model_spec spec = *n->usual;

    TRY(model_spec_name(&spec, networks, name));
    TRY(model_spec_build(&g, &spec));
    cli_print("%.4g M parameters, %.3g GFLOP for %lldx%lld", (double)graph_trained_elements(g) / 1e6,
              graph_flops(g) / 1e9, (long long)spec.width, (long long)spec.height);
done:
    graph_free(g);
    return st;
}

/* The same of all names of a kind, and where published weights are had. */
static jem_status list_published(const network *const *networks, const network *n)
{
    jem_status st = JEM_OK;
    const char *const only[] = {n->name, NULL};

    for (const char *const *name = n->names ? n->names : only; *name; name++) {
        cli_print("                   %s%s", n->names ? *name : "", n->names ? ": " : "");
        TRY(list_size(networks, n, *name));
        cli_print("%s\n", n->photographs ? "; trains, classifies, maps" : "");
    }
    if (n->weights) cli_print("                   weights for jem import: %s\n", n->weights);
done:
    return st;
}

static jem_status list_models(const cli_lists *lists)
{
    jem_status st = JEM_OK;
    for (const network *const *n = lists->settings.networks; *n; n++) {
        if (!network_is_named(*n)) continue;
        puts((*n)->about);
        if ((*n)->usual) TRY(list_published(lists->settings.networks, *n));
    }
done:
    return st;
}

static jem_status list_objectives(const cli_lists *lists)
{
    for (const objective *const *o = lists->settings.objectives; *o; o++)
        cli_print("%-16s %s\n", (*o)->name, (*o)->about);
    return JEM_OK;
}

static jem_status list_data(const cli_lists *lists)
{
    for (const data_source *const *s = lists->settings.sources; *s; s++)
        cli_print("%-8s  %s\n          %s\n", (*s)->name, (*s)->about, (*s)->layout);
    return JEM_OK;
}

static jem_status list_samplers(const cli_lists *lists)
{
    (void)lists;
    puts("algorithm1  x <- clip(x + lambda (1 - t/L) grad LSE + sigma z): the study's Algorithm 1\n"
         "langevin    x <- clip(x + eta_t/2 grad LSE + sqrt(eta_t) z): Langevin dynamics, Eq. 7\n"
         "            set by sampler.update; starts: replay buffer of persistent chains, uniform "
         "noise");
    return JEM_OK;
}

static void list_backend(const backend *b)
{
    static const jem_dtype precisions[] = {JEM_F64, JEM_F32, JEM_BF16};
    const char *comma = "";
    cli_print("%-8s  %s (", b->name, b->about);
    for (size_t i = 0; i < sizeof precisions / sizeof *precisions; i++) {
        if (b->supports(precisions[i]) != JEM_OK) continue;
        cli_print("%s%s", comma, jem_dtype_name(precisions[i]));
        comma = ", ";
    }
    puts(")");
}

static jem_status list_backends(const cli_lists *lists)
{
    (void)lists;
    const backend *gpu;
    for (const backend *const *b = backends(); *b; b++) list_backend(*b);
    if (backend_find(&gpu, "cuda") == JEM_OK) {
        list_backend(gpu);
        cli_print("          %s\n", gpu->device->describe());
    } else {
        cli_print("%-8s  %s\n", "cuda", jem_error_message());
    }
    return JEM_OK;
}

static void print_line(void *ctx, const char *line)
{
    (void)ctx;
    cli_print("%s\n", line);
}

static jem_status list_options(const cli_lists *lists)
{
    jem_status st;
    config *c = NULL;
    eval_options e;
    bench_settings b;
    sweetspot_options spot;
    const option_group groups[] = {{"eval", eval_option_table, &e},
                                   {"sweetspot", sweetspot_settings, &spot},
                                   {NULL, NULL, NULL}};
    TRY(options_defaults(groups));
    TRY(bench_settings_init(&b, lists->benchmarks));
    TRY(MEM_NEW(c, 1));
    TRY(config_defaults(c, &lists->settings));
    options_help(config_groups(c), print_line, NULL);
    options_help(groups, print_line, NULL);
    options_help(b.groups, print_line, NULL);
done:
    bench_settings_clear(&b);
    mem_free(c);
    return st;
}

static jem_status list_benchmarks(const cli_lists *lists)
{
    for (const benchmark *const *b = lists->benchmarks; *b; b++)
        if (!(*b)->generative)
            cli_print("%-15s %s\n                from %s\n", (*b)->name, (*b)->measures,
                      (*b)->needs);
    return JEM_OK;
}

/* Published scores with their sources, as TSV. */
static jem_status list_baselines(const cli_lists *lists)
{
    strbuf tsv = STRBUF_INIT;
    const measures *known[MEASURES_MAX + 1];
    benchmark_meanings(known, lists->benchmarks);
    published_tsv(&tsv, known);
    return cli_print_lines(&tsv);
}

/* Figures of reports, by the names that `jem report --figure` takes. */
static jem_status list_figures(const cli_lists *lists)
{
    strbuf text = STRBUF_INIT;
    const measures *known[MEASURES_MAX + 1];
    benchmark_meanings(known, lists->benchmarks);
    report_figure_names(&text, known);
    return cli_print_lines(&text);
}

static jem_status list_commands(const cli_lists *lists)
{
    char usage[CLI_USAGE];
    (void)lists;
    for (const command *const *c = cli_commands(); *c; c++)
        cli_print("%-8s  %s\n          jem %s\n", (*c)->name, (*c)->about, cli_usage(usage, *c));
    return JEM_OK;
}

/* A command, or an action of one, and all that begins with a dash after it: for the completion of shells. */
static void list_words_of(const command *c)
{
    cli_print("%s", c->name);
    for (const cli_option *o = c->options; o && o->name; o++)
        cli_print(" %s%s%s", o->name, o->other ? " " : "", o->other ? o->other : "");
    cli_print("\n");
}

static jem_status list_words(const cli_lists *lists)
{
    (void)lists;
    for (const command *const *c = cli_commands(); *c; c++) {
        list_words_of(*c);
        for (const command *const *a = (*c)->actions; a && *a; a++) list_words_of(*a);
    }
    return JEM_OK;
}

static const struct {
    const char *name;
    jem_status (*run)(const cli_lists *lists);
} topics[] = {{"models", list_models},         {"objectives", list_objectives},
              {"data", list_data},             {"samplers", list_samplers},
              {"backends", list_backends},     {"benchmarks", list_benchmarks},
              {"options", list_options},       {"baselines", list_baselines},
              {"figures", list_figures},
              {"commands", list_commands},     {"words", list_words}};
enum { TOPICS = sizeof topics / sizeof *topics };

static jem_status unknown_topic(const char *name)
{
    char usage[CLI_USAGE];
    const char *names[TOPICS + 1];
    for (int i = 0; i < TOPICS; i++) names[i] = topics[i].name;
    names[TOPICS] = NULL;
    const char *near = cli_nearest(name, names);
    return jem_error(JEM_EUSAGE, "list: unknown topic '%s'; %s%s%s", name,
                     near ? "did you mean " : "usage: jem ", near ? near : cli_usage(usage, &command_list),
                     near ? "?" : "");
}

typedef struct list_flags {
    const char *topic;
} list_flags;

static const cli_argument arguments[] = {
    {"models|objectives|data|samplers|backends|benchmarks|baselines|figures|options|commands|words", offsetof(list_flags, topic),
     .help = "one of these; all of them unless given", .optional = true},
    {.name = NULL},
};

static jem_status list(const cli_lists *lists, int argc, char **argv)
{
    jem_status st;
    list_flags f;
    bool found = false;

    TRY(cli_parse(&f, &command_list, argc, argv));
    for (int i = 0; i < TOPICS; i++) {
        if (f.topic && strcmp(f.topic, topics[i].name) != 0) continue;
        if (!f.topic && i > 0) cli_print("\n");
        if (!f.topic) cli_print("== %s\n", topics[i].name);
        TRY(topics[i].run(lists));
        found = true;
    }
    if (!found) st = unknown_topic(f.topic);
done:
    return st;
}

const command command_list = {
    .name = "list",
    .about = "what there is to choose from: registries, every key with its default, commands",
    .arguments = arguments,
    .examples = {"list benchmarks", "list options"},
    .run = list,
};
