/* JSON to records: the values of simple types. */
#include <string.h>

#include "decimal.h"
#include "digits.h"
#include "json_reader.h"
#include "report.h"

static bool full(struct json_reader *r, const struct json_place *place) {
    return json_fail(r, EXI_E_OUTPUT, place);
}

static bool wrong_kind(struct json_reader *r, const struct exi_type *type, struct json_cursor in,
                       const struct json_place *place) {
    return json_wrong_kind(r, EXI_E_TYPE, type, in, place);
}

/* --- booleans and numbers --- */
static bool read_boolean(struct json_reader *r, const struct exi_type *type,
                         struct json_cursor *in, const struct json_place *place) {
    unsigned first = json_peek(in);
    if (first != 't' && first != 'f') return wrong_kind(r, type, *in, place);
    json_skip(in);
    return record_byte(&r->out, first == 't' ? 0xc3 : 0xc2) || full(r, place);
}

/* Take decimal digits as a number; false where it has more than 64 bits. */
static bool small_number(const uint8_t *digits, size_t count, uint64_t *value) {
    *value = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = digits[i] - (unsigned)'0';
        if (*value > (UINT64_MAX - digit) / 10) return false;
        *value = *value * 10 + digit;
    }
    return true;
}

static bool big_number(struct json_reader *r, const struct exi_type *type, const uint8_t *digits,
                       size_t count, bool negative, const struct json_place *place) {
    uint8_t number[EXI_MAX_BIG_BYTES];
    if (type->kind != EXI_BIG) {
        report_quote(r->report, digits - negative, count + negative);
        return json_fail_type(r, EXI_E_RANGE, type, place);
    }
    size_t size = decimal_read(digits, count, negative, number);
    if (size > EXI_MAX_BIG_BYTES) {
        r->report->value = size;
        return json_fail_type(r, EXI_E_LENGTH, type, place);
    }
    return (record_binary_header(&r->out, size) && record_bytes(&r->out, number, size)) ||
           full(r, place);
}

static bool read_number(struct json_reader *r, const struct exi_type *type,
                        struct json_cursor *in, const struct json_place *place) {
    unsigned first = json_peek(in);
    bool negative = first == '-';
    uint64_t value = 0;
    if (!negative && (first < '0' || first > '9')) return wrong_kind(r, type, *in, place);
    struct json_cursor start = *in;
    const uint8_t *digits = in->at + negative;
    in->at = digits;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') in->at++;
    size_t count = (size_t)(in->at - digits);
    bool fraction = in->at < in->end && (*in->at == '.' || (*in->at | 0x20) == 'e');
    if (fraction) return wrong_kind(r, type, start, place);
    if (!small_number(digits, count, &value) || (negative && value > UINT64_C(1) << 63)) {
        return big_number(r, type, digits, count, negative, place);
    }
    bool below = negative && value;
    return (below ? record_negative(&r->out, value - 1) : record_unsigned(&r->out, value)) ||
           full(r, place);
}

/* --- texts and binaries --- */
/* Read a string to where its record will be, with room for the header before it; NULL: failed. */
static uint8_t *read_string(struct json_reader *r, const struct exi_type *type,
                            struct json_cursor *in, const struct json_place *place,
                            size_t *size) {
    const size_t header = 5;
    bool is_string = json_peek(in) == '"';
    if (is_string && record_room(&r->out, header)) {
        uint8_t *to = r->out.data + r->out.size + header;
        if (json_read_string(in, to, r->out.capacity - r->out.size - header, size)) return to;
    }
    if (is_string) {
        full(r, place);
    } else {
        wrong_kind(r, type, *in, place);
    }
    return NULL;
}

/* Bring what read_string() has read to the end of the record, whose header is written. */
static bool close_up(struct json_reader *r, const uint8_t *from, size_t size) {
    memmove(r->out.data + r->out.size, from, size);
    r->out.size += size;
    return true;
}

static bool read_text(struct json_reader *r, const struct exi_type *type, struct json_cursor *in,
                      const struct json_place *place) {
    size_t size = 0;
    const uint8_t *text = read_string(r, type, in, place, &size);
    return text && record_text_header(&r->out, size) && close_up(r, text, size);
}

static bool read_binary(struct json_reader *r, const struct exi_type *type,
                        struct json_cursor *in, const struct json_place *place) {
    size_t size = 0;
    struct json_cursor start = *in;
    uint8_t *text = read_string(r, type, in, place, &size);
    if (!text) return false;
    bool done = type->bits == EXI_HEX ? digits_from_hex(text, size, text, &size)
                                      : digits_from_base64(text, size, text, &size);
    if (!done) {
        json_note_text(r, start);
        return json_fail_type(r, EXI_E_DIGITS, type, place);
    }
    return record_binary_header(&r->out, size) && close_up(r, text, size);
}

static bool read_enum(struct json_reader *r, const struct exi_type *type, struct json_cursor *in,
                      const struct json_place *place) {
    if (json_peek(in) != '"') return wrong_kind(r, type, *in, place);
    for (unsigned i = 0; i < type->count; i++) {
        struct exi_text value = exi_value(r->schema, type->first + i);
        if (!json_string_is(*in, 0, value.text, value.length)) continue;
        json_skip(in);
        return record_text(&r->out, value.text, value.length) || full(r, place);
    }
    json_note_text(r, *in);
    return json_fail_type(r, EXI_E_VALUE, type, place);
}

bool json_read_simple(struct json_reader *r, const struct exi_type *type, struct json_cursor *in,
                      const struct json_place *place) {
    switch ((enum exi_kind)type->kind) {
    case EXI_BOOLEAN: return read_boolean(r, type, in, place);
    case EXI_NBIT:
    case EXI_UNSIGNED:
    case EXI_INTEGER:
    case EXI_BIG: return read_number(r, type, in, place);
    case EXI_BINARY: return read_binary(r, type, in, place);
    case EXI_STRING: return read_text(r, type, in, place);
    case EXI_ENUM: return read_enum(r, type, in, place);
    case EXI_COMPLEX: break;
    }
    return wrong_kind(r, type, *in, place);
}
