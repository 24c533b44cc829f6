/* SPDX-License-Identifier: Apache-2.0 */
/* How often memory was asked for. */
#ifndef ASSAY_ALLOCATION_COUNTER_H
#define ASSAY_ALLOCATION_COUNTER_H

#include <stdint.h>

/* Calls of malloc and its like by this process so far, from all threads. */
uint64_t allocation_count(void);

#endif
