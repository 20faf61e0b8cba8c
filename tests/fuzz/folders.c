/* Whole programs' work on mutated folders, in one process:
 *
 *   fuzz_folders resume FIRST LAST SEED          a run that was interrupted is opened and resumed
 *   fuzz_folders report FIRST LAST SEED CORPUS   a study of the corpus is reported, with sweet spots
 *
 * Each case copies a folder, changes it (mutate.h) and does the work.  What must hold:
 *
 *   - an exit code that says what is wrong, and a message that names the folder; no case runs on
 *   - a refused resume has changed nothing
 *   - a resume that succeeds ends with the bits of one that nothing disturbed, unless settings
 *     were changed, files removed or checksums made right again
 *   - nothing outside of the folder has changed, whatever links led there
 *   - nothing in messages or in the page steers a terminal or runs
 *
 * Case N of a seed is the same every time.  The one under way stands in WORK/case-number and
 * WORK/case; WORK is a new folder in $TMPDIR (/dev/shm saves the disk), removed at the end.  Of a
 * single case the messages are shown. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/plain.h"
#include "fuzz.h"
#include "model/wrn.h"
#include "mutate.h"
#include "report/fig_sweetspot.h"
#include "report/report.h"
#include "run/checkpoint_store.h"
#include "run/loop.h"
#include "../support/measures.h"

enum { SIDE = 4, CLASSES = 2, IMAGES = 12, PATIENCE_S = 10, PATH_MOST = 512, STUDIES_MAX_FILES = 64 };

static char work[PATH_MOST], whole[PATH_MOST], base[PATH_MOST], copy[PATH_MOST], outside[PATH_MOST],
    secret[PATH_MOST];
static mutations done; /* to the case's folder */
static int64_t number;

/* ---- what must hold */

void fuzz_expect_at(bool holds, const char *condition, const char *file, int line)
{
    if (holds) return;
    fprintf(stderr, "%s:%d: case %lld (%s): does not hold: %s; last message: '%s'\n", file, line,
            (long long)number, done.text, condition, jem_error_message());
    abort();
}

static bool verbose;

static void check_line(log_level level, const char *line)
{
    (void)level;
    fuzz_expect(plain_is(line));
    if (verbose) puts(line);
}

/* A message that names the folder of the case, and is fit to be shown. */
static void check_message(void)
{
    fuzz_expect(strstr(jem_error_message(), copy) != NULL);
    fuzz_expect(plain_is(jem_error_message()));
}

static void check_outside(void)
{
    char **names, *text;
    int count;
    size_t size;

    fuzz_expect(dir_list(&names, &count, outside) == JEM_OK);
    fuzz_expect(count == 1);
    strings_free(names, count);
    fuzz_expect(file_read(&text, &size, secret, 0) == JEM_OK);
    fuzz_expect(size == 6 && memcmp(text, "secret", 6) == 0);
    mem_free(text);
}

/* ---- time */

static volatile sig_atomic_t stop;

/* The first alarm stops a training that mutated settings made endless; the second is a case that
 * does not end. */
static void on_alarm(int signal_number)
{
    (void)signal_number;
    if (stop) abort();
    stop = 1;
}

static void set_alarm(void)
{
    const struct itimerval t = {{6 * PATIENCE_S, 0}, {PATIENCE_S, 0}};
    stop = 0;
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &t, NULL);
}

static void clear_alarm(void)
{
    const struct itimerval none = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &none, NULL);
}

/* ---- resume */

static dataset *noise(int64_t n)
{
    dataset *d = NULL;
    fuzz_expect(dataset_new(&d, n, 3, SIDE, SIDE, false) == JEM_OK);
    d->classes = CLASSES;
    d->hash = 4711;
    for (int64_t i = 0; i < n * 3 * SIDE * SIDE; i++) d->pixels[i] = (uint8_t)(i * 37 % 251);
    for (int64_t i = 0; i < n; i++) d->labels[i] = (int32_t)(i % CLASSES);
    return d;
}

static splits images; /* of every training here */

static void small_config(config *cfg)
{
    static const char *const set[] = {
        "alpha=0.5", "model.name=wrn-10-1", "model.pool=adaptive", "sampler.steps=1",
        "sampler.buffer_size=4", "train.batch=4", "train.iterations=4", "train.checkpoint_every=1",
        "train.warmup=1", "data.crop=false", "engine.threads=1", "engine.device=cpu",
        "train.log_every=1"};
    fuzz_expect(config_defaults(cfg, &config_builtin) == JEM_OK);
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        fuzz_expect(options_assign(config_groups(cfg), set[i]) == JEM_OK);
}

static jem_status train(config *cfg, const char *out, bool resume)
{
    const train_request q = {.cfg = cfg, .out = out, .data = &images, .resume = resume, .stop = &stop};
    return train_run(&q);
}

/* Stops the training behind its second checkpoint, the same on every machine. */
static int puts_left;

jem_status __real_checkpoint_writer_put(checkpoint_writer *w, const checkpoint_state *s,
                                        const run_info *info);
jem_status __wrap_checkpoint_writer_put(checkpoint_writer *w, const checkpoint_state *s,
                                        const run_info *info);

jem_status __wrap_checkpoint_writer_put(checkpoint_writer *w, const checkpoint_state *s,
                                        const run_info *info)
{
    if (puts_left > 0 && --puts_left == 0) stop = 1;
    return __real_checkpoint_writer_put(w, s, info);
}

/* WORK/base, a training that was interrupted on the way, and WORK/whole, a copy that went on. */
static void make_runs(void)
{
    static config cfg;

    images = (splits){noise(IMAGES), noise(4), noise(4)};
    small_config(&cfg);
    puts_left = 2;
    fuzz_expect(train(&cfg, base, false) == JEM_EINTERRUPTED);
    stop = 0;
    tree_copy(base, whole);
    fuzz_expect(run_load_config(&cfg, &config_builtin, whole) == JEM_OK);
    fuzz_expect(train(&cfg, whole, true) == JEM_OK);
}

/* Would these settings be done with in a moment, and little memory? */
static bool is_small(const config *c)
{
    const wrn_settings *s = (const void *)&c->model.settings;
    return strcmp(c->model.name, "wrn-10-1") == 0 && s->proj <= 64 && c->train.batch <= 64 &&
           c->train.generative_batch <= 64 && c->sampler.steps <= 64 && c->sampler.buffer_size <= 4096 &&
           c->engine.threads <= 4;
}

/* What readers of a run do with it. */
static void open_run(void)
{
    run *r = NULL;
    model *first = NULL;
    float *replay = NULL;
    int64_t n;
    jem_status st = run_open(&r, &config_builtin, copy, NULL, 0);

    if (st != JEM_OK) {
        fuzz_expect(st == JEM_EDATA || st == JEM_EUSAGE);
        check_message();
        return;
    }
    st = run_first_epoch(&first, r);
    fuzz_expect(st == JEM_OK || st == JEM_EDATA);
    st = run_replay(&replay, &n, r);
    fuzz_expect(st == JEM_OK || st == JEM_EDATA || st == JEM_EUSAGE);
    mem_free(replay);
    model_free(first);
    run_close(r);
}

static bool same_file(const char *name)
{
    char path[2][2 * PATH_MOST], *data[2] = {NULL, NULL};
    size_t size[2];
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/%s", i ? copy : whole, name);
        fuzz_expect(file_read(&data[i], &size[i], path[i], 0) == JEM_OK);
    }
    const bool same = size[0] == size[1] && memcmp(data[0], data[1], size[0]) == 0;
    mem_free(data[0]);
    mem_free(data[1]);
    return same;
}

static void check_end(void)
{
    run_info info;
    fuzz_expect(run_read_info(&info, copy) == JEM_OK);
    fuzz_expect(info.status == RUN_FINISHED);
    if (done.settings || done.sealed || done.moved) return;
    fuzz_expect(same_file("best.safetensors"));
    fuzz_expect(same_file("checkpoints/000000004.safetensors"));
}

static void resume_case(void)
{
    static config cfg;
    jem_status st = run_load_config(&cfg, &config_builtin, copy);

    if (st != JEM_OK) {
        fuzz_expect(st == JEM_EDATA || st == JEM_EUSAGE);
        check_message();
        return;
    }
    if (!is_small(&cfg)) return;
    open_run();
    const uint64_t before = tree_hash(copy);
    st = train(&cfg, copy, true);
    switch (st) {
    case JEM_OK:
        check_end();
        break;
    case JEM_EUSAGE:
    case JEM_EDATA:
        check_message();
        fuzz_expect(tree_hash(copy) == before);
        break;
    case JEM_EIO:
        fuzz_expect(done.moved);
        check_message();
        break;
    default:
        fuzz_expect(st == JEM_EDIVERGED || st == JEM_EINTERRUPTED);
    }
}

/* ---- report */

static char *studies[STUDIES_MAX_FILES]; /* paths in the corpus */
static int study_count;

static void list_studies(const char *corpus)
{
    DIR *dir = opendir(corpus);
    struct dirent *entry;
    char path[PATH_MOST];

    fuzz_expect(dir != NULL);
    while ((entry = readdir(dir)) && study_count < STUDIES_MAX_FILES) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", corpus, entry->d_name);
        fuzz_expect(mem_strdup(&studies[study_count++], path) == JEM_OK);
    }
    closedir(dir);
    fuzz_expect(study_count > 0);
}

static void put_file(char *path, const char *data, size_t size)
{
    char *slash = strrchr(path, '/');
    *slash = '\0';
    fuzz_expect(dir_make(path) == JEM_OK);
    *slash = '/';
    fuzz_expect(file_write(path, data, size) == JEM_OK);
}

/* The files of one case of the corpus (fuzz_folder), as files. */
static void unpack_study(const char *from, const char *to)
{
    char *text, path[2 * PATH_MOST];
    size_t size;

    fuzz_expect(file_read(&text, &size, from, 0) == JEM_OK);
    for (char *at = text, *end = text + size; at && strncmp(at, "@@ ", 3) == 0;) {
        char *line = memchr(at, '\n', (size_t)(end - at)), *mark;
        if (!line) break;
        mark = memmem(line, (size_t)(end - line), "\n@@ ", 4);
        *line = '\0';
        snprintf(path, sizeof path, "%s/%s", to, at + 3);
        if (!strstr(at, "..")) put_file(path, line + 1, (size_t)((mark ? mark : end - 1) - line));
        at = mark ? mark + 1 : NULL;
    }
    mem_free(text);
}

static void check_page(const char *path)
{
    char *html;
    size_t size;
    fuzz_expect(file_read(&html, &size, path, 0) == JEM_OK);
    fuzz_expect(strlen(html) == size && !strpbrk(html, "\x1b\x7f\r"));
    const char *own = strstr(html, "<script"); /* the page's, and no other */
    fuzz_expect(own && !strstr(own + 1, "<script"));
    mem_free(html);
}

static void allow(jem_status st)
{
    fuzz_expect(st == JEM_EDATA || (st == JEM_EIO && done.moved));
    check_message();
}

static void find_sweet_spots(void)
{
    const sweetspot_options o = {.draws = 50, .rounds = 50, .level = 0.95, .measures = all_measures()};
    sweetspot_list list = SWEETSPOT_LIST_INIT;
    study *s = NULL;

    fuzz_expect(study_read(&s, copy) == JEM_OK);
    fuzz_expect(sweetspots_find(&list, s, &o) == JEM_OK);
    jem_status st = list.count ? fig_sweetspot_write(s, &list) : JEM_OK;
    if (st != JEM_OK) allow(st);
    sweetspot_list_clear(&list);
    study_free(s);
}

static void report_case(void)
{
    char page[2 * PATH_MOST];
    report_result result;

    snprintf(page, sizeof page, "%s/report.html", copy);
    jem_status st = report_write(&result, &(report_call){.folder = copy, .page = page,
                                                         .command = "jem report",
                                                         .measures = all_measures()});
    if (st != JEM_OK) {
        allow(st);
        return;
    }
    check_page(page);
    find_sweet_spots();
}

/* ---- cases */

static void note_number(void)
{
    char path[2 * PATH_MOST];
    snprintf(path, sizeof path, "%s/case-number", work);
    FILE *f = fopen(path, "w");
    if (f) fprintf(f, "%lld\n", (long long)number), fclose(f);
}

static void run_case(bool resume, uint64_t seed)
{
    uint64_t state = seed * 1000003 + (uint64_t)number;

    note_number();
    tree_remove(copy);
    if (resume)
        tree_copy(base, copy);
    else
        unpack_study(studies[mutate_below(&state, (uint64_t)study_count)], copy);
    if (!dir_exists(copy)) return; /* a study without files */
    mutate_folder(&done, copy, secret, &state);
    if (verbose) printf("%s: %s\n", copy, done.text);
    jem_error(JEM_OK, "%s", "");
    set_alarm();
    if (resume)
        resume_case();
    else
        report_case();
    clear_alarm();
    check_outside();
}

static void make_work(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(work, sizeof work, "%s/jem-folders-XXXXXX", tmp ? tmp : "/tmp");
    fuzz_expect(mkdtemp(work) != NULL);
    const struct {
        char *path;
        const char *name;
    } paths[] = {{whole, "whole"}, {base, "base"}, {copy, "case"}, {outside, "outside"},
                 {secret, "outside/secret"}};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        fuzz_expect(snprintf(paths[i].path, PATH_MOST, "%s/%s", work, paths[i].name) < PATH_MOST);
    fuzz_expect(dir_make(outside) == JEM_OK);
    fuzz_expect(file_write(secret, "secret", 6) == JEM_OK);
}

int main(int argc, char **argv)
{
    const bool resume = argc == 5 && strcmp(argv[1], "resume") == 0;
    const bool report = argc == 6 && strcmp(argv[1], "report") == 0;

    if (!resume && !report) {
        fprintf(stderr, "usage: %s resume FIRST LAST SEED | report FIRST LAST SEED CORPUS\n", argv[0]);
        return 2;
    }
    const int64_t first = atoll(argv[2]), last = atoll(argv[3]);
    const uint64_t seed = strtoull(argv[4], NULL, 10);
    make_work();
    log_set_sink(check_line);
    if (resume)
        make_runs();
    else
        list_studies(argv[5]);
    verbose = first == last;
    for (number = first; number <= last; number++) {
        run_case(resume, seed);
        if (number % 1000 == 0) printf("%lld cases\n", (long long)number), fflush(stdout);
    }
    log_set_sink(NULL);
    tree_remove(work);
    printf("%s: cases %lld to %lld of seed %llu\n", argv[1], (long long)first, (long long)last,
           (unsigned long long)seed);
    return 0;
}
