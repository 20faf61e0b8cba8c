/* The Frechet Inception distance, as clean-fid measures it.
 *
 *   jem_fid_options o = JEM_FID_INIT;
 *   o.weights = "pt_inception-2015-12-05-6726825d.pth", o.reference = "cifar10_clean_train_32.npz";
 *   jem_fid_result r;
 *   if (jem_fid(&r, "samples/", &o) == JEM_OK) printf("FID %g of %lld pictures\n", r.distance, (long long)r.samples); */
#ifndef JEM_FID_H
#define JEM_FID_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NULL and 0 mean: not given. */
typedef struct jem_fid_options {
    size_t size;            /* of this struct; JEM_FID_INIT sets it */
    const char *reference;  /* what the samples are compared with; of a run its training images; NULL: those of the
                               samples' run */
    const char *weights;    /* pt_inception-2015-12-05-6726825d.pth; not needed where both are statistics */
    const char *save;       /* an npz that the statistics (mu, sigma) of the samples go to */
    const char *const *set; /* "key=value": engine.*, and data.path of runs */
    int set_count;
    const volatile sig_atomic_t *stop; /* polled; nonzero: JEM_EINTERRUPTED */
} jem_fid_options;

#define JEM_FID_INIT {sizeof(jem_fid_options), NULL, NULL, NULL, NULL, 0, NULL}

typedef struct jem_fid_result {
    double distance;            /* NaN: nothing was compared, statistics were kept */
    int64_t samples, reference; /* pictures; 0: not known */
} jem_fid_result;

/* samples: a run (its replay buffer), a folder of PNG and JPEG files, an array [N,C,H,W] (npy, npz: 8 bits, or floats
 * from -1 to 1), or statistics (npz with mu and sigma); the reference likewise.  JEM_EUSAGE if there is nothing to do or
 * weights are wanted; JEM_EDATA.  What can be refused is refused before features are computed. */
JEM_API jem_status jem_fid(jem_fid_result *out, const char *samples, const jem_fid_options *o);

#ifdef __cplusplus
}
#endif
#endif
