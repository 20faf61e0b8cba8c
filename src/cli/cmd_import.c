/* jem import and jem export: weights of others as a run, and a run's weights for others. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "run/import.h"

typedef struct import_flags {
    const char *file, *model, *out;
    int64_t classes, size;
    cli_list set;
} import_flags;

static const cli_argument import_arguments[] = {
    {"FILE", offsetof(import_flags, file), .help = "weights: .pt, .pth, .safetensors or .npz"},
    {.name = NULL},
};

static const cli_option import_options[] = {
    {"--model", CLI_TEXT, offsetof(import_flags, model), "NAME",
     .help = "the network that they are of: one of jem list models", .required = true},
    {"--classes", CLI_INT, offsetof(import_flags, classes), "K",
     .help = "its classes, where they are not as published", .min = 1, .max = 1 << 20},
    {"--size", CLI_INT, offsetof(import_flags, size), "S",
     .help = "side of its pictures, where it is not as published", .min = 1, .max = 1 << 14},
    CLI_SET(import_flags, set, "model.*, and data.* where data belong to it"),
    {"--out", CLI_TEXT, offsetof(import_flags, out), "RUN", .help = "the run's folder, a new one", .other = "-o",
     .required = true},
    {.name = NULL},
};

static jem_status import(const cli_lists *lists, int argc, char **argv)
{
    import_flags f;
    jem_status st;

    TRY(cli_parse(&f, &command_import, argc, argv));
    const import_request r = {.lists = &lists->settings, .file = f.file, .model = f.model, .out = f.out,
                              .classes = f.classes, .side = f.size, .assignments = f.set.values,
                              .assignment_count = f.set.count};
    TRY(import_run(&r));
    cli_print("%s\n", f.out);
done:
    return st;
}

const command command_import = {
    .name = "import",
    .about = "make a run of weights that others trained; bench, sample, refine, apply and report take it",
    .arguments = import_arguments,
    .options = import_options,
    .examples = {"import resnet50-0676ba61.pth --model resnet50 --out runs/resnet50",
                 "import CIFAR10_MODEL.pt --model wrn-28-10 --classes 10 --size 32 --out runs/published"},
    .run = import,
};

typedef struct export_flags {
    const char *run, *out;
} export_flags;

static const cli_argument export_arguments[] = {
    {"RUN", offsetof(export_flags, run), .help = "a run; its selected weights are taken"},
    {.name = NULL},
};

static const cli_option export_options[] = {
    {"-o", CLI_TEXT, offsetof(export_flags, out), "FILE.safetensors", .help = "where they go", .other = "--out",
     .required = true},
    {.name = NULL},
};

static jem_status export(const cli_lists *lists, int argc, char **argv)
{
    export_flags f;
    run *r = NULL;
    jem_status st;

    TRY(cli_parse(&f, &command_export, argc, argv));
    TRY(run_open(&r, &lists->settings, f.run, NULL, 0));
    TRY(model_save(r->m, f.out, model_params(r->m)));
    cli_print("%s\n", f.out);
done:
    run_close(r);
    return st;
}

const command command_export = {
    .name = "export",
    .about = "write a run's weights for PyTorch: safetensors under the names of its state dict",
    .arguments = export_arguments,
    .options = export_options,
    .examples = {"export runs/a -o a.safetensors", "export runs/a -o /tmp/weights.safetensors"},
    .run = export,
};
