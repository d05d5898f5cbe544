/* EXI as text, and what else stands in a line of output. */
#include <string.h>

#include "command.h"
#include "digits.h"
#include "json_text.h"
#include "utf8.h"

/* --- EXI --- */
static bool is_blank(unsigned character) {
    return character == ' ' || (character >= '\t' && character <= '\r');
}

/* Digits in pairs; blanks may stand between the pairs. */
static bool from_hex(const uint8_t *text, size_t size, struct buffer *out) {
    for (size_t i = 0; i < size;) {
        size_t count = 0;
        if (is_blank(text[i])) {
            i++;
            continue;
        }
        if (size - i < 2) return false;
        if (!digits_from_hex(text + i, 2, out->data + out->size, &count)) return false;
        out->size++;
        i += 2;
    }
    return true;
}

bool from_form(enum form form, const uint8_t *text, size_t size, struct buffer *out) {
    buffer_reserve(out, size + 1);
    out->size = 0;
    switch (form) {
    case FORM_HEX: return from_hex(text, size, out);
    case FORM_BASE64: return digits_from_base64(text, size, out->data, &out->size);
    case FORM_RAW: break;
    }
    buffer_add(out, text, size);
    return true;
}

void add_form(enum form form, const uint8_t *data, size_t size, struct buffer *out) {
    buffer_reserve(out, out->size + 2 * size + 4);
    char *to = (char *)out->data + out->size;
    switch (form) {
    case FORM_HEX:
        digits_to_hex(data, size, DIGITS_LOWER, to);
        out->size += 2 * size;
        break;
    case FORM_BASE64:
        digits_to_base64(data, size, to);
        out->size += digits_base64_size(size);
        break;
    case FORM_RAW: buffer_add(out, data, size); break;
    }
}

/* --- JSON --- */
void add_string(const char *text, size_t size, struct buffer *out) {
    buffer_reserve(out, out->size + 6 * size + 2); /* \u0000 is the longest escape */
    struct json_writer writer = {(char *)out->data, out->capacity, out->size};
    json_put_string(&writer, text, size);
    out->size = writer.size;
}

/* A sentence that was cut within a character ends in something else. */
static void mend(char *text, size_t size) {
    const uint8_t *end = (const uint8_t *)text + size;
    for (uint8_t *at = (uint8_t *)text; at < end;) {
        uint32_t point = 0;
        size_t bytes = utf8_read(at, end, &point);
        if (!bytes) *at = '?';
        at += bytes ? bytes : 1;
    }
}

void add_error(struct outcome *outcome, struct buffer *out) {
    char bit[32] = "null";
    mend(outcome->error, strlen(outcome->error));
    if (outcome->has_bit) snprintf(bit, sizeof bit, "%zu", outcome->report.bit);
    buffer_add_text(out, "\"error\":");
    add_string(outcome->error, strlen(outcome->error), out);
    buffer_add_text(out, ",\"bit\":");
    buffer_add_text(out, bit);
}
