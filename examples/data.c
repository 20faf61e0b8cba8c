/* Loads the training images of a data set and says what they are.
 *
 *   data KIND DIR            e.g. data cifar10 cifar-10-batches-bin     (jem/data.h) */
#include <jem/data.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    jem_data d = JEM_DATA_INIT;
    jem_data_options o = JEM_DATA_OPTIONS_INIT;

    if (argc != 3) {
        fprintf(stderr, "usage: data KIND DIR\n");
        return JEM_EUSAGE;
    }
    o.kind = argv[1];
    o.path = argv[2];
    o.part = JEM_DATA_TRAIN;
    jem_status st = jem_data_load(&d, &o);
    if (st != JEM_OK) {
        fprintf(stderr, "%s\n", jem_error_message());
        return (int)st;
    }

    const float *x = d.images.data;
    const int64_t *shape = d.images.shape, count = jem_tensor_count(&d.images);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)x[i];
    printf("%lld images %lldx%lldx%lld of %lld classes, mean value %.3f in [-1, 1]\n",
           (long long)shape[0], (long long)shape[1], (long long)shape[2], (long long)shape[3],
           (long long)d.classes, sum / (double)count);
    jem_data_clear(&d);
    return 0;
}
