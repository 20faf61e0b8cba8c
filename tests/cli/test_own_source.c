/* A data source of one's own: this program is jem with stripes appended to its kinds of data, on which
 * a model is then trained, resumed, evaluated and scored as on any other, without a change to jem. */
#include "cli/own_program.h"

#include "base/text_file.h"
#include "base/try.h"
#include "data/sources/sources.h"
#include "train/config.h"

/* ---- the source: what a file of src/data/sources has, and its line in the list */

/* DIR/stripes.txt: a character a picture, `-` for lying stripes, `|` for standing ones. */
static jem_status load(dataset **train, dataset **test, const data_options *o)
{
    enum { SIDE = 16, MOST = 10000 };
    static const char *const names[] = {"lying", "standing"};
    jem_status st;
    char path[OPTION_STRING_MAX + 16], *text = NULL;
    size_t size;
    dataset *d = NULL;

    snprintf(path, sizeof path, "%s/stripes.txt", o->path);
    TRY(text_read(&text, &size, path, MOST));
    size = strcspn(text, "\n");
    if (size == 0 || strspn(text, "-|") < size) {
        st = jem_error(JEM_EDATA, "%s: expected a line of '-' and '|'", path);
        goto done;
    }
    TRY(dataset_new(&d, (int64_t)size, 3, SIDE, SIDE, false));
    for (int64_t i = 0; i < d->n; i++) {
        d->labels[i] = text[i] == '|';
        for (int64_t k = 0; k < 3 * SIDE * SIDE; k++) {
            const int64_t across = d->labels[i] ? k % SIDE : k / SIDE % SIDE;
            d->pixels[i * 3 * SIDE * SIDE + k] = (across + i) / 2 % 2 ? 200 : 50;
        }
    }
    TRY(dataset_name_classes(d, names, 2));
    dataset_seal(d);
    *train = d;
    *test = NULL; /* held out of the training images */
    d = NULL;
done:
    mem_free(text);
    dataset_free(d);
    return st;
}

static const data_source stripes = {
    .name = "stripes",
    .about = "lying and standing stripes",
    .layout = "stripes.txt, a line of '-' and '|'",
    .load = load,
};

static const data_source *const with_stripes[] = {&data_folder, &stripes, NULL};
static const config_lists lists = {.sources = with_stripes};

/* ---- a run on it */

static void write_stripes(const char *name, const char *line, int times)
{
    char path[128], text[1024] = "";
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/%s/stripes.txt", dir, name);
    for (int i = 0; i < times; i++) strcat(text, line);
    strcat(text, "\n");
    check_ok(file_write(path, text, strlen(text)));
}

static void write_config(void)
{
    char text[600];
    snprintf(text, sizeof text,
             "model: {name: wrn-10-1, pool: adaptive}\n"
             "data: {kind: stripes, path: %s/data}\n"
             "sampler: {steps: 2, buffer_size: 20}\n"
             "train: {batch: 8, iterations: 4, lr: 1e-3, warmup: 2, log_every: 2}\n"
             "engine: {threads: 2, device: cpu}\n",
             dir);
    own_config(text);
}

static int begin(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    write_stripes("data", "-|", 60);
    write_stripes("others", "|-|-", 20);
    write_stripes("wrong", "-/|", 1);
    write_config();
    program_works(dir, "train %D/c.yaml --out %D/run");
    return 0;
}

static void it_is_listed_and_checked(void **state)
{
    (void)state;
    program_works(dir, "data list");
    program_said(dir, "out", "lying and standing stripes");
    program_works(dir, "list data");
    program_said(dir, "out", "lying and standing stripes");
    program_works(dir, "data check stripes %D/data");
    program_said(dir, "out", "standing");
    program_fails(dir, "data check stripes %D/wrong", JEM_EDATA, "expected a line of '-' and '|'");
    program_fails(dir, "data check cifar10 %D/data", JEM_EUSAGE, "choose one of: folder, stripes");
}

static void a_run_on_it_is_resumed_planned_evaluated_and_reported(void **state)
{
    (void)state;
    program_works(dir, "resume %D/run");
    program_works(dir, "plan %D/run --no-timing");
    program_works(dir, "eval %D/run --set eval.ood=stripes:%D/others");
    program_said(dir, "run/scores/scores.json", "others");
    program_works(dir, "report %D/run -o %D/page.html");
    assert_true(program_made(dir, "page.html"));
}

static void a_program_without_it_says_so(void **state)
{
    (void)state;
    char path[128];
    config c;
    snprintf(path, sizeof path, "%s/run/config.yaml", dir);
    check_ok(config_load(&c, &config_builtin, path, NULL, 0));
    splits s = {NULL, NULL, NULL};
    check_fails(data_load(&s, &c.data, CONFIG_SPLIT_SEED), JEM_EUSAGE, "'stripes' is unknown");
    check_ok(config_load(&c, &lists, path, NULL, 0));
    check_ok(data_load(&s, &c.data, CONFIG_SPLIT_SEED));
    assert_string_equal(s.test->class_names[1], "standing");
    splits_free(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_listed_and_checked),
        cmocka_unit_test(a_run_on_it_is_resumed_planned_evaluated_and_reported),
        cmocka_unit_test(a_program_without_it_says_so),
    };
    if (argc > 1) return jem_main(argc, argv, &(cli_lists){.settings = lists});
    own_program(argv[0]);
    return cmocka_run_group_tests(tests, begin, end);
}
