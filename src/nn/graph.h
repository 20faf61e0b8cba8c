/* A network as data: operations in order, shapes, named parameters.
 *
 * Building never fails half-way: the first mistake is kept and returned by
 * graph_finish.  Node numbers are the order of construction; sources come
 * before users. */
#ifndef NN_GRAPH_H
#define NN_GRAPH_H

#include "backend/backend.h"

typedef enum param_role {
    PARAM_WEIGHT,
    PARAM_BIAS,
    PARAM_NORM_WEIGHT,
    PARAM_NORM_BIAS,
    PARAM_RUNNING_MEAN, /* not trained */
    PARAM_RUNNING_VAR   /* not trained */
} param_role;

typedef struct param {
    char *name; /* PyTorch state-dict name */
    param_role role;
    int ndim;
    int64_t shape[4];
    int64_t offset, count; /* elements in the flat vector */
    int64_t fan_in;        /* of weights and of the biases that go with them */
} param;

typedef struct node {
    op op;
    int src[2];       /* node numbers, -1 if unused */
    char *name;       /* feature name such as "layer2", or NULL */
} node;

typedef struct graph {
    node *nodes;
    int node_count;
    param *params;
    int param_count;
    int64_t param_elements; /* length of the flat vector */
    int output;             /* logits, or an image-like value */
    jem_status failed;
    int64_t node_room, param_room;
} graph;

jem_status graph_new(graph **out, shape input); /* node 0 is the input */
void graph_free(graph *g);                      /* NULL is fine */

/* Each returns the new node's number.  `name` is the prefix of the parameter
 * names: "f.conv1" makes f.conv1.weight and f.conv1.bias. */
int graph_conv2d(graph *g, int src, const char *name, int64_t out_channels, int64_t kernel,
                 int64_t stride, int64_t pad);
/* The same with pad_begin rows and columns of zeros at the top and left, pad_end at the
 * bottom and right. */
int graph_conv2d_pad(graph *g, int src, const char *name, int64_t out_channels, int64_t kernel,
                     int64_t stride, int64_t pad_begin, int64_t pad_end);
/* A 1x1 convolution whose weight is a linear layer's: NAME.weight [out,in], NAME.bias [out]. */
int graph_project(graph *g, int src, const char *name, int64_t out_channels);
/* [c,h,w] -> [out_features,1,1]: NAME.weight [out,c*h*w] over the value flattened (C,H,W). */
int graph_linear(graph *g, int src, const char *name, int64_t out_features);
int graph_lrelu(graph *g, int src, double slope); /* x > 0 ? x : slope x */
int graph_add(graph *g, int a, int b); /* of one shape, else a mistake (JEM_EUSAGE) */
/* Windows of kernel_h x kernel_w, sums times scale (1/area: average). */
int graph_pool(graph *g, int src, int64_t kernel_h, int64_t kernel_w, double scale);
int graph_concat_elu(graph *g, int src); /* elu([x, -x]): twice the channels */
int graph_silu(graph *g, int src);     /* x * sigmoid(x) */
int graph_upsample(graph *g, int src); /* twice the height and width, nearest neighbour */
int graph_norm(graph *g, int src, const char *name, norm_kind kind); /* NORM_NONE: src itself */
/* Mean 0 and variance 1 over each of `groups` runs of channels of one image, then NAME.weight
 * and NAME.bias per channel.  `groups` divides the channels. */
int graph_group_norm(graph *g, int src, const char *name, int64_t groups, double eps);
/* Queries, keys and values [3C,h,w] of a [C,h,w] map: one 1x1 convolution whose parameters
 * are those of the three linear layers `names`, the weights [C,C] one after another, then
 * the biases [C]. */
int graph_attention_qkv(graph *g, int src, const char *const names[3]);
/* [3C,h,w] -> [C,h,w]: softmax(q k^T / sqrt(C)) v over the h*w positions, one head. */
int graph_attention(graph *g, int qkv);
int graph_dropout(graph *g, int src, double rate);                    /* 0: src itself */

/* Names a node's value, so that plans can return it. */
void graph_name(graph *g, int node, const char *name);
int graph_find(const graph *g, const char *name); /* -1 if there is none */
/* text <- the names of all such values in the order of computing: "layer1, layer2, logits". */
void graph_list_names(const graph *g, char *text, size_t size);

/* Declares the output and returns the first mistake made while building. */
jem_status graph_finish(graph *g, int output);

const param *graph_param(const graph *g, const char *name); /* NULL if absent */
/* Number of trained parameters (running statistics left out). */
int64_t graph_trained_elements(const graph *g);
bool graph_has(const graph *g, op_kind kind); /* an operation of this kind? */
bool graph_has_norm(const graph *g, norm_kind kind); /* an OP_NORM of this kind? */
/* True if images of a batch influence each other in training (batch norm). */
bool graph_couples_images(const graph *g);
int64_t op_params(const op *o); /* trained elements of one operation */
/* FLOPs of one operation in the forward pass of one image; 1 multiply-add = 2 and only products
 * count. */
double op_flops(const op *o);
double graph_flops(const graph *g); /* of all operations */

#endif
