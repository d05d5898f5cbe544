/* MessagePack, as far as records need it: nil, booleans, integers, texts, binaries, arrays. */
#ifndef EXI_RECORD_H
#define EXI_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RECORD_NIL 0xc0

/* --- writing --- */
struct record_writer {
    uint8_t *data;
    size_t capacity;
    size_t size;
};

/* A record's lengths and counts have 32 bits: no record is longer than they can say. */
static inline struct record_writer record_start(uint8_t *data, size_t capacity) {
#if SIZE_MAX > UINT32_MAX
    if (capacity > UINT32_MAX) capacity = UINT32_MAX;
#endif
    return (struct record_writer){data, capacity, 0};
}

static inline bool record_room(const struct record_writer *out, size_t bytes) {
    return out->capacity - out->size >= bytes;
}

static inline void record_big_endian(uint8_t *to, uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) to[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static inline uint64_t record_number(const uint8_t *from, unsigned bytes) {
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) value = value << 8 | from[i];
    return value;
}

static inline bool record_byte(struct record_writer *out, unsigned byte) {
    if (!record_room(out, 1)) return false;
    out->data[out->size++] = (uint8_t)byte;
    return true;
}

/* Write a marker and `bytes` bytes of a number after it. */
static inline bool record_marked(struct record_writer *out, unsigned marker, uint64_t value,
                                 unsigned bytes) {
    if (!record_room(out, 1 + bytes)) return false;
    out->data[out->size] = (uint8_t)marker;
    record_big_endian(out->data + out->size + 1, value, bytes);
    out->size += 1 + bytes;
    return true;
}

static inline bool record_unsigned(struct record_writer *out, uint64_t value) {
    if (value < 128) return record_byte(out, (unsigned)value);
    if (value <= UINT8_MAX) return record_marked(out, 0xcc, value, 1);
    if (value <= UINT16_MAX) return record_marked(out, 0xcd, value, 2);
    if (value <= UINT32_MAX) return record_marked(out, 0xce, value, 4);
    return record_marked(out, 0xcf, value, 8);
}

/* Write -1 - `below`, for `below` < 2^63. */
static inline bool record_negative(struct record_writer *out, uint64_t below) {
    if (below < 32) return record_byte(out, 0xff - (unsigned)below);
    if (below < 0x80) return record_marked(out, 0xd0, ~below, 1);
    if (below < 0x8000) return record_marked(out, 0xd1, ~below, 2);
    if (below < 0x80000000u) return record_marked(out, 0xd2, ~below, 4);
    return record_marked(out, 0xd3, ~below, 8);
}

static inline bool record_array(struct record_writer *out, unsigned count) {
    if (count < 16) return record_byte(out, 0x90 | count);
    return record_marked(out, 0xdc, count, 2);
}

static inline bool record_bytes(struct record_writer *out, const void *bytes, size_t size) {
    if (!record_room(out, size)) return false;
    if (size) memcpy(out->data + out->size, bytes, size);
    out->size += size;
    return true;
}

static inline bool record_text_header(struct record_writer *out, size_t size) {
    if (size < 32) return record_byte(out, 0xa0 | (unsigned)size);
    if (size <= UINT8_MAX) return record_marked(out, 0xd9, size, 1);
    return record_marked(out, 0xdb, size, 4);
}

static inline bool record_text(struct record_writer *out, const char *text, size_t size) {
    return record_text_header(out, size) && record_bytes(out, text, size);
}

static inline bool record_binary_header(struct record_writer *out, size_t size) {
    if (size <= UINT8_MAX) return record_marked(out, 0xc4, size, 1);
    return record_marked(out, 0xc6, size, 4);
}

/* --- reading --- */
struct record_reader {
    const uint8_t *at;
    const uint8_t *end;
};

/* `data` may be NULL where there is nothing. */
static inline struct record_reader record_open(const uint8_t *data, size_t size) {
    return (struct record_reader){data, size ? data + size : data};
}

struct record_span {
    const uint8_t *bytes;
    size_t size;
};

static inline bool record_at_nil(const struct record_reader *in) {
    return in->at < in->end && *in->at == RECORD_NIL;
}

/* Read the number of `bytes` bytes that follows a marker; the marker is skipped too. */
static inline bool record_after(struct record_reader *in, unsigned bytes, uint64_t *value) {
    if ((size_t)(in->end - in->at) < 1 + (size_t)bytes) return false;
    *value = record_number(in->at + 1, bytes);
    in->at += 1 + bytes;
    return true;
}

/* The forms that most values do not have; false for everything else. */
bool record_read_long_array(struct record_reader *in, uint32_t *count);
bool record_read_long_text(struct record_reader *in, struct record_span *span);
bool record_read_long_integer(struct record_reader *in, bool *negative, uint64_t *value);

static inline bool record_read_array(struct record_reader *in, uint32_t *count) {
    if (in->at == in->end || *in->at >> 4 != 9) return record_read_long_array(in, count);
    *count = *in->at++ & 15;
    return true;
}

static inline bool record_read_boolean(struct record_reader *in, bool *value) {
    if (in->at == in->end || *in->at >> 1 != 0xc2 >> 1) return false;
    *value = *in->at++ & 1;
    return true;
}

static inline bool record_read_text(struct record_reader *in, struct record_span *span) {
    if (in->at == in->end || *in->at >> 5 != 0xa0 >> 5) return record_read_long_text(in, span);
    size_t size = *in->at & 31;
    if ((size_t)(in->end - in->at) <= size) return false;
    *span = (struct record_span){in->at + 1, size};
    in->at += 1 + size;
    return true;
}

bool record_read_binary(struct record_reader *in, struct record_span *span);

/* Read an integer: `value`, or -1 - `value` where `negative`. */
static inline bool record_read_integer(struct record_reader *in, bool *negative,
                                       uint64_t *value) {
    if (in->at == in->end || *in->at >= 0x80) return record_read_long_integer(in, negative, value);
    *negative = false;
    *value = *in->at++;
    return true;
}

/* Say what stands there, in words. */
const char *record_kind(const struct record_reader *in);

#endif
