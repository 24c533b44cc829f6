/* SPDX-License-Identifier: Apache-2.0 */
/* RE2 through a C door: linear time, and the syntax that Go, Kyverno and CEL mean. */
#ifndef ASSAY_CRE2_H
#define ASSAY_CRE2_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_pattern cre2_pattern;

/* Where one group matched, in bytes of the text; start is -1 for a group that took no part. */
typedef struct {
    ptrdiff_t start;
    ptrdiff_t end;
} cre2_span;

/* Compiles UTF-8 text within max_memory bytes. On failure answers NULL and writes the reason,
   cut and zero-terminated, into error. */
cre2_pattern *cre2_compile(const char *pattern, size_t length, int64_t max_memory,
                           char *error, size_t error_capacity);
void cre2_free(cre2_pattern *pattern);

/* Capturing groups, the whole match not counted. */
int cre2_group_count(const cre2_pattern *pattern);

/* Looks for the leftmost match in text[start, length). Fills up to span_count spans (0 is the whole
   match). Answers 1 for a match, 0 for none. */
int cre2_match(const cre2_pattern *pattern, const char *text, size_t length, size_t start,
               cre2_span *spans, int span_count);

/* The number of the group with that name; -1 when there is none. */
int cre2_named_group(const cre2_pattern *pattern, const char *name, size_t length);

#ifdef __cplusplus
}
#endif
#endif
