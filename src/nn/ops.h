/* The operators of networks.
 *
 * Each has one row (op_rule) that says whatever a graph, a plan and a table of layers need to know
 * about it, and nothing else in nn/ or above asks for its kind but to fuse two particular ones.
 * To add one: its op_kind and what it computes in backend/backend.h, its row in ops.c, its kernels.
 * graph_apply then adds it to a graph; one with settings or parameters has a function for that
 * below. */
#ifndef NN_OPS_H
#define NN_OPS_H

#include "nn/graph.h"

/* What the gradient to a source is made of, and so which values a plan keeps for it. */
typedef enum op_derivative {
    DERIVATIVE_NONE,    /* there is no source */
    DERIVATIVE_PASSED,  /* of the gradient alone, which goes to every source as it is */
    DERIVATIVE_LINEAR,  /* of the gradient alone.  The tangent is the operator's own step without
                           its bias */
    DERIVATIVE_MASK,    /* of one bit for each element: x > 0.  BACKWARD_DATA is its own transpose,
                           works in place and can add to its destination */
    DERIVATIVE_DIAGONAL,/* of the sources' values, element by element: BACKWARD_DATA is its own
                           transpose and so gives tangents, too */
    DERIVATIVE_CURVED   /* of the sources' values.  The tangent is a STEP_TANGENT */
} op_derivative;

enum { OP_ANY_SOURCES = -1 };

typedef struct op_rule {
    const char *name; /* what tables of layers call it */
    /* NULL: it is a layer, with a line of its own in these tables; else the line that they count
     * its steps in. */
    const char *counted_as;
    int sources; /* how many values it works on; OP_ANY_SOURCES: one or more */
    /* o->dst <- the output's shape, from those of `count` sources, the first of which is o->src.
     * Operators with output channels of their own find these in o->dst.c.  JEM_EUSAGE if they do
     * not fit; sides below 1 are found by graph_apply.  NULL: that of the source. */
    jem_status (*infer)(op *o, const shape *sources, int count);
    /* Products that are summed for one element of the output, and the weights of one output
     * channel; NULL: no products, and one weight per channel if it has weights. */
    int64_t (*products)(const op *o);
    int64_t (*weights)(const op *o); /* of one output channel where these are not the products; else NULL */
    op_derivative derivative;
    /* May the output lie where the first source does?  NULL: never. */
    bool (*overwrites)(const op *o);
    /* Wide plans (plan.h) may keep its value as bf16, where only convolutions read it. */
    bool narrows;
    /* Do the images of a batch influence each other in training?  NULL: never. */
    bool (*couples)(const op *o);
    /* The name with what a reader of a table wants to know; NULL: the name. */
    void (*label)(char *text, size_t size, const op *o);
} op_rule;

const op_rule *op_rule_of(const op *o);

/* text <- the operator as tables of layers write it, such as "conv 3x3 /2". */
void op_label(char *text, size_t size, const op *o);
bool op_is_layer(const op *o);
int64_t op_weights(const op *o); /* of one output channel, of one that has any */
int64_t op_params(const op *o); /* trained elements of one operation */
/* FLOPs of one operation in the forward pass of one image; 1 multiply-add = 2 and only products
 * count. */
double op_flops(const op *o);
/* Batch norm without running statistics (graph_batch_norm)? */
bool op_always_couples(const op *o);
/* Does the Jacobian depend on the sources' values, beyond their signs? */
bool op_is_curved(const op *o);

/* ---- operations with settings or parameters
 *
 * An operation's parameters are one run of the flat vector that begins with its weight: plans hand them on layer by layer.
 * Each returns the new node's number.  `name` is the prefix of the parameter names: "f.conv1"
 * makes f.conv1.weight and f.conv1.bias. */

int graph_conv2d(graph *g, int src, const char *name, int64_t out_channels, int64_t kernel,
                 int64_t stride, int64_t pad);
/* The same with pad_begin rows and columns of zeros at the top and left, pad_end at the
 * bottom and right. */
int graph_conv2d_pad(graph *g, int src, const char *name, int64_t out_channels, int64_t kernel,
                     int64_t stride, int64_t pad_begin, int64_t pad_end);
/* Any convolution: kernel {height, width}, rows and columns of zeros at the top and left (begin) and
 * at the bottom and right (end); groups, which divide the channels of both sides (as many as there
 * are: depthwise; 0 is 1).  NAME.weight [out, in/groups, height, width], NAME.bias unless no_bias. */
typedef struct conv_shape {
    int64_t out, kernel[2], stride, begin[2], end[2], groups;
    bool no_bias;
} conv_shape;
int graph_conv(graph *g, int src, const char *name, const conv_shape *c);
/* Its transpose between maps, [in,h,w] -> [out, h stride, w stride]: of the (h - 1) stride + height rows that there
 * are, `begin` are left out at the top (columns at the left), and what lies beyond at the bottom (right) as well.
 * No groups; `end` means nothing.  NAME.weight [out, in, height, width]. */
int graph_conv_transposed(graph *g, int src, const char *name, const conv_shape *c);
/* A 1x1 convolution whose weight is a linear layer's: NAME.weight [out,in], NAME.bias [out]. */
int graph_project(graph *g, int src, const char *name, int64_t out_channels);
/* [c,h,w] -> [out_features,1,1]: NAME.weight [out,c*h*w] over the value flattened (C,H,W). */
int graph_linear(graph *g, int src, const char *name, int64_t out_features);
/* Layers with weight norm (backend.h): NAME.V of the weight's shape, NAME.g [out], NAME.b [out]. */
int graph_conv_normed(graph *g, int src, const char *name, const conv_shape *c);
int graph_conv_transposed_normed(graph *g, int src, const char *name, const conv_shape *c);
int graph_project_normed(graph *g, int src, const char *name, int64_t out_channels);
int graph_linear_normed(graph *g, int src, const char *name, int64_t out_features);
/* Without bias: NAME.SUFFIX [out_features, c*h*w], begins as N(0, 0.05^2). */
int graph_linear_plain(graph *g, int src, const char *name, const char *suffix, int64_t out_features);
int graph_lrelu(graph *g, int src, double slope); /* x > 0 ? x : slope x */
int graph_relu6(graph *g, int src);             /* min(max(x, 0), 6) */
int graph_add(graph *g, int a, int b); /* of one shape, else a mistake (JEM_EUSAGE) */
/* Windows of kernel_h x kernel_w, sums times scale (1/area: average). */
int graph_pool(graph *g, int src, int64_t kernel_h, int64_t kernel_w, double scale);
/* The largest of each square window of `kernel` every `stride`, with `pad` rows and columns around
 * the map that are never the largest; ceil: further windows, as far as they begin within the map
 * and its padding, cover its end. */
int graph_max_pool(graph *g, int src, int64_t kernel, int64_t stride, int64_t pad, bool ceil);
/* The mean of what such windows hold of the map; padding does not count. */
int graph_mean_pool(graph *g, int src, int64_t kernel, int64_t stride, int64_t pad);
/* The mean of height x width windows that share the map out (op_window); 1, 1: of all of it. */
int graph_adaptive_mean(graph *g, int src, int64_t height, int64_t width);
/* The channels of `count` values of one height and width, else a mistake (JEM_EUSAGE), in order. */
int graph_concat(graph *g, const int *sources, int count);
/* affine[c][0] x + affine[c][1] in channel c; borrowed, for as long as the graph and its plans. */
int graph_affine(graph *g, int src, const double (*affine)[2]);
int graph_concat_elu(graph *g, int src); /* elu([x, -x]): twice the channels */
int graph_silu(graph *g, int src);     /* x * sigmoid(x) */
int graph_elu(graph *g, int src);      /* x > 0 ? x : exp(x) - 1 */
int graph_sigmoid(graph *g, int src, double least); /* max(sigmoid(x), least) */
int graph_gate(graph *g, int src);     /* [2c,h,w] -> [c,h,w]: a * sigmoid(b), a the first half of the channels */
/* x times standard normal numbers, in evaluation as well: plan_call.dropout says which. */
int graph_noise(graph *g, int src);
int graph_add_vector(graph *g, int map, int vector); /* [c,1,1] at every position of [c,h,w] */
/* Down by `rows` and to the right by `columns`; zeros come in, what leaves is lost. */
int graph_shift(graph *g, int src, int64_t rows, int64_t columns);
int graph_ones(graph *g, int src); /* one more channel, of ones */
int graph_gelu(graph *g, int src);     /* x * Phi(x), exact */
/* weight[c] x in channel c, with the one trained vector NAME.SUFFIX [c] (ConvNeXt's gamma). */
int graph_scale(graph *g, int src, const char *name, const char *suffix);
int graph_upsample(graph *g, int src); /* twice the height and width, nearest neighbour */
int graph_norm(graph *g, int src, const char *name, norm_kind kind); /* NORM_NONE: src itself */
int graph_norm_eps(graph *g, int src, const char *name, norm_kind kind, double eps); /* for 1e-5 */
/* Batch norm without running statistics, as PyTorch's with track_running_stats=False: the statistics are
 * those of the images at hand, in evaluation as in training (graph_take_together says how many). */
int graph_batch_norm(graph *g, int src, const char *name, double eps);
/* Mean 0 and variance 1 over each of `groups` runs of channels of one image, then NAME.weight
 * and NAME.bias per channel.  `groups` divides the channels. */
int graph_group_norm(graph *g, int src, const char *name, int64_t groups, double eps);
/* Queries, keys and values [3C,h,w] of a [C,h,w] map: one 1x1 convolution whose parameters
 * are those of the three linear layers `names`, the weights [C,C] one after another, then
 * the biases [C]. */
int graph_attention_qkv(graph *g, int src, const char *const names[3]);
/* The same of one layer, under the names of PyTorch's MultiheadAttention: NAME.in_proj_weight [3C,C], NAME.in_proj_bias [3C]. */
int graph_attention_in(graph *g, int src, const char *name);
/* [3C,h,w] -> [C,h,w] over the h*w positions: each of `heads` runs of D channels, which share C out, is
 * softmax(q k^T / sqrt(D)) v. */
int graph_attention(graph *g, int qkv, int64_t heads);
/* [C,h,w] -> [C,1,h*w+1]: the positions row by row, behind the class token TOKEN [1,1,C], and to each a trained vector of
 * POSITIONS [1,h*w+1,C] is added (ViT, Dosovitskiy et al. 2021, Eq. 1).  Both are whole names. */
int graph_tokens(graph *g, int src, const char *token, const char *positions);
int graph_dropout(graph *g, int src, double rate);                    /* 0: src itself */
/* Stochastic depth (Huang et al. 2016): in training passes all of an image is zeroed with
 * probability `rate`, or else divided by 1 - rate.  0: src itself. */
int graph_drop_path(graph *g, int src, double rate);

#endif
