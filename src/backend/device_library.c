/* Finding and opening the GPU backend's library: see device_library.h. */
#include "backend/device_library.h"

#include <dlfcn.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
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

/* A folder that holds the library, seen from this code: FOLDER/libjem_cuda.so. */
static void *open_beside(const char *folder)
{
    char *path = NULL;
    void *handle = NULL;
    if (str_format(&path, "%s/%s", folder, file_name) == JEM_OK && file_exists(path))
        handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    mem_free(path);
    return handle;
}

static void *open_near_program(void)
{
    Dl_info here;
    char *own = NULL, *lib = NULL;
    void *handle = NULL;
    const void *address = &file_name;

    if (!dladdr(address, &here) || !here.dli_fname) return NULL;
    char *real = realpath(here.dli_fname, NULL);
    if (real && mem_strdup(&own, dirname(real)) == JEM_OK) {
        handle = open_beside(own);
        if (!handle && str_format(&lib, "%s/../lib", own) == JEM_OK) handle = open_beside(lib);
    }
    free(real);
    mem_free(own);
    mem_free(lib);
    return handle;
}

static jem_status find_library(void **handle)
{
    const char *named = getenv("JEM_CUDA_LIBRARY");
    if (named && *named) {
        *handle = dlopen(named, RTLD_NOW | RTLD_LOCAL);
        if (*handle) return JEM_OK;
        return jem_error(JEM_EUSAGE, "JEM_CUDA_LIBRARY: %s", dlerror());
    }
    if (!dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL))
        return jem_error(JEM_EUSAGE, "the NVIDIA driver (libcuda.so.1) is not installed");
    *handle = open_near_program();
    if (!*handle) *handle = dlopen(file_name, RTLD_NOW | RTLD_LOCAL);
    if (*handle) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s; build jem where the CUDA toolkit with cuDNN 9 is installed, "
                     "or name the file in JEM_CUDA_LIBRARY", dlerror());
}

static jem_status open_library(const backend **out, int number)
{
    static const device_host host = {pass_error};
    void *handle = NULL;
    jem_status st;

    TRY(find_library(&handle));
    const device_library *l = dlsym(handle, DEVICE_LIBRARY_ENTRY);
    if (!l)
        return jem_error(JEM_EUSAGE, "%s: is not a library of jem", file_name);
    if (strcmp(l->version, JEM_VERSION) != 0 || l->layout != DEVICE_LAYOUT)
        return jem_error(JEM_EUSAGE, "%s: was built with another jem (%s; this is %s): build both "
                         "together", file_name, l->version, JEM_VERSION);
    TRY(l->open(out, &host, number));
done:
    return st;
}

/* Says so once where a driver is there, so that somebody expects a GPU to be used. */
static void remember_reason(void)
{
    snprintf(reason, sizeof reason, "%s", jem_error_message());
    if (dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD)) log_info("no GPU is used: %s", reason);
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
