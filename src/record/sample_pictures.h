/* Single pictures that a run leaves for the report to lay out:
 *
 *   RUN/samples/refined/ID/0005.png       a cue-conflict picture after so many Langevin steps
 *   RUN/samples/trajectory/0/0050.png     a picture of noise after so many
 *   RUN/samples/first-epoch/0/0050.png    the same under the weights of the first epoch
 *   RUN/samples/clickme/NAME/picture.png, people.png, model.png
 *                                         a photograph, where people look, where the model does
 */
#ifndef RECORD_SAMPLE_PICTURES_H
#define RECORD_SAMPLE_PICTURES_H

#include "jem/status.h"

/* Path of RUN/samples/GROUP/ITEM/CELL.png, whose folder it makes; owned.  Letters of `item` that
 * do not fit into a name become "-". */
jem_status sample_picture_path(char **out, const char *run, const char *group, const char *item,
                               const char *cell);
/* Removes the pictures of a group that an earlier command left. */
jem_status sample_pictures_remove(const char *run, const char *group);

#endif
