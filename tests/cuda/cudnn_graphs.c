/* The graphs that convolutions become, against cuDNN itself without a GPU: plans are looked
 * for, for the description of an H100.  Only where cuDNN is installed; a version that cannot
 * plan without a GPU (before 9.8) skips. */
#include "support/check.h"

#include <stdlib.h>

#include "backend/cuda/conv_graph.h"

static const char h100[] =
    "{\"maxGridSize\":[2147483647,65535,65535],\"maxBlockSize\":[1024,1024,64],"
    "\"regsPerBlock\":65536,\"multiProcessorCount\":132,\"smClockRateKHz\":1980000,"
    "\"memClockRateKHz\":2619000,\"l2CacheSize\":52428800,\"warpSize\":32,"
    "\"maxSharedMemoryPerBlock\":49152,\"maxSharedMemoryPerBlockOptin\":232448,"
    "\"reservedSharedMemoryPerBlock\":1024,\"maxRegistersPerSM\":65536,\"pciDeviceId\":0,"
    "\"maxCtasPerSM\":32,\"maxThreadsPerBlock\":1024,\"maxThreadsPerSM\":2048,\"isTccDriver\":0,"
    "\"supportCoopLaunch\":1,\"deviceVer\":900,\"driverVer\":13000,\"cudaDeviceId\":0,"
    "\"totalGlobalMem\":85000000000,\"deviceName\":\"NVIDIA H100 80GB HBM3\"}";

static cudnn_functions dnn;
static conv_place place = {.f = &dnn};

static int skip_all(const char *why)
{
    printf("skipped: %s\n", why);
    return 77;
}

/* False if this cuDNN cannot describe a GPU that is not there. */
static bool describe_gpu(void)
{
    return dnn.cudnnBackendCreateDescriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR,
                                            &place.properties) == CUDNN_STATUS_SUCCESS &&
           dnn.cudnnBackendSetAttribute(place.properties, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION,
                                        CUDNN_TYPE_CHAR, sizeof h100, h100) == CUDNN_STATUS_SUCCESS &&
           dnn.cudnnBackendFinalize(place.properties) == CUDNN_STATUS_SUCCESS;
}

/* Layers of wide residual networks, of the autoencoder, of Inception, of PixelVAEs and of ResNeXt: channels, side, channels, side,
 * kernel, stride, pads at the top and left and at the bottom and right, groups. */
static const int layers[][12] = {
    {8, 32, 16, 32, 3, 3, 1, 1, 1, 1, 1, 1}, {16, 32, 160, 32, 3, 3, 1, 1, 1, 1, 1, 1},
    {160, 32, 160, 32, 3, 3, 1, 1, 1, 1, 1, 1}, {320, 32, 320, 16, 3, 3, 2, 1, 1, 1, 1, 1},
    {160, 32, 320, 16, 1, 1, 2, 0, 0, 0, 0, 1}, {640, 8, 640, 8, 3, 3, 1, 1, 1, 1, 1, 1},
    {24, 9, 24, 5, 3, 3, 2, 1, 1, 1, 1, 1}, {128, 64, 128, 32, 3, 3, 2, 0, 0, 1, 1, 1},
    {512, 16, 1536, 16, 1, 1, 1, 0, 0, 0, 0, 1}, {16, 128, 160, 128, 3, 3, 1, 1, 1, 1, 1, 1},
    {128, 17, 192, 17, 1, 7, 1, 0, 3, 0, 3, 1}, {128, 32, 64, 32, 2, 3, 1, 1, 1, 0, 1, 1},
    {128, 32, 64, 16, 2, 2, 2, 1, 1, 0, 0, 1}, {512, 32, 512, 32, 3, 3, 1, 1, 1, 1, 1, 8},
    {512, 32, 512, 16, 3, 3, 2, 1, 1, 1, 1, 8}};

static conv_problem problem(const int *l, conv_pass pass, bool bf16)
{
    conv_problem p;
    memset(&p, 0, sizeof p);
    p.pass = (int32_t)pass;
    p.n = 64;
    p.c = l[0];
    p.in = l[0] / l[11];
    p.h = p.w = l[1];
    p.k = l[2];
    p.p = p.q = l[3];
    p.kernel_h = l[4];
    p.kernel_w = l[5];
    p.stride = l[6];
    for (int i = 0; i < 2; i++) {
        p.pad[i] = l[7 + i];
        p.pad_end[i] = l[9 + i];
    }
    p.bf16 = bf16;
    return p;
}

static void every_product_has_a_plan(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        for (int pass = 0; pass < 3; pass++)
            for (int bf16 = 0; bf16 < 2; bf16++) {
                const conv_problem p = problem(layers[i], (conv_pass)pass, bf16);
                conv_graph *g = NULL;
                conv_plan plans[1], again[1];
                int count = 0, found = 0;
                check_ok(conv_graph_new(&g, &place, &p, CONV_BARE));
                check_ok(conv_graph_plans(plans, &count, 1, 0, g));
                if (count != 1) fail_msg("layer %zu, pass %d, bf16 %d: no plan", i, pass, bf16);
                check_ok(conv_graph_plans(again, &found, 1, plans[0].key, g));
                assert_int_equal(found, 1); /* what the cache names is found again */
                assert_true(again[0].key == plans[0].key && again[0].engine == plans[0].engine);
                conv_plan_clear(&dnn, &plans[0]);
                conv_plan_clear(&dnn, &again[0]);
                conv_graph_free(g);
            }
}

/* Their plans are compiled, which needs a driver; here only that cuDNN accepts the graphs. */
static void graphs_with_all_that_rides_on_them_are_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        for (int pass = 0; pass < 2; pass++)
            for (int what = 0; what < 8; what++) {
                conv_problem p = problem(layers[i], (conv_pass)pass, true);
                conv_graph *g = NULL;
                p.bias = pass == CONV_FORWARD && (what & 1);
                p.lrelu = what >> 1 & 1;
                p.add = what >> 2;
                p.slope = 0.2f;
                check_ok(conv_graph_new(&g, &place, &p, CONV_FUSED));
                conv_graph_free(g);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_product_has_a_plan),
        cmocka_unit_test(graphs_with_all_that_rides_on_them_are_accepted),
    };
    if (libraries_cudnn(&dnn) != JEM_OK) return skip_all(jem_error_message());
    if (!describe_gpu()) return skip_all("this cuDNN plans only where there is a GPU");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
