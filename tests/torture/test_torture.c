/* Fails each allocation and each file call of small pieces of work in turn: the n-th one
 * for n = 1, 2, ... until the work is done without meeting it.
 *
 *   - a failure is one status with a message; for files it names one in the folder
 *   - interrupted and short calls are no failure
 *   - what was there before is intact, no temporary file stays, no descriptor leaks
 *     (nor memory: the sanitizers see that)
 *
 *     test_torture [-a] [NAME...]
 *
 *     -a     each call of the trainings too (but of JSON's memory), which takes an hour
 *     NAME   only scenarios whose name contains one of these */
#include <dirent.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "torture/faults.h"
#include "torture/scenario.h"

const char *in(const char *dir, const char *name)
{
    static char text[16][512];
    static int turn;
    turn = (turn + 1) % 16;
    snprintf(text[turn], sizeof text[turn], "%s/%s", dir, name);
    return text[turn];
}

static int open_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;
    if (!d) return 0;
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

static void no_temporary_file(const char *dir)
{
    char **names, *path;
    int count;

    check_ok(dir_list(&names, &count, dir));
    for (int i = 0; i < count; i++) {
        if (temporary_is(names[i])) fail_msg("%s/%s stayed", dir, names[i]);
        check_ok(str_format(&path, "%s/%s", dir, names[i]));
        if (dir_exists(path)) no_temporary_file(path);
        mem_free(path);
    }
    strings_free(names, count);
}

/* One attempt with call number `at` failing (0: none); how many calls there were. */
static long attempt(const scenario *s, fault kind, long at, bool lasting)
{
    char dir[64], what[160];
    int before;

    snprintf(what, sizeof what, "%s, %s%s, call %ld", s->name, fault_name(kind),
             lasting ? " from then on" : "", at);
    /* in memory where there is such a place: thousands of files are synced */
    snprintf(dir, sizeof dir, "%s/jem-torture-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(dir)) fail_msg("cannot make a temporary directory");
    s->prepare(dir);
    before = open_descriptors();
    jem_error(JEM_OK, "%s", "");
    faults_arm(kind, at, lasting);
    jem_status st = s->work(dir);
    long calls = faults_disarm();

    bool met = at && calls >= at, memory = kind == FAULT_MEMORY || kind == FAULT_JSON;
    bool harmless = kind == FAULT_INTERRUPT || kind == FAULT_SHORT;
    const char *message = jem_error_message();
    if (st != JEM_OK && (!met || harmless || st != (memory ? JEM_ENOMEM : JEM_EIO) || !*message))
        fail_msg("%s: status %d, '%s'", what, st, message);
    if (st == JEM_EIO && !strstr(message, dir))
        fail_msg("%s: no file is named: '%s'", what, message);
    if (open_descriptors() != before)
        fail_msg("%s: %d files stayed open", what, open_descriptors() - before);
    s->check(dir, st == JEM_OK);
    no_temporary_file(dir);
    check_tmp_remove(dir);
    return calls;
}

/* Long scenarios (trainings) fail at so many places only, evenly spread; with option -a at
 * the second number of them. */
enum { PLACES = 12, MORE_PLACES = 2000 };
static long places = PLACES;

static bool may_last(fault kind)
{
    return kind != FAULT_INTERRUPT && kind != FAULT_JSON;
}

static void torture(void **state)
{
    const scenario *s = *state;

    for (int kind = 0; kind < FAULT_KINDS; kind++)
        for (int lasting = 0; lasting < (may_last((fault)kind) ? 2 : 1); lasting++) {
            long calls = attempt(s, (fault)kind, 0, lasting), at = 1, attempts = 0;
            long step = s->slow && calls > places ? calls / places : 1;
            for (; attempt(s, (fault)kind, at, lasting) >= at; at += step) attempts++;
            print_message("%s, %s%s: failed %ld times in %ld calls\n", s->name,
                          fault_name((fault)kind), lasting ? " from then on" : "", attempts, calls);
        }
}

static void say_nothing(log_level level, const char *line)
{
    (void)level;
    (void)line;
}

static bool asked_for(const char *name, int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strstr(name, argv[i])) return true;
    return argc == 0;
}

int main(int argc, char **argv)
{
    const scenario *const lists[] = {file_scenarios, reading_scenarios, packing_scenarios, training_scenarios};
    struct CMUnitTest tests[64];
    int n = 0;

    argc--, argv++;
    if (argc > 0 && strcmp(argv[0], "-a") == 0) {
        places = MORE_PLACES;
        argc--, argv++;
    }
    faults_init();
    log_set_sink(say_nothing);
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++)
        for (const scenario *s = lists[l]; s->name; s++) {
            union {
                const scenario *given;
                void *state;
            } u = {.given = s};
            if (!asked_for(s->name, argc, argv)) continue;
            tests[n++] = (struct CMUnitTest){s->name, torture, NULL, NULL, u.state};
        }
    int failed = _cmocka_run_group_tests("torture", tests, (size_t)n, NULL, NULL);
    training_scenarios_end();
    return failed;
}
