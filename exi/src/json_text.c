#include "json_text.h"

#include <string.h>

#include "digits.h"
#include "utf8.h"

/* --- walking --- */
static void skip_string(struct json_cursor *in) {
    for (in->at++; *in->at != '"'; in->at++) {
        if (*in->at == '\\') in->at++;
    }
    in->at++;
}

/* Whether a character may stand in a number or a word. */
static bool is_plain(unsigned character) {
    return character > ' ' && character != ',' && character != ']' && character != '}';
}

void json_skip(struct json_cursor *in) {
    unsigned depth = 0;
    do {
        switch (json_peek(in)) {
        case '"': skip_string(in); break;
        case '{':
        case '[': depth++; in->at++; break;
        case '}':
        case ']': depth--; in->at++; break;
        case ',':
        case ':': in->at++; break;
        default:
            while (in->at < in->end && is_plain(*in->at)) in->at++;
        }
    } while (depth);
}

static bool is_fraction(struct json_cursor in) {
    for (; in.at < in.end && is_plain(*in.at); in.at++) {
        if (*in.at == '.' || *in.at == 'e' || *in.at == 'E') return true;
    }
    return false;
}

const char *json_kind(struct json_cursor in) {
    switch (json_peek(&in)) {
    case '{': return "an object";
    case '[': return "a list";
    case '"': return "a text";
    case 't': return "true";
    case 'f': return "false";
    case 'n': return "null";
    }
    return is_fraction(in) ? "a number that is no integer" : "an integer";
}

bool json_is_integer(struct json_cursor in) {
    unsigned first = json_peek(&in);
    return (first == '-' || (first >= '0' && first <= '9')) && !is_fraction(in);
}

static uint32_t unit(struct json_cursor *in) {
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++) value = value << 4 | (uint32_t)digits_value(*in->at++);
    return value;
}

static uint32_t escaped(struct json_cursor *in) {
    uint8_t letter = *in->at++;
    switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': break;
    default: return letter;
    }
    uint32_t point = unit(in);
    if (point < 0xd800 || point > 0xdfff) return point;
    in->at += 2; /* the second unit's \u */
    return 0x10000 + ((point & 0x3ff) << 10 | (unit(in) & 0x3ff));
}

bool json_character(struct json_cursor *in, uint32_t *point) {
    if (*in->at == '"') {
        in->at++;
        return false;
    }
    if (*in->at == '\\') {
        in->at++;
        *point = escaped(in);
    } else {
        in->at += utf8_read(in->at, in->end, point);
    }
    return true;
}

bool json_string_is(struct json_cursor in, char prefix, const char *text, size_t length) {
    uint32_t point = 0;
    in.at++;
    if (prefix && (!json_character(&in, &point) || point != (unsigned char)prefix)) return false;
    for (size_t i = 0; i < length; i++) {
        if (!json_character(&in, &point) || point != (unsigned char)text[i]) return false;
    }
    return *in.at == '"';
}

bool json_read_string(struct json_cursor *in, uint8_t *to, size_t capacity, size_t *size) {
    uint8_t character[UTF8_MOST_BYTES];
    uint32_t point = 0;
    *size = 0;
    in->at++;
    for (;;) {
        const uint8_t *start = in->at;
        while (*in->at != '"' && *in->at != '\\') in->at++;
        size_t plain = (size_t)(in->at - start);
        if (capacity - *size < plain) return false;
        if (plain) memcpy(to + *size, start, plain);
        *size += plain;
        if (!json_character(in, &point)) return true;
        size_t bytes = utf8_write(character, point);
        if (capacity - *size < bytes) return false;
        memcpy(to + *size, character, bytes);
        *size += bytes;
    }
}

/* --- writing --- */
bool json_put(struct json_writer *out, const char *text, size_t size) {
    if (out->capacity - out->size < size) return false;
    memcpy(out->data + out->size, text, size);
    out->size += size;
    return true;
}

/* The letter of a short escape, or 0. */
static char short_escape(uint32_t point) {
    switch (point) {
    case '"': return '"';
    case '\\': return '\\';
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    }
    return 0;
}

static bool put_escape(struct json_writer *out, uint32_t point) {
    char text[6] = {'\\', short_escape(point)};
    if (text[1]) return json_put(out, text, 2);
    uint8_t bytes[2] = {(uint8_t)(point >> 8), (uint8_t)point};
    text[1] = 'u';
    digits_to_hex(bytes, sizeof bytes, DIGITS_LOWER, text + 2);
    return json_put(out, text, sizeof text);
}

static bool must_escape(uint32_t point) {
    return point < 0x20 || point == '"' || point == '\\' || point == 0x85 || point == 0x2028 ||
           point == 0x2029;
}

/* Write what stands between the quotes of a string, its escapes left as they are. */
static enum json_result put_characters(struct json_writer *out, const uint8_t *at,
                                       const uint8_t *end, bool raw) {
    while (at < end) {
        uint32_t point = 0;
        const uint8_t *start = at;
        size_t size = 0;
        do {
            at += size;
            if (at == end) break;
            size = utf8_read(at, end, &point);
        } while (size && (!must_escape(point) || (raw && point < 0x80)));
        if (at > start && !json_put(out, (const char *)start, (size_t)(at - start))) {
            return JSON_NO_ROOM;
        }
        if (at == end) break;
        if (!size) return JSON_NO_TEXT;
        if (!put_escape(out, point)) return JSON_NO_ROOM;
        at += size;
    }
    return JSON_DONE;
}

enum json_result json_put_string(struct json_writer *out, const char *text, size_t size) {
    const uint8_t *start = (const uint8_t *)text;
    if (!json_put_byte(out, '"')) return JSON_NO_ROOM;
    enum json_result result = put_characters(out, start, start + size, false);
    if (result != JSON_DONE) return result;
    return json_put_byte(out, '"') ? JSON_DONE : JSON_NO_ROOM;
}

bool json_put_value(struct json_writer *out, struct json_cursor in) {
    struct json_cursor end = in;
    json_skip(&end);
    for (json_peek(&in); in.at < end.at; json_peek(&in)) {
        const uint8_t *start = in.at;
        if (*start == '"') {
            skip_string(&in);
        } else {
            in.at++;
        }
        if (put_characters(out, start, in.at, true) != JSON_DONE) return false;
    }
    return true;
}
