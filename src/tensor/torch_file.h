/* Weights as torch.save writes them, .pt and .pth: zip archives (PyTorch 1.6 and later) and the
 * pickles before them, those of Python 2 included.  Read as data (pickle.h): nothing in the file
 * is ever executed.  TorchScript, tar archives and big-endian files are refused by name.
 *
 * Nested maps become names joined by points.  Of a checkpoint that holds more than weights the map
 * model_state_dict, state_dict, model, net, params or ema is read, the first that has tensors;
 * "module.", "model." and "_orig_mod." are taken off where all names begin with them. */
#ifndef TENSOR_TORCH_FILE_H
#define TENSOR_TORCH_FILE_H

#include <stdbool.h>

#include "jem/tensor.h"

typedef struct torch_file torch_file;

enum { TORCH_FILE_START = 262 };
/* Are these the first `size` bytes, TORCH_FILE_START if there are so many, of such a file? */
bool torch_file_is(const char *start, size_t size);

/* `part`: the map or the tensor that is read, by its key at the top of the file ("replay_buffer");
 * NULL: the weights, as above.  JEM_EDATA naming path and place for what is damaged, is no such
 * file, holds no tensor, or lacks the part: then what there is is named. */
jem_status torch_file_open(torch_file **out, const char *path, const char *part);
void torch_file_close(torch_file *f); /* NULL is fine */

int torch_file_count(const torch_file *f);              /* tensors, in the file's order */
const char *torch_file_name(const torch_file *f, int i); /* borrowed; a part that is a tensor: its key */
int torch_file_find(const torch_file *f, const char *name); /* -1 if absent */
/* *shape <- its sizes [*ndim], borrowed. */
void torch_file_shape(const torch_file *f, int i, int *ndim, const int64_t **shape);
/* *out <- a copy in C order, whatever its strides, owned.  Floats and i32, i64, u8 as they are; bool
 * becomes u8; i8 and i16 become i32. */
jem_status torch_file_read(jem_tensor *out, const torch_file *f, int i);

#endif
