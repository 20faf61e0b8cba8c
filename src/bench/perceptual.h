/* The perceptual distance of two pictures, LPIPS: one seam between what makes feature maps (the stages
 * of a network, the down blocks of an autoencoder) and what asks for distances. */
#ifndef BENCH_PERCEPTUAL_H
#define BENCH_PERCEPTUAL_H

#include "nn/graph.h"

enum { STAGES_MAX = 32 };

/* Feature maps of several pictures. */
typedef struct stage_maps {
    int count;                  /* of stages */
    int64_t pictures;           /* that there is room for; even */
    shape sizes[STAGES_MAX];
    float *maps[STAGES_MAX];    /* [pictures][sizes], owned */
} stage_maps;

/* Room for `most` pictures, an even number, or for as few as 64 MiB hold, 2 at least.  m is cleared by
 * stage_maps_clear whatever this returns.  JEM_ENOMEM. */
jem_status stage_maps_init(stage_maps *m, const shape *sizes, int count, int64_t most);
void stage_maps_clear(stage_maps *m); /* a zeroed one is fine */

/* The weights of squared differences that LPIPS's authors fitted to people's judgements of patches
 * (`lin`, version 0.1 or 0.0), of the user's file. */
typedef struct lpips_linear {
    int count;
    int64_t channels[STAGES_MAX];
    float *weights[STAGES_MAX]; /* [channels], none negative, owned */
    char name[64];              /* of the file */
    char sha256[65];
} lpips_linear;

/* A file of tensors lin0.model.1.weight, lin1.model.1.weight, ... [1,C,1,1], what else it holds is left aside: the
 * package's alex.pth, or the weights of a whole LPIPS.  JEM_EDATA naming tensor, expected and found. */
jem_status lpips_linear_read(lpips_linear *out, const char *path);
/* JEM_EUSAGE with both numbers of channels unless they are for maps of these sizes of `who`. */
jem_status lpips_linear_check(const lpips_linear *l, const shape *sizes, int count, const char *who);
void lpips_linear_clear(lpips_linear *l); /* a zeroed one is fine */

/* d [pairs] <- the distance of pictures 2i and 2i + 1 (stats/lpips.h).  l: NULL, or fits m. */
void stage_maps_distances(float *d, const stage_maps *m, int64_t pairs, const lpips_linear *l);

#endif
