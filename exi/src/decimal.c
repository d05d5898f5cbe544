#include "decimal.h"

#include <string.h>

/* Turn a number into its opposite: big-endian two's complement. */
static void negate(uint8_t *bytes, size_t size) {
    unsigned carry = 1;
    while (size--) {
        carry += bytes[size] ^ 0xffu;
        bytes[size] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* Divide by ten in place; return the remainder. */
static unsigned divide(uint8_t *bytes, size_t size) {
    unsigned remainder = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned part = remainder << 8 | bytes[i];
        bytes[i] = (uint8_t)(part / 10);
        remainder = part % 10;
    }
    return remainder;
}

size_t decimal_write(const uint8_t *bytes, size_t size, char to[DECIMAL_MOST_DIGITS + 1]) {
    uint8_t number[EXI_MAX_BIG_BYTES];
    char digits[DECIMAL_MOST_DIGITS];
    size_t count = 0;
    size_t first = 0;
    bool negative = size && bytes[0] & 0x80;
    memcpy(number, bytes, size);
    if (negative) negate(number, size);
    do {
        while (first < size && !number[first]) first++;
        digits[count++] = (char)('0' + divide(number + first, size - first));
        while (first < size && !number[first]) first++;
    } while (first < size);
    size_t written = 0;
    if (negative) to[written++] = '-';
    while (count) to[written++] = digits[--count];
    return written;
}

/* Multiply by ten and add a digit; false where that does not fit. */
static bool append(uint8_t *bytes, size_t size, unsigned digit) {
    unsigned carry = digit;
    while (size--) {
        carry += bytes[size] * 10u;
        bytes[size] = (uint8_t)carry;
        carry >>= 8;
    }
    return !carry;
}

size_t decimal_read(const uint8_t *digits, size_t count, bool negative,
                    uint8_t to[EXI_MAX_BIG_BYTES]) {
    uint8_t number[EXI_MAX_BIG_BYTES] = {0};
    for (size_t i = 0; i < count; i++) {
        if (!append(number, sizeof number, digits[i] - (unsigned)'0')) return sizeof number + 1;
    }
    size_t first = 0;
    while (first + 1 < sizeof number && !number[first]) first++;
    if (number[first] & 0x80) { /* the sign needs a bit of its own */
        if (!first) return sizeof number + 1;
        first--;
    }
    size_t size = sizeof number - first;
    if (negative) negate(number + first, size);
    memcpy(to, number + first, size);
    return size;
}
