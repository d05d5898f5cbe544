/* Characters as UTF-8, and back. */
#ifndef EXI_UTF8_H
#define EXI_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_MOST_BYTES 4 /* of one character */

/* Say how many of the bytes up to `end` are the next character; 0: they are none. */
static inline size_t utf8_read(const uint8_t *at, const uint8_t *end, uint32_t *point) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (at == end) return 0;
    uint8_t first = *at;
    size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || size > (size_t)(end - at)) return 0;
    *point = size == 1 ? first : first & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
        *point = *point << 6 | (at[i] & 0x3fu);
    }
    bool surrogate = *point >= 0xd800 && *point <= 0xdfff;
    return *point >= least[size] && *point <= 0x10ffff && !surrogate ? size : 0;
}

/* Write a character, which is one, in UTF8_MOST_BYTES at most; return how many. */
static inline size_t utf8_write(uint8_t *to, uint32_t point) {
    if (point < 0x80) {
        to[0] = (uint8_t)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = size; --i; point >>= 6) to[i] = (uint8_t)(0x80 | (point & 0x3f));
    to[0] = (uint8_t)((0xf00u >> size) | point);
    return size;
}

#endif
