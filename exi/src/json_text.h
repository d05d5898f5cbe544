/* JSON as text: checked as a whole, then walked; and written piece by piece.
 *
 * Source: RFC 8259. Whatever it leaves open is refused: text after the value, a text with half a
 * surrogate pair, more than JSON_MAX_DEPTH lists and objects within each other.
 */
#ifndef EXI_JSON_TEXT_H
#define EXI_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_MAX_DEPTH 64 /* lists and objects within each other: more than any message has */

struct json_fault {
    const char *reason; /* in words */
    size_t offset;      /* of the octet */
};

/* Check that the text is one JSON value. */
bool json_check(const uint8_t *text, size_t size, struct json_fault *fault);

/* --- walking: only in text that json_check() has taken --- */
struct json_cursor {
    const uint8_t *at;
    const uint8_t *end;
};

/* `text` may be NULL where there is nothing. */
static inline struct json_cursor json_open(const uint8_t *text, size_t size) {
    return (struct json_cursor){text, size ? text + size : text};
}

static inline bool json_is_blank(unsigned character) {
    return character == ' ' || character == '\n' || character == '\r' || character == '\t';
}

/* Pass over blanks; return what comes, 0 at the end. */
static inline unsigned json_peek(struct json_cursor *in) {
    while (in->at < in->end && json_is_blank(*in->at)) in->at++;
    return in->at < in->end ? *in->at : 0;
}

/* Pass over blanks and `character`, if that comes. */
static inline bool json_take(struct json_cursor *in, unsigned character) {
    if (json_peek(in) != character) return false;
    in->at++;
    return true;
}

/* Pass over a value. */
void json_skip(struct json_cursor *in);

/* Say what kind of value comes, in words. */
const char *json_kind(struct json_cursor in);

/* Whether an integer comes. */
bool json_is_integer(struct json_cursor in);

/* Take the next character of a string that has begun; false, and the quote taken, at its end. */
bool json_character(struct json_cursor *in, uint32_t *point);

/* Whether the string that comes is `prefix` (0: none), then `text`, which is ASCII. */
bool json_string_is(struct json_cursor in, char prefix, const char *text, size_t length);

/* Write the string that comes as UTF-8; false where there is not enough room. */
bool json_read_string(struct json_cursor *in, uint8_t *to, size_t capacity, size_t *size);

/* --- writing --- */
struct json_writer {
    char *data;
    size_t capacity;
    size_t size;
};

enum json_result {
    JSON_DONE,
    JSON_NO_ROOM,
    JSON_NO_TEXT, /* bytes that are no UTF-8 */
};

bool json_put(struct json_writer *out, const char *text, size_t size);

static inline bool json_put_byte(struct json_writer *out, char byte) {
    if (out->size == out->capacity) return false;
    out->data[out->size++] = byte;
    return true;
}

/* Write a text in quotes. Escaped is what JSON wants, and what some readers take for the end of a
 * line: U+0085, U+2028, U+2029. */
enum json_result json_put_string(struct json_writer *out, const char *text, size_t size);

/* Write the value that comes without its blanks. */
bool json_put_value(struct json_writer *out, struct json_cursor in);

#endif
