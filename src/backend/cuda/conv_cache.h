/* Which plan was the fastest, and how many parts of sums over rows, kept on disk: JEM_CACHE, else
 * XDG_CACHE_HOME/jem, else ~/.cache/jem; file convolutions.txt, one line per problem, GPU and cuDNN version:
 *
 *   NVIDIA H100 80GB HBM3, sm_90, CUDA 13.0, cuDNN 9.19.0; 0 64 160 ...; fused 1f3a... 41.2
 *   NVIDIA H100 80GB HBM3, sm_90, CUDA 13.0, cuDNN 9.19.0; columns 65536 160 1; parts 2048 9.31
 *
 * Lines may be deleted; unreadable ones are passed over. */
#ifndef CUDA_CONV_CACHE_H
#define CUDA_CONV_CACHE_H

#include "backend/cuda/columns.h"
#include "backend/cuda/conv.h"

/* A plan of cuDNN that does everything, one that makes the product alone, an own kernel. */
typedef enum conv_kind { CONV_FUSED_PLAN, CONV_BARE_PLAN, CONV_OWN } conv_kind;

typedef struct conv_choice {
    conv_kind kind;
    uint64_t key; /* of the plan */
    double us;    /* of one call */
} conv_choice;

/* where: GPU and versions.  False if nothing is known. */
bool conv_cache_find(conv_choice *out, const char *where, const conv_problem *p);
/* A cache that cannot be written is no failure. */
void conv_cache_add(const conv_choice *c, const char *where, const conv_problem *p);

typedef struct columns_choice {
    int64_t parts;
    double us; /* of one call */
} columns_choice;

bool columns_cache_find(columns_choice *out, const char *where, const columns_shape *s);
void columns_cache_add(const columns_choice *c, const char *where, const columns_shape *s);

#endif
