/* What distances between samples and data mean. */
#include "bench/generation/measure.h"

static const measure scores[] = {
    {.metric = "fd_pix",
     .title = "FD-pix (8×8 pixels)",
     .unit = "Fréchet distance",
     .lower_is_better = true,
     .least = 0,
     .most = INFINITY,
     .card = "lowest FD-pix"},
    {.metric = "fd_own",
     .title = "FD-own (classifier features)",
     .unit = "Fréchet distance",
     .lower_is_better = true,
     .least = 0,
     .most = INFINITY},
    {.metric = "fid",
     .title = "FID (Clean-FID)",
     .unit = "Fréchet distance",
     .lower_is_better = true,
     .least = 0,
     .most = INFINITY,
     .card = "lowest FID"},
    {.metric = NULL},
};

const measures generation_measures = {
    .benchmark = "generation",
    .name = "Generation",
    .section = "Samples",
    .title = "Distance between samples and data",
    .about = "Fréchet distance between Gaussian fits to samples and to data, on pooled pixels or "
             "on the features of an own classifier. These are not FID and compare only with one "
             "another; FID is on the features of Inception v3, where its weights were given. Lower is better.",
    .scores = scores,
};
