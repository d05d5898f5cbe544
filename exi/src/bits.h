/* Bits in, bits out: most significant bit first, nothing aligned. */
#ifndef EXI_BITS_H
#define EXI_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bit_reader {
    const uint8_t *data;
    size_t bits; /* in all */
    size_t at;
};

static inline size_t bits_left(const struct bit_reader *in) { return in->bits - in->at; }

static inline uint64_t bits_window(const struct bit_reader *in) {
    const uint8_t *from = in->data + (in->at >> 3);
    size_t bytes = (in->bits >> 3) - (in->at >> 3);
    uint64_t window = 0;
    if (bytes >= 8) {
        memcpy(&window, from, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        window = __builtin_bswap64(window);
#endif
        return window;
    }
    for (unsigned i = 0; i < 8; i++) window = window << 8 | (i < bytes ? from[i] : 0u);
    return window;
}

/* Read `count` <= 32 bits; false, and nothing read, where fewer are left. */
static inline bool bits_read(struct bit_reader *in, unsigned count, uint32_t *value) {
    if (bits_left(in) < count) return false;
    if (count == 0) {
        *value = 0;
        return true;
    }
    uint64_t window = bits_window(in) << (in->at & 7);
    *value = (uint32_t)(window >> (64 - count));
    in->at += count;
    return true;
}

struct bit_writer {
    uint8_t *data;
    size_t capacity;
    size_t size;      /* whole bytes written */
    uint32_t pending; /* bits not yet a byte, in the low end */
    unsigned held;    /* how many: 0 to 7 */
};

/* Write the low `count` <= 32 bits of `value`; false where the buffer is full. */
static inline bool bits_write(struct bit_writer *out, unsigned count, uint32_t value) {
    uint64_t bits = (uint64_t)out->pending << count | (value & ((1ull << count) - 1));
    unsigned held = out->held + count;
    if (out->capacity - out->size < held / 8) return false;
    while (held >= 8) {
        held -= 8;
        out->data[out->size++] = (uint8_t)(bits >> held);
    }
    out->pending = (uint32_t)(bits & ((1u << held) - 1));
    out->held = held;
    return true;
}

/* Fill the last byte with zero bits. */
static inline bool bits_pad(struct bit_writer *out) {
    return out->held == 0 || bits_write(out, 8 - out->held, 0);
}

#endif
