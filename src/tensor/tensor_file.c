/* Tensors from files of any form, told by their first bytes: see tensor_file.h. */
#include "tensor/tensor_file.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "tensor/npz.h"
#include "tensor/safetensors_internal.h"
#include "tensor/torch_file.h"

/* Room for `count` tensors, none of them yet. */
static jem_status make(safetensors **out, const char *path, int count)
{
    jem_status st;
    safetensors *f = NULL;

    TRY(MEM_NEW(f, 1));
    TRY(mem_strdup(&f->path, path));
    TRY(MEM_NEW(f->entries, count));
    TRY(MEM_NEW(f->owned, count));
    *out = f;
    f = NULL;
done:
    safetensors_close(f);
    return st;
}

/* Takes over what is in the next place of `owned`. */
static jem_status take(safetensors *f, const char *name)
{
    entry *e = &f->entries[f->count];
    jem_status st = mem_strdup(&e->renamed, name);
    e->name = e->renamed;
    e->position = f->count;
    e->view = f->owned[f->owned_count++];
    if (st == JEM_OK) f->count++;
    return st;
}

static jem_status from_torch(safetensors **out, const char *path, const char *part)
{
    jem_status st;
    torch_file *source = NULL;
    safetensors *f = NULL;

    TRY(torch_file_open(&source, path, part));
    TRY(make(&f, path, torch_file_count(source)));
    for (int i = 0; i < torch_file_count(source); i++) {
        TRY(torch_file_read(&f->owned[i], source, i));
        TRY(take(f, torch_file_name(source, i)));
    }
    *out = f;
    f = NULL;
done:
    torch_file_close(source);
    safetensors_close(f);
    return st;
}

static jem_status from_npz(safetensors **out, const char *path)
{
    jem_status st;
    char **keys = NULL;
    int count = 0;
    safetensors *f = NULL;

    TRY(npz_keys(&keys, &count, path));
    TRY(make(&f, path, count));
    for (int i = 0; i < count; i++) {
        TRY(npz_read(&f->owned[i], path, keys[i]));
        TRY(take(f, keys[i]));
    }
    *out = f;
    f = NULL;
done:
    strings_free(keys, count);
    safetensors_close(f);
    return st;
}

/* Folders that are handed round as if they were files. */
static jem_status refuse_folder(const char *path)
{
    static const struct {
        const char *sign, *what;
    } kinds[] = {
        {"model_index.json", "a pipeline of diffusers; jem reads one network of it at a time: name the file in the "
                             "network's own folder (vae/diffusion_pytorch_model.safetensors)"},
        {"diffusion_pytorch_model.safetensors", "a network of diffusers; name diffusion_pytorch_model.safetensors in it"},
        {"best.safetensors", "a run of jem; name best.safetensors in it"},
    };
    jem_status st = JEM_OK;
    char *sign = NULL;

    if (!dir_exists(path)) return JEM_OK;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        mem_free(sign);
        sign = NULL;
        TRY(str_format(&sign, "%s/%s", path, kinds[i].sign));
        if (!file_exists(sign)) continue;
        st = jem_error(JEM_EDATA, "%s: a folder, %s", path, kinds[i].what);
        goto done;
    }
done:
    mem_free(sign);
    return st;
}

jem_status tensor_file_open(safetensors **out, const char *path, const char *part)
{
    char *start;
    size_t size;
    jem_status st = refuse_folder(path);
    if (st == JEM_OK) st = file_read_start(&start, &size, path, TORCH_FILE_START);
    if (st != JEM_OK) return st;
    const bool torch = torch_file_is(start, size);
    mem_free(start);
    if (torch && npz_is(path)) return from_npz(out, path); /* both are zip archives */
    return torch ? from_torch(out, path, part) : safetensors_open(out, path);
}
