/* Finding and opening the GPU backend's library: see device_library.h. */
#include "backend/device_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/own_place.h"
#include "base/try.h"

static const char file_name[] = "libjem_cuda.so";

/* One GPU and one attempt per process. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const backend *opened;
static int opened_number;
static bool tried;
static char reason[1024];

static jem_status pass_error(jem_status code, const char *message)
{
    return jem_error(code, "%s", message);
}

/* *path <- an owned absolute path: dlopen is never left to search. */
static jem_status find_library(char **path)
{
    jem_status st;
    const char *named = getenv("JEM_CUDA_LIBRARY");
    if (named && *named) {
        if (named[0] == '/') return mem_strdup(path, named);
        return jem_error(JEM_EUSAGE, "JEM_CUDA_LIBRARY: '%s' is not an absolute path", named);
    }
    if (!dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL))
        return jem_error(JEM_EUSAGE, "the NVIDIA driver (libcuda.so.1) is not installed");
    TRY(own_file(path, file_name));
    if (*path) return JEM_OK;
    st = jem_error(JEM_EUSAGE, "%s is not where jem was installed; build jem where the CUDA toolkit "
                   "with cuDNN 9 is installed, or name the file in JEM_CUDA_LIBRARY", file_name);
done:
    return st;
}

static jem_status open_library(const backend **out, int number)
{
    static const device_host host = {pass_error};
    char *path = NULL;
    jem_status st;

    TRY(find_library(&path));
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        st = jem_error(JEM_EUSAGE, "the GPU backend cannot be loaded: %s", dlerror());
        goto done;
    }
    const device_library *l = dlsym(handle, DEVICE_LIBRARY_ENTRY);
    if (!l) {
        st = jem_error(JEM_EUSAGE, "%s: is not a library of jem", path);
        goto done;
    }
    if (strcmp(l->version, JEM_VERSION) != 0 || l->layout != DEVICE_LAYOUT) {
        st = jem_error(JEM_EUSAGE, "%s: was built with another jem (%s; this is %s): build both "
                       "together", path, l->version, JEM_VERSION);
        goto done;
    }
    TRY(l->open(out, &host, number));
done:
    mem_free(path);
    return st;
}

/* Says so once, to everybody where a driver is there, so that somebody expects a GPU to be used. */
static void remember_reason(void)
{
    snprintf(reason, sizeof reason, "%s", jem_error_message());
    if (dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD))
        log_info("no GPU is used: %s", reason);
    else
        log_detail("no GPU is used: %s", reason);
}

static jem_status open_once(const backend **out, int number)
{
    if (opened && number != opened_number)
        return jem_error(JEM_EUSAGE, "cuda:%d: this process computes on cuda:%d already; one process "
                         "uses one GPU", number, opened_number);
    if (!opened && !tried) {
        tried = true;
        opened_number = number;
        if (open_library(&opened, number) != JEM_OK) remember_reason();
    }
    if (!opened) return jem_error(JEM_EUSAGE, "no GPU can be used: %s", reason);
    *out = opened;
    return JEM_OK;
}

jem_status device_library_open(const backend **out, int number)
{
    pthread_mutex_lock(&lock);
    jem_status st = open_once(out, number);
    pthread_mutex_unlock(&lock);
    return st;
}
