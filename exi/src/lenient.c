/* What is overlooked of what real peers send: the one place that says so. */
#include <string.h>

#include "exi.h"

/* Put a warning of full lists before the others. */
static void warn_of_full_lists(struct exi_report *report) {
    struct exi_warning *first = report->warnings;
    memmove(first + 1, first, (EXI_MAX_WARNINGS - 1) * sizeof *first);
    *first = (struct exi_warning){.kind = EXI_W_FULL_LIST};
    report->warning_count++;
}

enum exi_code exi_decode_leniently(const struct exi_schema *schema, const uint8_t *data,
                                   size_t size, unsigned flags, uint8_t *out, size_t capacity,
                                   size_t *written, struct exi_report *report) {
    struct exi_report first;
    enum exi_code code =
        exi_decode(schema, data, size, flags | EXI_LENIENT, out, capacity, written, report);
    if (code == EXI_OK || code == EXI_E_OUTPUT) return code;
    first = *report;
    code = exi_decode(schema, data, size, flags | EXI_LENIENT | EXI_FULL_LISTS, out, capacity,
                      written, report);
    if (code == EXI_E_OUTPUT) return code;
    if (code == EXI_OK && report->full_lists) {
        warn_of_full_lists(report);
        return code;
    }
    *report = first;
    *written = 0;
    return report->code;
}
