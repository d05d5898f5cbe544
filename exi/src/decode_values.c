/* EXI to records: the values of simple types. */
#include "decoder.h"
#include "utf8.h"

#define MAX_GROUPS 10 /* of an Unsigned Integer of 64 bits */
#define MAX_BIG_GROUPS (EXI_MAX_BIG_BYTES * 8 / 7)

/* --- numbers --- */
/* Read an Unsigned Integer of at most 64 bits. */
static bool read_unsigned(struct decoder *d, uint64_t *value) {
    uint32_t octet = 0;
    *value = 0;
    for (unsigned group = 0; group < MAX_GROUPS; group++) {
        if (!decoder_read(d, 8, &octet)) return false;
        uint64_t bits = octet & 0x7f;
        if (group == MAX_GROUPS - 1 && bits > 1) break;
        *value |= bits << (7 * group);
        if (!(octet & 0x80)) {
            if (octet == 0 && group) decoder_warn(d, EXI_W_ZEROS, 0);
            return true;
        }
    }
    d->report->found = "a number of more than 64 bits";
    return decoder_fail(d, EXI_E_RANGE);
}

static bool decode_nbit(struct decoder *d, const struct exi_type *type, uint32_t offset) {
    int64_t value = type->minimum + (int64_t)offset;
    bool negative = value < 0;
    uint64_t number = (uint64_t)(negative ? -1 - value : value);
    if (value > (int64_t)type->maximum) {
        return decoder_fail_value(d, EXI_E_RANGE, type, negative, number);
    }
    bool done = negative ? record_negative(&d->out, number) : record_unsigned(&d->out, number);
    return done || decoder_full(d);
}

static bool decode_unsigned(struct decoder *d, const struct exi_type *type) {
    uint64_t value = 0;
    if (!read_unsigned(d, &value)) return false;
    if (value > type->maximum || value < (uint64_t)type->minimum) {
        return decoder_fail_value(d, EXI_E_RANGE, type, false, value);
    }
    return record_unsigned(&d->out, value) || decoder_full(d);
}

static bool decode_integer(struct decoder *d, const struct exi_type *type) {
    uint32_t negative = 0;
    uint64_t value = 0;
    if (!decoder_read(d, 1, &negative) || !read_unsigned(d, &value)) return false;
    uint64_t limit = negative ? (uint64_t)(-1 - type->minimum) : type->maximum;
    if (value > limit) return decoder_fail_value(d, EXI_E_RANGE, type, negative, value);
    bool done = negative ? record_negative(&d->out, value) : record_unsigned(&d->out, value);
    return done || decoder_full(d);
}

/* Write a number of `size` little-endian bytes, the last of them not 0, that needs over 64 bits. */
static bool write_big(struct decoder *d, bool negative, const uint8_t *number, size_t size) {
    bool prefix = number[size - 1] & 0x80;
    uint8_t invert = negative ? 0xff : 0;
    if (!record_binary_header(&d->out, size + prefix)) return decoder_full(d);
    if (!record_room(&d->out, size + prefix)) return decoder_full(d);
    if (prefix) d->out.data[d->out.size++] = invert;
    while (size--) d->out.data[d->out.size++] = number[size] ^ invert;
    return true;
}

static bool decode_big(struct decoder *d, const struct exi_type *type) {
    uint8_t number[EXI_MAX_BIG_BYTES + 2] = {0};
    uint32_t negative = 0;
    uint32_t octet = 0x80;
    unsigned bit = 0;
    if (!decoder_read(d, 1, &negative)) return false;
    for (; octet & 0x80; bit += 7) {
        if (bit >= 7 * MAX_BIG_GROUPS) {
            return decoder_fail_value(d, EXI_E_LENGTH, type, false, bit / 8);
        }
        if (!decoder_read(d, 8, &octet)) return false;
        unsigned bits = (octet & 0x7fu) << (bit & 7);
        number[bit / 8] |= (uint8_t)bits;
        number[bit / 8 + 1] |= (uint8_t)(bits >> 8);
    }
    if (octet == 0 && bit > 7) decoder_warn(d, EXI_W_ZEROS, 0);
    size_t size = sizeof number;
    while (size && !number[size - 1]) size--;
    if (size > 8 || (negative && size == 8 && number[7] & 0x80)) {
        return write_big(d, negative, number, size);
    }
    uint64_t value = 0;
    for (size_t i = size; i--;) value = value << 8 | number[i];
    bool done = negative ? record_negative(&d->out, value) : record_unsigned(&d->out, value);
    return done || decoder_full(d);
}

/* --- enumerations, binaries, texts --- */
static bool decode_enum(struct decoder *d, const struct exi_type *type, uint32_t index) {
    if (index >= type->count) return decoder_fail_value(d, EXI_E_VALUE, type, false, index);
    struct exi_text text = exi_value(d->schema, type->first + index);
    return record_text(&d->out, text.text, text.length) || decoder_full(d);
}

static bool check_length(struct decoder *d, const struct exi_type *type, uint64_t length) {
    if (length <= type->maximum && length >= (uint64_t)type->minimum) return true;
    return decoder_fail_value(d, EXI_E_LENGTH, type, false, length);
}

static bool decode_binary(struct decoder *d, const struct exi_type *type) {
    uint64_t length = 0;
    if (!read_unsigned(d, &length) || !check_length(d, type, length)) return false;
    if (length > bits_left(&d->in) / 8) return decoder_fail_cut(d, length);
    size_t size = (size_t)length;
    if (!record_binary_header(&d->out, size) || !record_room(&d->out, size)) return decoder_full(d);
    bits_read_octets(&d->in, d->out.data + d->out.size, size);
    d->out.size += size;
    return true;
}

/* Write one character as UTF-8. */
static bool write_character(struct decoder *d, uint64_t point) {
    uint8_t bytes[UTF8_MOST_BYTES];
    if (point < 0x80) return record_byte(&d->out, (unsigned)point) || decoder_full(d);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
        d->report->value = point;
        return decoder_fail(d, EXI_E_CHARACTER);
    }
    size_t size = utf8_write(bytes, (uint32_t)point);
    return record_bytes(&d->out, bytes, size) || decoder_full(d);
}

static void remember(struct decoder *d, uint16_t name, size_t start, uint64_t characters) {
    if (d->text_count < EXI_MAX_STRINGS) {
        struct known_text *known = &d->texts[d->text_count];
        known->start = start;
        known->size = (uint32_t)(d->out.size - start);
        known->characters = (uint32_t)characters;
        known->name = name;
    }
    d->text_count++;
}

static bool is_short(uint64_t characters) { return characters <= UINT8_MAX / 4; }

/* Begin a text: the width of its size follows from its characters, so that all texts look alike. */
static bool text_header(struct decoder *d, uint64_t characters, size_t bytes) {
    bool small = is_short(characters);
    return record_marked(&d->out, small ? 0xd9 : 0xdb, bytes, small ? 1 : 4) || decoder_full(d);
}

/* Read the characters while they are ASCII, one octet each; return how many. */
static size_t read_ascii(struct decoder *d, size_t characters) {
    uint8_t *to = d->out.data + d->out.size;
    size_t count = 0;
    if (!record_room(&d->out, characters)) return 0;
    bits_read_octets(&d->in, to, characters);
    while (count < characters && to[count] < 0x80) count++;
    d->in.at -= 8 * (characters - count);
    d->out.size += count;
    return count;
}

static bool decode_literal(struct decoder *d, const struct exi_type *type, uint16_t name,
                           uint64_t characters) {
    uint64_t point = 0;
    if (!check_length(d, type, characters)) return false;
    if (characters > bits_left(&d->in) / 8) return decoder_fail_cut(d, characters);
    size_t header = d->out.size;
    if (!text_header(d, characters, 0)) return false;
    size_t start = d->out.size;
    for (uint64_t i = read_ascii(d, (size_t)characters); i < characters; i++) {
        if (!read_unsigned(d, &point) || !write_character(d, point)) return false;
    }
    record_big_endian(d->out.data + header + 1, d->out.size - start,
                      is_short(characters) ? 1 : 4);
    if (characters) remember(d, name, start, characters);
    return true;
}

static unsigned index_bits(unsigned count) {
    unsigned bits = 0;
    while (count > 1u << bits) bits++;
    return bits;
}

/* Read a string table hit: of the name's own partition, or of the global one. */
static bool decode_hit(struct decoder *d, const struct exi_type *type, uint16_t name, bool local) {
    unsigned count = 0;
    uint32_t index = 0;
    if (d->text_count > EXI_MAX_STRINGS) return decoder_fail(d, EXI_E_HIT);
    for (unsigned i = 0; i < d->text_count; i++) count += !local || d->texts[i].name == name;
    if (!count) return decoder_fail(d, EXI_E_HIT);
    if (!decoder_read(d, index_bits(count), &index)) return false;
    if (index >= count) return decoder_fail(d, EXI_E_HIT);
    const struct known_text *known = d->texts;
    for (;; known++) {
        if (local && known->name != name) continue;
        if (!index--) break;
    }
    decoder_warn(d, EXI_W_HIT, 0);
    if (!check_length(d, type, known->characters)) return false;
    if (!text_header(d, known->characters, known->size)) return false;
    return record_bytes(&d->out, d->out.data + known->start, known->size) || decoder_full(d);
}

static bool decode_string(struct decoder *d, const struct exi_type *type, uint16_t name) {
    uint64_t code = 0;
    if (!read_unsigned(d, &code)) return false;
    if (code < 2) return decode_hit(d, type, name, code == 0);
    return decode_literal(d, type, name, code - 2);
}

bool decode_fixed(struct decoder *d, const struct exi_type *type, uint32_t bits) {
    if (type->kind == EXI_ENUM) return decode_enum(d, type, bits);
    if (type->kind == EXI_NBIT) return decode_nbit(d, type, bits);
    return record_byte(&d->out, 0xc2 | bits) || decoder_full(d);
}

bool decode_value(struct decoder *d, const struct exi_type *type, uint16_t name) {
    uint32_t bits = 0;
    d->item_start = d->in.at;
    switch ((enum exi_kind)type->kind) {
    case EXI_BOOLEAN:
    case EXI_NBIT:
    case EXI_ENUM: return decoder_read(d, type->bits, &bits) && decode_fixed(d, type, bits);
    case EXI_UNSIGNED: return decode_unsigned(d, type);
    case EXI_INTEGER: return decode_integer(d, type);
    case EXI_BIG: return decode_big(d, type);
    case EXI_BINARY: return decode_binary(d, type);
    case EXI_STRING: return decode_string(d, type, name);
    case EXI_COMPLEX: break;
    }
    return decoder_fail(d, EXI_E_ORDER);
}

bool decode_empty(struct decoder *d, const struct exi_type *type) {
    if (!check_length(d, type, 0)) return false;
    if (type->kind == EXI_STRING) return text_header(d, 0, 0);
    return record_binary_header(&d->out, 0) || decoder_full(d);
}
