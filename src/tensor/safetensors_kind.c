/* Files that are taken for safetensors: known by their first bytes. */
#include <string.h>

#include "tensor/safetensors.h"

/* How the weights in it are saved again. */
static const char from_torch[] = "save its state dict with torch.save or safetensors.torch.save_file";

typedef struct file_kind {
    const char *start;
    size_t size;
    const char *what, *remedy;
} file_kind;

#define START(text) text, sizeof text - 1
static const file_kind kinds[] = {
    {START("\x80\2"), "a Python pickle, and none of torch.save", from_torch},
    {START("\x80\3"), "a Python pickle", from_torch},
    {START("\x80\4"), "a Python pickle", from_torch},
    {START("\x80\5"), "a Python pickle", from_torch},
    {START("\x89HDF\r\n"), "an HDF5 file, such as Keras writes",
     "save its weights as safetensors, under PyTorch's names"},
    {START("\x1f\x8b"), "compressed with gzip", "unpack it with: gzip -d"},
    {START("version https://git-lfs"), "a pointer of git-lfs, not the file itself",
     "fetch the file with: git lfs pull"},
    {START("<!DOCTYPE"), "an HTML page, perhaps of a download that failed", "download it again"},
    {START("<!doctype"), "an HTML page, perhaps of a download that failed", "download it again"},
    {START("<html"), "an HTML page, perhaps of a download that failed", "download it again"},
};

jem_status safetensors_check_kind(const char *path, const char *start, size_t size)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (size >= kinds[i].size && memcmp(start, kinds[i].start, kinds[i].size) == 0)
            return jem_error(JEM_EDATA, "%s: is no safetensors file but %s; %s", path, kinds[i].what,
                             kinds[i].remedy);
    return JEM_OK;
}
