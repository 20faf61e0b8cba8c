/* Between a host and jem: see lib_call.h. */
#include "lib/lib_call.h"

#include <string.h>

#include "base/signal_hold.h"

/* of libgomp, which oneDNN brings along; its header wants a compiler with OpenMP */
extern int omp_get_max_threads(void);
extern void omp_set_num_threads(int threads);

enum { LARGEST = 1 << 16 }; /* more is no struct of ours */

static _Thread_local const lib_call *current;

void lib_call_begin(lib_call *host)
{
    host->state = host_call_begin();
    host->omp_threads = omp_get_max_threads();
    host->before = current;
    current = host;
}

static void restore(const lib_call *c)
{
    host_call_end(&c->state);
    if (omp_get_max_threads() != c->omp_threads) omp_set_num_threads(c->omp_threads);
}

void lib_call_end(lib_call *host)
{
    current = host->before;
    restore(host);
}

void lib_call_back_begin(lib_call *plain)
{
    lib_call_begin(plain);
    if (plain->before)
        restore(plain->before);
    else
        uselocale(LC_GLOBAL_LOCALE); /* a thread of jem's: the program's locale */
    plain->paused = signal_pause();
}

void lib_call_back_end(lib_call *plain)
{
    lib_call_end(plain);
    signal_resume(plain->paused);
}

/* *known <- the size that a struct of the caller's begins with. */
static jem_status read_size(size_t *known, const void *of, const char *function, const char *init)
{
    memcpy(known, of, sizeof *known);
    if (*known >= sizeof *known && *known <= LARGEST) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: a struct of options begins with its size, here %zu; begin with %s", function, *known,
                     init);
}

jem_status lib_options(void *out, size_t size, const void *given, const char *function, const char *init)
{
    size_t known;
    if (!given) return JEM_OK;
    const jem_status st = read_size(&known, given, function, init);
    if (st == JEM_OK) memcpy(out, given, known < size ? known : size);
    return st;
}

jem_status lib_hand_out(void *out, const void *found, const char *function, const char *init)
{
    size_t known, size;
    const jem_status st = read_size(&known, out, function, init);
    if (st != JEM_OK) return st;
    memcpy(&size, found, sizeof size);
    if (known > size) known = size;
    memcpy((char *)out + sizeof known, (const char *)found + sizeof known, known - sizeof known);
    return JEM_OK;
}

jem_status lib_check_texts(const char *const *texts, int count, const char *what, const char *function)
{
    if (count < 0 || (count > 0 && !texts))
        return jem_error(JEM_EUSAGE, "%s: %s_count = %d, %s is %sNULL", function, what, count, what,
                         texts ? "not " : "");
    for (int i = 0; i < count; i++)
        if (!texts[i]) return jem_error(JEM_EUSAGE, "%s: %s[%d] is NULL", function, what, i);
    return JEM_OK;
}

jem_status lib_threads(pool **out, int64_t threads, const char *function)
{
    if (threads >= 0 && threads <= INT32_MAX) return pool_new(out, (int)threads);
    return jem_error(JEM_EUSAGE, "%s: o->threads = %lld; choose 0 (all processors) or more", function, (long long)threads);
}

jem_status lib_check_images(int64_t n, const char *function)
{
    if (n >= 0 && n <= INT32_MAX) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: n = %lld images; choose 0 to %d", function, (long long)n,
                     INT32_MAX);
}
