/* What is overlooked of what real peers send: the one place that says so. */
#include "exi.h"

/* Tried in this order: what needs less is the likelier. */
static const unsigned attempts[] = {
    0,
    EXI_FULL_LISTS,
    EXI_LENIENT,
    EXI_LENIENT | EXI_FULL_LISTS,
};

static bool has_trailing_bytes(const struct exi_report *report) {
    uint32_t kept = report->warning_count;
    if (kept > EXI_MAX_WARNINGS) return true; /* the last is not kept: as if it were one */
    return kept && report->warnings[kept - 1].kind == EXI_W_TRAILING;
}

/* Bytes after the end may be the rest of a message that was read the wrong way: where a list was
 * full, every reading is tried for one without them. Only then the first reading counts. */
enum exi_code exi_decode_leniently(const struct exi_schema *schema, const uint8_t *data,
                                   size_t size, unsigned flags, uint8_t *out, size_t capacity,
                                   size_t *written, struct exi_report *report) {
    const unsigned count = sizeof attempts / sizeof *attempts;
    unsigned chosen = EXI_LENIENT; /* whose error tells most, where none succeeds */
    bool found = false;
    bool full_lists = false;
    for (unsigned i = 0; i < count; i++) {
        if (attempts[i] & EXI_FULL_LISTS && !full_lists) continue;
        enum exi_code code = exi_decode(schema, data, size, flags | attempts[i], out, capacity,
                                        written, report);
        if (code == EXI_E_OUTPUT) return code;
        full_lists |= report->full_lists > 0;
        if (code == EXI_OK && !(full_lists && has_trailing_bytes(report))) return code;
        if (code == EXI_OK && !found) chosen = attempts[i];
        found |= code == EXI_OK;
    }
    return exi_decode(schema, data, size, flags | chosen, out, capacity, written, report);
}
