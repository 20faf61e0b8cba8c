/* The summary figure: one alpha axis with every benchmark at the alpha that comes closest to
 * people, and below it how sure that is. */
#ifndef REPORT_FIG_SWEETSPOT_H
#define REPORT_FIG_SWEETSPOT_H

#include "report/draw.h"
#include "sweetspot/sweetspot.h"

/* STUDY/figures/sweetspot.{svg,pdf,png} and its numbers, sweetspot.tsv. */
jem_status fig_sweetspot_write(const study *s, const sweetspot_list *list);

#endif
