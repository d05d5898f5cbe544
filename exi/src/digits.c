#include "digits.h"

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void digits_to_hex(const uint8_t *bytes, size_t size, const char *digits, char *to) {
    for (size_t i = 0; i < size; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
}

void digits_to_base64(const uint8_t *bytes, size_t size, char *to) {
    for (; size; to += 4) {
        size_t taken = size < 3 ? size : 3;
        uint32_t group = 0;
        for (size_t i = 0; i < 3; i++) group = group << 8 | (i < taken ? bytes[i] : 0u);
        for (size_t i = 0; i < 4; i++) {
            to[i] = base64_digits[group >> (18 - 6 * i) & 63];
            if (i > taken) to[i] = '=';
        }
        bytes += taken;
        size -= taken;
    }
}

int digits_value(unsigned character) {
    if (character >= '0' && character <= '9') return (int)(character - '0');
    character |= 0x20; /* a small letter */
    if (character >= 'a' && character <= 'f') return (int)(character - 'a') + 10;
    return -1;
}

bool digits_from_hex(const uint8_t *text, size_t size, uint8_t *to, size_t *count) {
    if (size % 2) return false;
    for (size_t i = 0; i < size; i += 2) {
        int high = digits_value(text[i]);
        int low = digits_value(text[i + 1]);
        if (high < 0 || low < 0) return false;
        to[i / 2] = (uint8_t)(high << 4 | low);
    }
    *count = size / 2;
    return true;
}

static int base64_value(unsigned character) {
    if (character >= 'A' && character <= 'Z') return (int)(character - 'A');
    if (character >= 'a' && character <= 'z') return (int)(character - 'a') + 26;
    if (character >= '0' && character <= '9') return (int)(character - '0') + 52;
    return character == '+' ? 62 : character == '/' ? 63 : -1;
}

bool digits_from_base64(const uint8_t *text, size_t size, uint8_t *to, size_t *count) {
    size_t padding = 0;
    uint32_t group = 0;
    if (size % 4) return false;
    while (padding < 2 && padding < size && text[size - 1 - padding] == '=') padding++;
    *count = size / 4 * 3 - padding;
    size_t written = 0;
    for (size_t i = 0; i < size; i++) {
        int value = i < size - padding ? base64_value(text[i]) : 0;
        if (value < 0) return false;
        group = group << 6 | (uint32_t)value;
        if (i % 4 != 3) continue;
        for (int shift = 16; shift >= 0 && written < *count; shift -= 8) {
            to[written++] = (uint8_t)(group >> shift);
        }
    }
    return true;
}
