/* Data sets: labelled images as tensors. */
#ifndef JEM_DATA_H
#define JEM_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"
#include "jem/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum jem_data_part { JEM_DATA_TRAIN, JEM_DATA_VAL, JEM_DATA_TEST } jem_data_part;

/* Which images.  The parts are those of a run with these data.* settings and no others. */
typedef struct jem_data_options {
    size_t size;      /* of this struct; JEM_DATA_OPTIONS_INIT sets it */
    const char *kind; /* "cifar10", "folder", "npy", "latents" or "gloss" */
    const char *path; /* the folder */
    jem_data_part part;
    int64_t side;     /* data.size: resize to this side (shorter side, then centre crop); 0: as they are */
    int64_t limit;    /* the first so many training images; 0: all */
} jem_data_options;

#define JEM_DATA_OPTIONS_INIT {sizeof(jem_data_options), NULL, NULL, JEM_DATA_TRAIN, 0, 0}

typedef struct jem_data {
    jem_tensor images; /* F32 [n, channels, height, width], pixels in [-1, 1] */
    jem_tensor labels; /* I32 [n], 0 .. classes - 1 */
    int64_t classes;
} jem_data;

#define JEM_DATA_INIT {JEM_TENSOR_INIT, JEM_TENSOR_INIT, 0}

/* Loads one part; the tensors are owned: jem_data_clear.  JEM_EUSAGE for an unknown
 * kind, JEM_EDATA for files that are not what the kind says. */
JEM_API jem_status jem_data_load(jem_data *out, const jem_data_options *o);
JEM_API void jem_data_clear(jem_data *d); /* NULL and JEM_DATA_INIT are fine */

#ifdef __cplusplus
}
#endif
#endif
