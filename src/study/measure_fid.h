/* The Frechet Inception distance between samples and a reference, each a run, pictures or statistics that
 * somebody kept. */
#ifndef STUDY_MEASURE_FID_H
#define STUDY_MEASURE_FID_H

#include <signal.h>

#include "fid/fid_kept.h"
#include "run/run.h"

enum { FID_WHAT = 256 };

typedef struct fid_request {
    const config_lists *lists;
    /* RUN (its replay buffer), a folder of PNG and JPEG files, an array [N,C,H,W] (npy, npz: 8 bits, or
     * floats from -1 to 1), or statistics (npz with mu and sigma). */
    const char *samples;
    const char *reference; /* the same, of a RUN its training images; NULL: the training images of the
                              samples' run, or where these are no run nothing is compared */
    const char *weights;   /* NULL: not given, which is fine where both are statistics */
    const char *save;      /* npz that the statistics of the samples go to; NULL: none */
    const char *const *set; /* [set_count] "key=value": engine.* for the network, anything else for the runs (which
                               refuse most) */
    int set_count;
    const volatile sig_atomic_t *stop; /* becomes nonzero to stop; may be NULL */
} fid_request;

typedef struct fid_result {
    double distance; /* NaN: nothing was compared */
    int64_t samples, reference; /* pictures; 0: not known */
    char samples_what[FID_WHAT], reference_what[FID_WHAT];
    char weights_hash[SHA256_HEX]; /* "": no network was needed */
} fid_result;

/* What can be refused is refused before features are computed, and nothing is written then.  JEM_EUSAGE if
 * there is nothing to do (neither reference nor save), or weights are wanted; JEM_EDATA. */
jem_status measure_fid(fid_result *out, const fid_request *q);

#endif
