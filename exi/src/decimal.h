/* Integers beyond 64 bits: the bytes of a record as decimal digits, and back. */
#ifndef EXI_DECIMAL_H
#define EXI_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exi.h"

#define DECIMAL_MOST_DIGITS (EXI_MAX_BIG_BYTES * 5 / 2 + 1) /* log10(256) is 2.41 */

/* Write big-endian two's complement of EXI_MAX_BIG_BYTES at most; return how many characters. */
size_t decimal_write(const uint8_t *bytes, size_t size, char to[DECIMAL_MOST_DIGITS + 1]);

/* Write decimal digits, or the number below zero, as two's complement. Return how many bytes that
 * needs; where it is more than EXI_MAX_BIG_BYTES, nothing was written. */
size_t decimal_read(const uint8_t *digits, size_t count, bool negative,
                    uint8_t to[EXI_MAX_BIG_BYTES]);

#endif
