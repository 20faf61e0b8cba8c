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
    PARAM_NORMAL,       /* directions of weight norm and other weights that begin as N(0, 0.05^2), or as the network says */
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
    int *src;         /* [src_count] node numbers; the input has none */
    int src_count;
    char *name;       /* feature name such as "layer2", or NULL */
} node;

typedef struct graph {
    node *nodes;
    int node_count;
    param *params;
    int param_count;
    int64_t together;       /* images whose statistics norms take outside of training, too: a pass of more
                               goes so many at a time (graph_take_together); 0: images are independent */
    int64_t param_elements; /* length of the flat vector */
    int output;             /* logits, or an image-like value */
    /* What batch norms' running statistics r keep in a pass of training, r <- kept r + (1 - kept)
     * batch: 0.1 unless the network says otherwise (PyTorch's momentum is 1 - kept). */
    float running_kept;
    jem_status failed;
    int64_t node_room, param_room;
} graph;

jem_status graph_new(graph **out, shape input); /* node 0 is the input */
void graph_free(graph *g);                      /* NULL is fine */

/* ---- operations: ops.h lists them, with a function for each that has settings or parameters */

/* An operation on the value of node src, its settings yet to be made; output as its source. */
op graph_op(const graph *g, op_kind kind, int src);
/* Appends it on `count` sources (copied), of which the first is graph_op's, and returns the new
 * node's number; a failed graph keeps answering 0. */
int graph_apply(graph *g, op o, const int *sources, int count);
/* Appends the parameter PREFIX.SUFFIX, `dims` [ndim], to the flat vector and returns the offset
 * of its first element. */
int64_t graph_add_param(graph *g, const char *prefix, const char *suffix, param_role role, int ndim,
                        const int64_t *dims, int64_t fan_in);

/* Calls the parameters of a node otherwise, whole names; NULL: as before, or there is none. */
void graph_call_params(graph *g, int node, const char *weight, const char *bias);

/* Names a node's value, so that plans can return it. */
void graph_name(graph *g, int node, const char *name);
int graph_find(const graph *g, const char *name); /* -1 if there is none */
/* text <- the names of all such values in the order of computing: "layer1, layer2, logits". */
void graph_list_names(const graph *g, char *text, size_t size);

/* Notes a mistake: the first one is kept.  JEM_OK is none. */
void graph_fail(graph *g, jem_status st);
/* Declares the output and returns the first mistake made while building. */
jem_status graph_finish(graph *g, int output);

const param *graph_param(const graph *g, const char *name); /* NULL if absent */
/* Number of trained parameters (running statistics left out). */
int64_t graph_trained_elements(const graph *g);
bool graph_has_norm(const graph *g, norm_kind kind); /* an OP_NORM of this kind? */
/* Evaluation takes `images` at a time, in their order, since norms without running statistics
 * (graph_batch_norm) couple them there, too; the last ones of a call may be fewer. */
void graph_take_together(graph *g, int64_t images);
/* True if images of a batch influence each other in training (batch norm). */
bool graph_couples_images(const graph *g);
double graph_flops(const graph *g); /* op_flops of all operations */

#endif
