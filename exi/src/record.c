#include "record.h"

static unsigned marker(const struct record_reader *in) {
    return in->at < in->end ? *in->at : RECORD_NIL;
}

bool record_read_long_array(struct record_reader *in, uint32_t *count) {
    unsigned first = marker(in);
    uint64_t number = 0;
    if (first != 0xdc && first != 0xdd) return false;
    if (!record_after(in, first == 0xdc ? 2 : 4, &number)) return false;
    *count = (uint32_t)number;
    return true;
}

/* Take `size` bytes; where they are not all there, go back to `start`. */
static bool take(struct record_reader *in, const uint8_t *start, uint64_t size,
                 struct record_span *span) {
    if ((uint64_t)(in->end - in->at) < size) {
        in->at = start;
        return false;
    }
    span->bytes = in->at;
    span->size = (size_t)size;
    in->at += size;
    return true;
}

bool record_read_long_text(struct record_reader *in, struct record_span *span) {
    const uint8_t *start = in->at;
    unsigned first = marker(in);
    uint64_t size = 0;
    if (first < 0xd9 || first > 0xdb) return false;
    return record_after(in, 1u << (first - 0xd9), &size) && take(in, start, size, span);
}

bool record_read_binary(struct record_reader *in, struct record_span *span) {
    const uint8_t *start = in->at;
    unsigned first = marker(in);
    uint64_t size = 0;
    if (first < 0xc4 || first > 0xc6) return false;
    return record_after(in, 1u << (first - 0xc4), &size) && take(in, start, size, span);
}

bool record_read_long_integer(struct record_reader *in, bool *negative, uint64_t *value) {
    unsigned first = marker(in);
    if (first >= 0xe0) {
        *negative = true;
        *value = 0xff - first;
        in->at++;
        return true;
    }
    *negative = false;
    if (first >= 0xcc && first <= 0xcf) return record_after(in, 1u << (first - 0xcc), value);
    if (first < 0xd0 || first > 0xd3) return false;
    unsigned bytes = 1u << (first - 0xd0);
    if (!record_after(in, bytes, value)) return false;
    if (*value >> (8 * bytes - 1)) {
        *negative = true;
        *value = ~*value;
        if (bytes < 8) *value &= (1ull << (8 * bytes)) - 1;
    }
    return true;
}

const char *record_kind(const struct record_reader *in) {
    if (in->at >= in->end) return "the end of the record";
    unsigned first = *in->at;
    if (first < 0x80 || first >= 0xe0) return "an integer";
    if (first < 0x90) return "a mapping";
    if (first < 0xa0 || first == 0xdc || first == 0xdd) return "a sequence or object";
    if (first < 0xc0 || (first >= 0xd9 && first <= 0xdb)) return "a text";
    if (first == RECORD_NIL) return "nothing";
    if (first == 0xc2 || first == 0xc3) return "a boolean";
    if (first >= 0xc4 && first <= 0xc6) return "a binary";
    if (first == 0xca || first == 0xcb) return "a floating-point number";
    if (first >= 0xcc && first <= 0xd3) return "an integer";
    return "a value of another type";
}
