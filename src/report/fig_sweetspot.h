/* The summary figure: one alpha axis with every benchmark at the alpha that comes closest to
 * people, and below it how sure that is. */
#ifndef REPORT_FIG_SWEETSPOT_H
#define REPORT_FIG_SWEETSPOT_H

#include "report/draw.h"
#include "sweetspot/sweetspot.h"

/* Size of the figure of this list. */
void fig_sweetspot_size(double *width, double *height, const sweetspot_list *list);
/* A draw_fn; ctx is a const sweetspot_list. */
jem_status fig_sweetspot_draw(draw *d, const void *ctx);
/* STUDY/figures/sweetspot.{svg,pdf,png} and its numbers, sweetspot.tsv. */
jem_status fig_sweetspot_write(const study *s, const sweetspot_list *list);

#endif
