/* The Frechet Inception distance of statistics that somebody kept, or of pictures.
 *
 *   fid SAMPLES REFERENCE [WEIGHTS]                          (jem/fid.h) */
#include <jem/fid.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    jem_fid_options o = JEM_FID_INIT;
    jem_fid_result r;

    if (argc < 3) {
        fprintf(stderr, "usage: fid SAMPLES REFERENCE [WEIGHTS]\n");
        return JEM_EUSAGE;
    }
    o.reference = argv[2];
    o.weights = argc > 3 ? argv[3] : NULL;
    const jem_status st = jem_fid(&r, argv[1], &o);
    if (st == JEM_OK) printf("FID %.6g\n", r.distance);
    else fprintf(stderr, "%s\n", jem_error_message());
    return (int)st;
}
