/* Finding cuDNN and cuBLAS: see libraries.h. */
#include "backend/cuda/libraries.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"

enum { PATH_ROOM = 4096, NOTES_ROOM = 1500 };

/* One library: its file names, newest first, and its folder in Python's nvidia packages. */
typedef struct wanted {
    const char *title;
    const char *const *names;    /* "libcudnn.so.9" */
    const char *const *packages; /* "cudnn/lib" */
    bool (*fits)(void *handle, char *version, size_t size);
    char notes[NOTES_ROOM]; /* what was found and did not do */
} wanted;

static void note(wanted *w, const char *path, const char *why)
{
    size_t used = strlen(w->notes);
    snprintf(w->notes + used, sizeof w->notes - used, "%s%s: %s", used ? "; " : "", path, why);
}

static void *try_file(wanted *w, const char *path)
{
    char version[64] = "";
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        /* A name without a folder that the loader does not know is no news. */
        if (strchr(path, '/')) note(w, path, dlerror());
        return NULL;
    }
    if (w->fits(handle, version, sizeof version)) return handle;
    note(w, path, version);
    dlclose(handle);
    return NULL;
}

static void *try_folder(wanted *w, const char *folder)
{
    char path[3 * PATH_ROOM];
    void *handle = NULL;
    if (folder[0] != '/') { /* nothing is loaded from the working directory */
        note(w, folder, "is not an absolute path");
        return NULL;
    }
    for (int i = 0; w->names[i] && !handle; i++) {
        FILE *f;
        snprintf(path, sizeof path, "%s/%s", folder, w->names[i]);
        if (!(f = fopen(path, "rb"))) continue;
        fclose(f);
        handle = try_file(w, path);
    }
    return handle;
}

static void *try_list(wanted *w, const char *folders)
{
    char one[PATH_ROOM];
    void *handle = NULL;
    while (folders && *folders && !handle) {
        size_t n = strcspn(folders, ":");
        snprintf(one, sizeof one, "%.*s", (int)n, folders);
        if (n) handle = try_folder(w, one);
        folders += n + (folders[n] == ':');
    }
    return handle;
}

static void *try_loader(wanted *w)
{
    void *handle = NULL;
    for (int i = 0; w->names[i] && !handle; i++) handle = try_file(w, w->names[i]);
    return handle;
}

static void *try_toolkit(wanted *w)
{
    const char *roots[] = {getenv("CUDA_HOME"), getenv("CUDA_PATH"), "/usr/local/cuda"};
    static const char *const below[] = {"lib64", "lib", "targets/x86_64-linux/lib"};
    char path[PATH_ROOM];
    void *handle = NULL;
    for (size_t r = 0; r < sizeof roots / sizeof *roots && !handle; r++) {
        for (size_t b = 0; roots[r] && *roots[r] && b < sizeof below / sizeof *below && !handle; b++) {
            snprintf(path, sizeof path, "%s/%s", roots[r], below[b]);
            handle = try_folder(w, path);
        }
    }
    return handle;
}

/* PREFIX/lib/python3.X/site-packages/nvidia/PACKAGE of every python there. */
static void *try_python(wanted *w, const char *prefix)
{
    char lib[PATH_ROOM], path[2 * PATH_ROOM];
    void *handle = NULL;
    if (!prefix || prefix[0] != '/') return NULL;
    snprintf(lib, sizeof lib, "%s/lib", prefix);
    DIR *d = opendir(lib);
    for (struct dirent *e; d && !handle && (e = readdir(d));) {
        if (strncmp(e->d_name, "python3", 7) != 0) continue;
        for (int i = 0; w->packages[i] && !handle; i++) {
            snprintf(path, sizeof path, "%s/%.64s/site-packages/nvidia/%s", lib, e->d_name,
                     w->packages[i]);
            handle = try_folder(w, path);
        }
    }
    if (d) closedir(d);
    return handle;
}

/* The prefix of the environment of the python3 on PATH: its file's folder without /bin. */
static void *try_python_on_path(wanted *w)
{
    const char *paths = getenv("PATH");
    char file[PATH_ROOM + 16], prefix[PATH_ROOM];
    while (paths && *paths) {
        size_t n = strcspn(paths, ":");
        snprintf(prefix, sizeof prefix, "%.*s", (int)n, paths);
        snprintf(file, sizeof file, "%s/python3", prefix);
        FILE *f = n ? fopen(file, "rb") : NULL;
        if (f) {
            fclose(f);
            char *bin = strrchr(prefix, '/');
            if (bin) *bin = '\0';
            void *handle = try_python(w, prefix);
            if (handle) return handle;
        }
        paths += n + (paths[n] == ':');
    }
    return NULL;
}

static jem_status find(void **out, wanted *w)
{
    void *handle = try_list(w, getenv("JEM_CUDA_LIBS"));
    if (!handle) handle = try_loader(w);
    if (!handle) handle = try_toolkit(w);
    if (!handle) handle = try_python(w, getenv("VIRTUAL_ENV"));
    if (!handle) handle = try_python(w, getenv("CONDA_PREFIX"));
    if (!handle) handle = try_python_on_path(w);
    if (handle) {
        *out = handle;
        return JEM_OK;
    }
    return jem_error(JEM_EUSAGE, "%s was not found in JEM_CUDA_LIBS, the loader's path, the CUDA "
                     "toolkit or a Python environment's nvidia packages%s%s", w->title,
                     w->notes[0] ? ": " : "", w->notes);
}

/* ---- the two libraries */

/* Finds a library and looks up its functions, in the order of the pointers in `table`. */
static jem_status open_library(void *table, const char *const *functions, wanted *w)
{
    void *handle;
    jem_status st;
    TRY(find(&handle, w));
    for (int i = 0; functions[i]; i++) {
        void *symbol = dlsym(handle, functions[i]);
        if (!symbol)
            return jem_error(JEM_EUSAGE, "%s is missing in the library that was found", functions[i]);
        memcpy((char *)table + (size_t)i * sizeof symbol, &symbol, sizeof symbol);
    }
done:
    return st;
}

static bool cudnn_fits(void *handle, char *version, size_t size)
{
    size_t (*get)(void) = NULL;
    void *symbol = dlsym(handle, "cudnnGetVersion");
    memcpy(&get, &symbol, sizeof get);
    size_t v = get ? get() : 0;
    snprintf(version, size, "is cuDNN %zu.%zu, which is not a cuDNN 9", v / 10000, v / 100 % 100);
    return v / 10000 == 9;
}

static bool any_fits(void *handle, char *version, size_t size)
{
    (void)handle;
    snprintf(version, size, "does not fit");
    return true;
}

#define NAME(name) #name,

jem_status libraries_cudnn(cudnn_functions *out)
{
    static const char *const names[] = {"libcudnn.so.9", NULL};
    static const char *const packages[] = {"cudnn/lib", NULL};
    static const char *const functions[] = {CUDNN_FUNCTIONS(NAME) NULL};
    wanted w = {.title = "cuDNN 9 (libcudnn.so.9)", .names = names, .packages = packages,
                .fits = cudnn_fits};
    return open_library(out, functions, &w);
}

jem_status libraries_cublas(cublas_functions *out)
{
    static const char *const names[] = {"libcublas.so.13", "libcublas.so.12", NULL};
    static const char *const packages[] = {"cu13/lib", "cublas/lib", NULL};
    static const char *const functions[] = {CUBLAS_FUNCTIONS(NAME) NULL};
    wanted w = {.title = "cuBLAS 12 or 13 (libcublas.so)", .names = names, .packages = packages,
                .fits = any_fits};
    return open_library(out, functions, &w);
}

void libraries_nvrtc(void)
{
    static const char *const names[] = {"libnvrtc.so.13", "libnvrtc.so.12", NULL};
    static const char *const packages[] = {"cu13/lib", "cuda_nvrtc/lib", NULL};
    wanted w = {.title = "NVRTC", .names = names, .packages = packages, .fits = any_fits};
    void *handle;
    (void)find(&handle, &w); /* stays loaded: that is all that is wanted */
}
