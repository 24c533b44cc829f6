// SPDX-License-Identifier: Apache-2.0
// RE2 through a C door; see cre2.h.

#include "cre2.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

struct cre2_pattern {
    explicit cre2_pattern(std::unique_ptr<re2::RE2> compiled) : expression(std::move(compiled)) {}
    std::unique_ptr<re2::RE2> expression;
};

namespace {
constexpr int kMostSpans = 64;
}

extern "C" cre2_pattern *cre2_compile(const char *pattern, size_t length, int64_t max_memory,
                                      char *error, size_t error_capacity) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(max_memory);
    auto compiled = std::make_unique<re2::RE2>(re2::StringPiece(pattern, length), options);
    if (compiled->ok()) return new cre2_pattern(std::move(compiled));
    if (error_capacity > 0) {
        const std::string &why = compiled->error();
        const size_t kept = std::min(error_capacity - 1, why.size());
        std::memcpy(error, why.data(), kept);
        error[kept] = 0;
    }
    return nullptr;
}

extern "C" void cre2_free(cre2_pattern *pattern) { delete pattern; }

extern "C" int cre2_group_count(const cre2_pattern *pattern) {
    return pattern->expression->NumberOfCapturingGroups();
}

extern "C" int cre2_match(const cre2_pattern *pattern, const char *text, size_t length, size_t start,
                          cre2_span *spans, int span_count) {
    re2::StringPiece groups[kMostSpans];
    const int wanted = std::min({span_count, kMostSpans,
                                 pattern->expression->NumberOfCapturingGroups() + 1});
    const re2::StringPiece whole(text, length);
    if (!pattern->expression->Match(whole, start, length, re2::RE2::UNANCHORED, groups, wanted)) {
        return 0;
    }
    for (int i = 0; i < span_count; i++) {
        if (i < wanted && groups[i].data() != nullptr) {
            spans[i].start = groups[i].data() - text;
            spans[i].end = spans[i].start + static_cast<ptrdiff_t>(groups[i].size());
        } else {
            spans[i].start = -1;
            spans[i].end = -1;
        }
    }
    return 1;
}

extern "C" int cre2_named_group(const cre2_pattern *pattern, const char *name, size_t length) {
    const auto &groups = pattern->expression->NamedCapturingGroups();
    const auto found = groups.find(std::string(name, length));
    return found == groups.end() ? -1 : found->second;
}
