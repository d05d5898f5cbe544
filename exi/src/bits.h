/* Bits in, bits out: most significant bit first, nothing aligned. */
#ifndef EXI_BITS_H
#define EXI_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BITS_WINDOW_BYTES 8u

/* --- reading --- */
struct bit_reader {
    const uint8_t *data;
    size_t bits; /* in all */
    size_t at;
    size_t last_window;                /* byte where the last whole window begins */
    uint8_t short_data[BITS_WINDOW_BYTES]; /* a stream shorter than a window, with zeros after it */
};

/* Octets so far behind that their bits cannot be counted, half a GB where sizes have 32 bits, are
 * not read. */
static inline void bits_start(struct bit_reader *in, const uint8_t *data, size_t size) {
    if (size > SIZE_MAX / 8) size = SIZE_MAX / 8;
    in->data = data;
    in->bits = size * 8;
    in->at = 0;
    in->last_window = size < BITS_WINDOW_BYTES ? 0 : size - BITS_WINDOW_BYTES;
    if (size >= BITS_WINDOW_BYTES) return;
    memset(in->short_data, 0, sizeof in->short_data);
    if (size) memcpy(in->short_data, data, size);
    in->data = in->short_data;
}

static inline size_t bits_left(const struct bit_reader *in) { return in->bits - in->at; }

/* Return the next bits, the first of them on top: 57 at least, or all that are left (not none). */
static inline uint64_t bits_window(const struct bit_reader *in) {
    size_t byte = in->at / 8;
    uint64_t window;
    if (byte > in->last_window) byte = in->last_window;
    memcpy(&window, in->data + byte, sizeof window);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    window = __builtin_bswap64(window);
#endif
    return window << (in->at - byte * 8);
}

/* Read `count` <= 32 bits; false, and nothing read, where fewer are left. */
static inline bool bits_read(struct bit_reader *in, unsigned count, uint32_t *value) {
    if (bits_left(in) < count) return false;
    if (count == 0) {
        *value = 0;
        return true;
    }
    *value = (uint32_t)(bits_window(in) >> (64 - count));
    in->at += count;
    return true;
}

/* Read `size` octets; there must be as many. */
static inline void bits_read_octets(struct bit_reader *in, uint8_t *to, size_t size) {
    for (; size >= 4; size -= 4, to += 4, in->at += 32) {
        uint64_t window = bits_window(in);
        for (unsigned i = 0; i < 4; i++) to[i] = (uint8_t)(window >> (56 - 8 * i));
    }
    for (; size; size--, in->at += 8) *to++ = (uint8_t)(bits_window(in) >> 56);
}

/* --- writing --- */
struct bit_writer {
    uint8_t *data;
    size_t capacity;
    size_t size;      /* whole bytes written */
    uint64_t pending; /* bits not yet written, in the low end; above them there may be others */
    unsigned held;    /* how many: 0 to 31 */
    bool full;        /* something was left out */
};

static inline void bits_flush(struct bit_writer *out, unsigned bytes) {
    if (out->capacity - out->size < bytes) {
        out->full = true;
        return;
    }
    uint64_t top = out->pending >> (out->held - 8 * bytes);
    uint8_t *to = out->data + out->size;
    for (unsigned i = 0; i < bytes; i++) to[i] = (uint8_t)(top >> (8 * (bytes - 1 - i)));
    out->size += bytes;
}

/* Write `value`, which has no more than `count` <= 32 bits. */
static inline void bits_write(struct bit_writer *out, unsigned count, uint32_t value) {
    out->pending = out->pending << count | value;
    out->held += count;
    if (out->held < 32) return;
    bits_flush(out, 4);
    out->held -= 32;
}

static inline void bits_write_octets(struct bit_writer *out, const uint8_t *from, size_t size) {
    for (; size >= 4; size -= 4, from += 4) {
        uint32_t word = (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8;
        bits_write(out, 32, word | from[3]);
    }
    for (; size; size--) bits_write(out, 8, *from++);
}

/* Fill the last byte with zero bits; false where the buffer was too small for all of it. */
static inline bool bits_finish(struct bit_writer *out) {
    bits_write(out, -out->held % 8, 0);
    if (out->held) bits_flush(out, out->held / 8);
    out->held = 0;
    return !out->full;
}

#endif
