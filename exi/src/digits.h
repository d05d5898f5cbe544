/* Binaries as text: hexadecimal and base64. */
#ifndef EXI_DIGITS_H
#define EXI_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGITS_UPPER "0123456789ABCDEF"
#define DIGITS_LOWER "0123456789abcdef"

/* What `size` octets need as base64. */
static inline size_t digits_base64_size(size_t size) { return (size + 2) / 3 * 4; }

/* Write two characters for each octet. */
void digits_to_hex(const uint8_t *bytes, size_t size, const char *digits, char *to);

/* Write digits_base64_size() characters. */
void digits_to_base64(const uint8_t *bytes, size_t size, char *to);

/* Read pairs of digits, without blanks; `to` may be `text`. */
bool digits_from_hex(const uint8_t *text, size_t size, uint8_t *to, size_t *count);

/* Read base64 with its padding, without blanks; `to` may be `text`. */
bool digits_from_base64(const uint8_t *text, size_t size, uint8_t *to, size_t *count);

/* Value of a hexadecimal digit, or -1. */
int digits_value(unsigned character);

#endif
