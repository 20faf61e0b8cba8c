/* Statistics of training images, which take half an hour for 50,000 pictures, kept from one command to the next:
 * fid-KEY.npz of 34 MB in the cache (cache_place.h).  KEY follows from the content of images and weights, the
 * precision and jem's version, so what is found is what would be computed. */
#ifndef FID_FID_KEPT_H
#define FID_FID_KEPT_H

#include "fid/fid_network.h"

/* *out <- the statistics of all images of the data, read where they are kept, else described (fid_describe)
 * and kept.  A cache that cannot be read or written is a warning. */
jem_status fid_describe_kept(fid_statistics *out, const fid_network *n, const dataset *d, const char *label);

#endif
