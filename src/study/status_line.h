/* How a training stands, as a line of text: what `jem train --status-fd N` writes
 * to descriptor N about once a second and a sweep reads.
 *
 *   iteration iterations epoch images_per_s eta_s val_accuracy verdict rescues reason
 *
 * separated by tabs and ended by a newline; a field is empty where nothing is known
 * yet.  A line is at most STATUS_LINE_MAX bytes, so a pipe takes it whole or not at all. */
#ifndef STUDY_STATUS_LINE_H
#define STUDY_STATUS_LINE_H

#include <stddef.h>

#include "run/loop.h"

enum { STATUS_LINE_MAX = 512 };

/* The line with its newline; returns its length.  Tabs and newlines in the reason
 * become spaces, and what is too long is cut off. */
size_t status_line_format(char line[STATUS_LINE_MAX], const train_status *s);

/* Reads a line without its newline, which is cut up: s->reason lies in it.  JEM_EDATA,
 * and *s as it was, for anything that status_line_format does not write. */
jem_status status_line_parse(train_status *s, char *line);

/* A watch that writes to the descriptor *fd, the value of --status-fd.  `fd` must stay where it is.
 * Nobody needs to read: lines that do not fit into the pipe are dropped, and a closed one is no
 * error.  JEM_EUSAGE if it is no open descriptor. */
jem_status status_line_watch(train_watch *w, int *fd);

#endif
