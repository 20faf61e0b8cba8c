/* Opening libjem_blas.so (blas.h): once, when there is room for it, and never closed again; one
 * lock from blas_begin to blas_end lets in one user at a time. */
#include "stats/blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/machine.h"
#include "base/mem.h"
#include "base/own_place.h"
#include "base/try.h"

static const char file_name[] = "libjem_blas.so";

/* Of address space, on Debian's x86-64 builds: libraries with their data and the buffer that OpenBLAS
 * 0.3.29 maps as it is loaded (0.3.21 does not), and what it maps per caller (BUFFER_SIZE in its
 * common_x86_64.h, and a page). */
static const size_t library_bytes = 225u << 20, caller_bytes = 129u << 20;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const blas *opened;
static int reserved; /* callers that buffers are there for */
static int threads_before;

static const char *const who = "linear algebra (OpenBLAS)";

/* *path <- an owned absolute path */
static jem_status find(char **path)
{
    jem_status st;
    const char *named = getenv("JEM_BLAS_LIBRARY");
    if (named && *named) {
        if (named[0] == '/') return mem_strdup(path, named);
        return jem_error(JEM_EUSAGE, "JEM_BLAS_LIBRARY: '%s' is not an absolute path", named);
    }
    TRY(own_file(path, file_name));
    if (*path) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s, which holds jem's linear algebra, is not where jem was "
                     "installed: install it again, or name the file in JEM_BLAS_LIBRARY",
                     file_name);
done:
    return st;
}

/* OpenBLAS reads from the environment how many threads to start, each with its buffer, as it is
 * loaded.  The host's variables are not ours to change: for that moment there is another list of
 * the same strings, kept because other threads may be reading it. */
static void *load_with_one_thread(const char *path)
{
    static char one[] = "OPENBLAS_NUM_THREADS=1";
    static char **variables;
    static size_t room;
    char **before = environ;
    size_t count = 0;

    while (before && before[count]) count++;
    if (room < count + 2) {
        char **list = malloc((count + 2) * sizeof *list);
        if (!list) return NULL;
        variables = list;
        room = count + 2;
    }
    variables[0] = one; /* the first of a name counts */
    for (size_t i = 0; i < count; i++) variables[i + 1] = before[i];
    variables[count + 1] = NULL;
    environ = variables;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (environ == variables) environ = before;
    return handle;
}

static jem_status load(const blas **out, int callers)
{
    jem_status st;
    char *path = NULL;

    TRY(find(&path));
    TRY(machine_check_room((size_t)blas_address_bytes(callers), who));
    void *handle = load_with_one_thread(path);
    if (!handle) {
        const char *why = dlerror();
        st = jem_error(JEM_EUSAGE, "linear algebra cannot be loaded: %s",
                       why ? why : "out of memory");
        goto done;
    }
    const blas *b = dlsym(handle, BLAS_LIBRARY_ENTRY);
    if (!b || strcmp(b->version, JEM_VERSION) != 0 || b->layout != BLAS_LAYOUT) {
        st = jem_error(JEM_EUSAGE, "%s: was not built with this jem (%s): install both together",
                       path, JEM_VERSION);
        dlclose(handle);
        goto done;
    }
    *out = b;
done:
    mem_free(path);
    return st;
}

static jem_status prepare(int callers)
{
    jem_status st = JEM_OK;
    if (!opened) TRY(load(&opened, callers));
    if (callers > reserved) {
        TRY(machine_check_room((size_t)(callers - reserved) * caller_bytes, who));
        opened->reserve(callers);
        reserved = callers;
    }
done:
    return st;
}

int64_t blas_address_bytes(int callers)
{
    return (int64_t)library_bytes + callers * (int64_t)caller_bytes;
}

jem_status blas_begin(const blas **out, int callers)
{
    pthread_mutex_lock(&lock);
    jem_status st = prepare(callers);
    if (st != JEM_OK) {
        pthread_mutex_unlock(&lock);
        return st;
    }
    threads_before = opened->threads();
    opened->set_threads(1);
    *out = opened;
    return JEM_OK;
}

void blas_end(void)
{
    opened->set_threads(threads_before);
    pthread_mutex_unlock(&lock);
}
