/* The records of TensorFlow data sets: one protobuf message tf.train.Example each,
 *
 *   Example   { 1: Features }
 *   Features  { 1: repeated entry { 1: key string, 2: Feature } }
 *   Feature   { 1: BytesList { 1: repeated bytes }
 *             | 2: FloatList { 1: repeated float }
 *             | 3: Int64List { 1: repeated varint, packed or not } }
 *
 * Only what ClickMe needs is read: features with exactly one value.  Unknown fields
 * are skipped, as protobuf asks. */
#ifndef BENCH_CLICKME_TF_EXAMPLE_H
#define BENCH_CLICKME_TF_EXAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

/* The one value of feature `key`: bytes are borrowed from the record.  `name` (file and
 * record) opens messages.  JEM_EDATA for a message that is not well formed or has more than
 * 1000 fields in all, a missing or repeated key, a feature of another type, no value or
 * more than one. */
jem_status tf_example_bytes(const uint8_t **data, size_t *size, const uint8_t *record,
                            size_t record_size, const char *key, const char *name);
/* The same for a whole number, which the record may hold packed or not. */
jem_status tf_example_int64(int64_t *value, const uint8_t *record, size_t record_size,
                            const char *key, const char *name);

#endif
