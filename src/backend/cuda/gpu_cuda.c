/* gpu.h over the CUDA runtime: one device, one stream. */
#include "backend/cuda/gpu_cuda.h"

#include <stdio.h>

#include "backend/cuda/gpu.h"
#include "base/mem.h"
#include "base/try.h"

struct device_graph {
    cudaGraph_t graph;
    cudaGraphExec_t executable;
};

static cudaStream_t stream;
static bool capturing;
static char description[256];

cudaStream_t gpu_stream(void)
{
    return stream;
}

jem_status gpu_status(cudaError_t e, const char *what)
{
    if (e == cudaSuccess) return JEM_OK;
    if (e == cudaErrorMemoryAllocation)
        return jem_error(JEM_ENOMEM, "the GPU's memory is full (%s): use a smaller batch or model",
                         what);
    return jem_error(JEM_EINTERNAL, "CUDA: %s: %s (%s)", what, cudaGetErrorString(e),
                     cudaGetErrorName(e));
}

jem_status gpu_launched(const char *name)
{
    return gpu_status(cudaGetLastError(), name);
}

const char *gpu_describe(void)
{
    return description;
}

static jem_status check_device(int number)
{
    int count = 0, driver = 0, runtime = 0;
    struct cudaDeviceProp p;
    cudaError_t e = cudaGetDeviceCount(&count);

    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&runtime);
    if (e == cudaErrorInsufficientDriver && driver == 0)
        return jem_error(JEM_EUSAGE, "the NVIDIA driver is not installed");
    if (e == cudaErrorInsufficientDriver)
        return jem_error(JEM_EUSAGE, "the NVIDIA driver supports CUDA %d.%d, and this jem was built "
                         "with %d.%d: update the driver", driver / 1000, driver % 1000 / 10,
                         runtime / 1000, runtime % 1000 / 10);
    if (e != cudaSuccess)
        return jem_error(JEM_EUSAGE, "the driver shows no GPU: %s", cudaGetErrorString(e));
    if (number >= count)
        return jem_error(JEM_EUSAGE, "cuda:%d: there %s %d GPU%s, counted from 0", number,
                         count == 1 ? "is" : "are", count, count == 1 ? "" : "s");
    e = cudaGetDeviceProperties(&p, number);
    if (e != cudaSuccess) return gpu_status(e, "properties of the GPU");
    if (p.major < 8)
        return jem_error(JEM_EUSAGE, "%s has compute capability %d.%d; jem needs 8.0 or newer",
                         p.name, p.major, p.minor);
    snprintf(description, sizeof description, "%.200s, sm_%d%d, CUDA %d.%d", p.name, p.major, p.minor,
             runtime / 1000, runtime % 1000 / 10);
    return JEM_OK;
}

jem_status gpu_open(int number)
{
    jem_status st;
    TRY(check_device(number));
    TRY(gpu_status(cudaSetDevice(number), "choosing the GPU"));
    TRY(gpu_status(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "a stream"));
    TRY(kernels_load());
done:
    return st;
}

/* ---- memory */

jem_status gpu_alloc(void *out, size_t bytes)
{
    void *p = NULL;
    jem_status st;

    if (capturing) return jem_error(JEM_EINTERNAL, "memory cannot be allocated in a captured graph");
    TRY(gpu_status(cudaMalloc(&p, bytes ? bytes : 1), "allocation"));
    TRY(gpu_status(cudaMemsetAsync(p, 0, bytes ? bytes : 1, stream), "clearing memory"));
    TRY(gpu_remember(p, bytes ? bytes : 1));
    *(void **)out = p;
    return JEM_OK;
done:
    cudaFree(p);
    return st;
}

void gpu_free(void *p)
{
    if (!p) return;
    gpu_forget(p);
    cudaStreamSynchronize(stream);
    cudaFree(p);
}

size_t gpu_available(void)
{
    size_t available = 0, all = 0;
    cudaMemGetInfo(&available, &all);
    return available;
}

jem_status gpu_copy(void *dst, const void *src, size_t bytes)
{
    jem_status st;
    const bool to_host = !gpu_owns(dst), host = to_host || !gpu_owns(src);

    if (bytes == 0) return JEM_OK;
    if (capturing && host) return jem_error(JEM_EINTERNAL, "the host's memory in a captured graph");
    TRY(gpu_status(cudaMemcpyAsync(dst, src, bytes, cudaMemcpyDefault, stream), "copy"));
    if (host) TRY(gpu_wait());
done:
    return st;
}

jem_status gpu_clear(void *dst, size_t bytes)
{
    return gpu_status(cudaMemsetAsync(dst, 0, bytes, stream), "clearing memory");
}

jem_status gpu_wait(void)
{
    return gpu_status(cudaStreamSynchronize(stream), "waiting for the GPU");
}

/* What comes next in the graph that is captured depends on these. */
static cudaError_t nodes_before(const cudaGraphNode_t **nodes, size_t *count)
{
    enum cudaStreamCaptureStatus status;
    const cudaGraphEdgeData *edges = NULL;
#if CUDART_VERSION >= 13000
    return cudaStreamGetCaptureInfo(stream, &status, NULL, NULL, nodes, &edges, count);
#else
    return cudaStreamGetCaptureInfo_v3(stream, &status, NULL, NULL, nodes, &edges, count);
#endif
}

bool gpu_after_kernel(void)
{
    const cudaGraphNode_t *before = NULL;
    enum cudaGraphNodeType type;
    size_t count = 0;

    if (!capturing) return true;
    return nodes_before(&before, &count) == cudaSuccess && count == 1 &&
           cudaGraphNodeGetType(before[0], &type) == cudaSuccess && type == cudaGraphNodeTypeKernel;
}

jem_status gpu_time(double *us, jem_status (*enqueue)(const void *ctx), const void *ctx)
{
    enum { REPEATS = 5 };
    cudaEvent_t begin = NULL, end = NULL;
    float ms = 0;
    jem_status st;

    TRY(gpu_status(cudaEventCreate(&begin), "event"));
    TRY(gpu_status(cudaEventCreate(&end), "event"));
    TRY(enqueue(ctx));
    TRY(gpu_status(cudaEventRecord(begin, stream), "event"));
    for (int i = 0; i < REPEATS; i++) TRY(enqueue(ctx));
    TRY(gpu_status(cudaEventRecord(end, stream), "event"));
    TRY(gpu_status(cudaEventSynchronize(end), "timing"));
    TRY(gpu_status(cudaEventElapsedTime(&ms, begin, end), "event"));
    *us = (double)ms * 1e3 / REPEATS;
done:
    if (begin) cudaEventDestroy(begin);
    if (end) cudaEventDestroy(end);
    return st;
}

/* ---- graphs */

jem_status gpu_capture(void)
{
    jem_status st;
    TRY(gpu_wait());
    TRY(gpu_status(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "capture"));
    capturing = true;
done:
    return st;
}

jem_status gpu_capture_end(device_graph **out)
{
    jem_status st;
    device_graph *p = NULL;

    capturing = false;
    TRY(MEM_NEW(p, 1));
    TRY(gpu_status(cudaStreamEndCapture(stream, &p->graph), "end of capture"));
    TRY(gpu_status(cudaGraphInstantiate(&p->executable, p->graph, 0), "graph"));
    *out = p;
    p = NULL;
done:
    gpu_graph_free(p);
    return st;
}

jem_status gpu_graph_launch(const device_graph *p)
{
    return gpu_status(cudaGraphLaunch(p->executable, stream), "graph launch");
}

void gpu_graph_free(device_graph *p)
{
    if (!p) return;
    if (p->executable) cudaGraphExecDestroy(p->executable);
    if (p->graph) cudaGraphDestroy(p->graph);
    mem_free(p);
}
