/* What the host has set changes no byte, and is as it was after each call. */
#include "lib/lib_rig.h"
#include "support/identity.h"

#include <dirent.h>
#include <fenv.h>
#include <jansson.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

extern int omp_get_max_threads(void);
extern void omp_set_num_threads(int threads);
extern char **environ;

/* ---- a locale with a decimal comma, of our own making: not every machine has German */

static char locales[64];

static const char comma_source[] = "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\n"
                                   "grouping 3;3\nEND LC_NUMERIC\n";

static int make_locale(void **state)
{
    char command[400], path[100];
    (void)state;
    check_tmp(locales, sizeof locales);
    snprintf(path, sizeof path, "%s/comma", locales);
    check_ok(file_write(path, comma_source, sizeof comma_source - 1));
    /* it warns of all that is left out, and fails for that */
    snprintf(command, sizeof command, "localedef -c -i %s %s/jem_XX > %s/log 2>&1", path, locales,
             locales);
    if (system(command) == -1) return -1;
    setenv("LOCPATH", locales, 1);
    return 0;
}

static int remove_locale(void **state)
{
    (void)state;
    check_tmp_remove(locales);
    return 0;
}

/* Before a test makes anything. */
static void need_commas(void)
{
    if (!setlocale(LC_NUMERIC, "jem_XX")) {
        print_message("skipped: no locale with a decimal comma could be made (localedef)\n");
        skip();
    }
    setlocale(LC_NUMERIC, "C");
}

static void use_commas(void)
{
    char text[20];
    assert_non_null(setlocale(LC_NUMERIC, "jem_XX"));
    snprintf(text, sizeof text, "%.1f", 1.5);
    assert_string_equal(text, "1,5");
}

static void still_commas(void)
{
    assert_string_equal(localeconv()->decimal_point, ",");
    setlocale(LC_NUMERIC, "C");
}

static void a_training_under_a_decimal_comma_is_the_same(void **state)
{
    char other[160];
    jem_data d = JEM_DATA_INIT;
    (void)state;
    need_commas();
    rig *r = rig_new();
    const jem_data_options o = {sizeof o, "npy", r->dir, JEM_DATA_TRAIN, 0, 0};
    snprintf(other, sizeof other, "%s/other", r->dir);
    check_ok(train(r, r->run));
    use_commas();
    check_ok(train(r, other));
    check_ok(jem_data_load(&d, &o));
    jem_data_clear(&d);
    still_commas();
    identity_same_file(r->run, other, "config.yaml");
    identity_same_file(r->run, other, "best.safetensors");
    rig_free(r);
}

/* Figures in the page that jem_report makes of the run; their tables and drawings in DIR. */
static int report_of(const char *of)
{
    char page[200], *text;
    size_t size;
    int n = 0;
    snprintf(page, sizeof page, "%s/page.html", of);
    check_ok(jem_report(of, page));
    check_ok(file_read(&text, &size, page, 0));
    for (const char *at = text; (at = strstr(at, "<svg")); at++) n++;
    mem_free(text);
    return n;
}

static void a_report_under_a_decimal_comma_is_the_same(void **state)
{
    char command[600], path[2][200], **names;
    int count, figures;
    (void)state;
    need_commas();
    rig *r = rig_new();
    check_ok(train(r, r->run));
    snprintf(command, sizeof command, "'%s' eval '%s' > '%s/log' 2>&1 && mkdir '%s/other' && cp -r '%s' '%s/other/'",
             JEM_PROGRAM, r->run, r->dir, r->dir, r->run, r->dir);
    assert_int_equal(system(command), 0);
    figures = report_of(r->run);
    assert_true(figures > 5);
    use_commas();
    snprintf(path[1], sizeof path[1], "%s/other/run", r->dir); /* figures name the run's folder */
    assert_int_equal(report_of(path[1]), figures);
    still_commas();
    snprintf(path[0], sizeof path[0], "%s/figures", r->run);
    snprintf(path[1], sizeof path[1], "%s/other/run/figures", r->dir);
    check_ok(dir_list(&names, &count, path[0]));
    for (int i = 0; i < count; i++) /* a PDF tells the time */
        if (!strstr(names[i], ".pdf")) identity_same_file(path[0], path[1], names[i]);
    strings_free(names, count);
    rig_free(r);
}

static char sink_decimal[8];

static void remember_decimal(void *ctx, jem_log_level level, const char *line)
{
    (void)ctx;
    (void)level;
    (void)line;
    snprintf(sink_decimal, sizeof sink_decimal, "%s", localeconv()->decimal_point);
}

static void a_sink_is_called_in_its_own_locale(void **state)
{
    (void)state;
    need_commas();
    rig *r = rig_new();
    use_commas();
    jem_log_set_sink(remember_decimal, NULL);
    check_ok(train(r, r->run));
    jem_log_set_sink(NULL, NULL);
    still_commas();
    assert_string_equal(sink_decimal, ",");
    rig_free(r);
}

/* ---- numbers */

typedef struct answer {
    float lse[N], grad[VALUES];
} answer;

static void ask(const rig *r, answer *a)
{
    jem_model *m = NULL;
    const jem_evaluation want = {.size = sizeof want, .lse = a->lse, .grad = a->grad};
    check_ok(jem_model_open(&m, r->weights, NULL));
    check_ok(jem_model_evaluate(m, r->x, N, &want));
    jem_model_free(m);
}

static void rounding_and_denormal_numbers_of_the_host_change_nothing(void **state)
{
    static answer plain, other;
    (void)state;
    rig *r = rig_new();
    ask(r, &plain);
    assert_int_equal(fesetround(FE_UPWARD), 0);
#if defined(__SSE__)
    _mm_setcsr(_mm_getcsr() | 0x8040u); /* flush to zero, denormals are zero */
#endif
    ask(r, &other);
    assert_int_equal(fegetround(), FE_UPWARD);
#if defined(__SSE__)
    assert_int_equal(_mm_getcsr() & 0x8040u, 0x8040u);
    _mm_setcsr(_mm_getcsr() & ~0x8040u);
#endif
    assert_int_equal(fesetround(FE_TONEAREST), 0);
    assert_memory_equal(&plain, &other, sizeof plain);
    rig_free(r);
}

static void traps_of_the_host_do_not_spring(void **state)
{
    (void)state;
#if defined(__x86_64__)
    rig *r = rig_new();
    jem_tensor t = JEM_TENSOR_INIT;
    feclearexcept(FE_ALL_EXCEPT);
    feenableexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW);
    check_ok(jem_tensor_init(&t, JEM_F64, 1, (int64_t[]){1}));
    *(double *)t.data = 1e300; /* overflows as float */
    check_ok(jem_tensor_convert(&t, JEM_F32));
    assert_int_equal(fegetexcept(), FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW);
    assert_int_equal(fetestexcept(FE_ALL_EXCEPT), 0);
    fedisableexcept(FE_ALL_EXCEPT);
    assert_true(isinf(*(float *)t.data));
    jem_tensor_clear(&t);
    rig_free(r);
#endif
}

static void the_hosts_openmp_keeps_its_threads(void **state)
{
    static answer a;
    (void)state;
    rig *r = rig_new();
    const int before = omp_get_max_threads();
    omp_set_num_threads(3);
    ask(r, &a);
    check_ok(train(r, r->run));
    assert_int_equal(omp_get_max_threads(), 3);
    omp_set_num_threads(before);
    rig_free(r);
}

/* ---- the process */

typedef struct process {
    void (*handlers[65])(int);
    int flags[65];
    sigset_t mask;
    void *stack;
    mode_t umask;
    char folder[512];
    char **environ;
    size_t variables;
    json_malloc_t json_malloc;
    json_free_t json_free;
    cpu_set_t processors;
} process;

static void look(process *p)
{
    memset(p, 0, sizeof *p);
    for (int i = 1; i <= 64; i++) {
        struct sigaction action = {.sa_flags = 0};
        if (sigaction(i, NULL, &action) != 0) continue; /* two are libc's own */
        p->handlers[i] = action.sa_handler;
        p->flags[i] = action.sa_flags;
    }
    pthread_sigmask(SIG_SETMASK, NULL, &p->mask);
    stack_t stack = {.ss_sp = NULL};
    sigaltstack(NULL, &stack);
    p->stack = stack.ss_sp;
    p->umask = umask(0);
    umask(p->umask);
    assert_non_null(getcwd(p->folder, sizeof p->folder));
    p->environ = environ;
    while (environ[p->variables]) p->variables++;
    json_get_alloc_funcs(&p->json_malloc, &p->json_free);
    sched_getaffinity(0, sizeof p->processors, &p->processors);
}

static int open_descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d)) n++;
    if (d) closedir(d);
    return n;
}

static void a_process_is_left_as_it_was(void **state)
{
    static process before, after;
    static answer a;
    char page[200];
    (void)state;
    rig *r = rig_new();
    snprintf(page, sizeof page, "%s/page.html", r->dir);
    ask(r, &a); /* libraries keep a thing or two from their first use */
    check_ok(jem_report(NULL, NULL) == JEM_EUSAGE ? JEM_OK : JEM_EINTERNAL);
    const int files = open_descriptors();
    look(&before);
    check_ok(train(r, r->run));
    check_ok(jem_report(r->run, page));
    ask(r, &a);
    look(&after);
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(open_descriptors(), files);
    rig_free(r);
}

static void nothing_is_printed(void **state)
{
    char path[128];
    int kept[2];
    int64_t size;
    (void)state;
    rig *r = rig_new();
    snprintf(path, sizeof path, "%s/printed", r->dir);
    check_ok(file_write(path, "", 0));
    fflush(NULL);
    for (int fd = 1; fd <= 2; fd++) {
        kept[fd - 1] = dup(fd);
        assert_non_null(freopen(path, "a", fd == 1 ? stdout : stderr));
    }
    jem_status trained = train(r, r->run), again = jem_train("/nonexistent", r->run, NULL);
    jem_status report = jem_report(r->run, NULL);
    fflush(NULL);
    for (int fd = 1; fd <= 2; fd++) {
        dup2(kept[fd - 1], fd);
        close(kept[fd - 1]);
    }
    check_ok(file_size(&size, path));
    assert_int_equal(size, 0);
    assert_int_equal(trained, JEM_OK);
    assert_int_equal(again, JEM_EDATA);
    assert_int_equal(report, JEM_OK);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_training_under_a_decimal_comma_is_the_same),
        cmocka_unit_test(a_report_under_a_decimal_comma_is_the_same),
        cmocka_unit_test(a_sink_is_called_in_its_own_locale),
        cmocka_unit_test(rounding_and_denormal_numbers_of_the_host_change_nothing),
        cmocka_unit_test(traps_of_the_host_do_not_spring),
        cmocka_unit_test(the_hosts_openmp_keeps_its_threads),
        cmocka_unit_test(a_process_is_left_as_it_was),
        cmocka_unit_test(nothing_is_printed),
    };
    return cmocka_run_group_tests(tests, make_locale, remove_locale);
}
