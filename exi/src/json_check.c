/* Whether a text is JSON. */
#include "digits.h"
#include "json_text.h"
#include "utf8.h"

struct checker {
    struct json_cursor in;
    uint64_t objects; /* one bit for each open list or object, the innermost lowest */
    unsigned depth;
    const char *reason;
};

static bool fail(struct checker *c, const char *reason) {
    c->reason = reason;
    return false;
}

/* --- strings --- */
static bool hex_digits(struct checker *c, uint32_t *unit) {
    *unit = 0;
    for (unsigned i = 0; i < 4; i++, c->in.at++) {
        int value = c->in.at < c->in.end ? digits_value(*c->in.at) : -1;
        if (value < 0) return fail(c, "expected four hexadecimal digits");
        *unit = *unit << 4 | (uint32_t)value;
    }
    return true;
}

/* Check what follows \u: a character of one unit or of two. */
static bool unicode_escape(struct checker *c) {
    uint32_t unit = 0;
    if (!hex_digits(c, &unit)) return false;
    if (unit < 0xd800 || unit > 0xdfff) return true;
    bool pair = unit < 0xdc00 && c->in.end - c->in.at > 2 && c->in.at[0] == '\\' &&
                c->in.at[1] == 'u';
    if (!pair) return fail(c, "half a surrogate pair");
    c->in.at += 2;
    if (!hex_digits(c, &unit)) return false;
    return (unit >= 0xdc00 && unit <= 0xdfff) || fail(c, "half a surrogate pair");
}

static bool escape(struct checker *c) {
    if (c->in.at == c->in.end) return fail(c, "a string that does not end");
    switch (*c->in.at++) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return true;
    case 'u': return unicode_escape(c);
    }
    c->in.at--;
    return fail(c, "no such escape");
}

/* Check a string whose quote has been taken. */
static bool string(struct checker *c) {
    uint32_t point = 0;
    while (c->in.at < c->in.end) {
        if (*c->in.at == '"') {
            c->in.at++;
            return true;
        }
        if (*c->in.at == '\\') {
            c->in.at++;
            if (!escape(c)) return false;
            continue;
        }
        if (*c->in.at < 0x20) return fail(c, "a control character in a string");
        size_t size = utf8_read(c->in.at, c->in.end, &point);
        if (!size) return fail(c, "octets that are no UTF-8");
        c->in.at += size;
    }
    return fail(c, "a string that does not end");
}

static bool key(struct checker *c) {
    if (!json_take(&c->in, '"')) return fail(c, "expected a key");
    if (!string(c)) return false;
    return json_take(&c->in, ':') || fail(c, "expected a colon");
}

/* --- other values --- */
static bool digit_comes(const struct checker *c) {
    return c->in.at < c->in.end && *c->in.at >= '0' && *c->in.at <= '9';
}

static bool digits(struct checker *c) {
    if (!digit_comes(c)) return fail(c, "expected a digit");
    while (digit_comes(c)) c->in.at++;
    return true;
}

static bool comes(struct checker *c, unsigned character) {
    if (c->in.at == c->in.end || *c->in.at != character) return false;
    c->in.at++;
    return true;
}

static bool number(struct checker *c) {
    comes(c, '-');
    if (!comes(c, '0') && !digits(c)) return false;
    if (comes(c, '.') && !digits(c)) return false;
    if (!comes(c, 'e') && !comes(c, 'E')) return true;
    if (!comes(c, '+')) comes(c, '-');
    return digits(c);
}

static bool word(struct checker *c, const char *rest) {
    const uint8_t *start = c->in.at++;
    for (; *rest; rest++) {
        if (comes(c, (unsigned char)*rest)) continue;
        c->in.at = start;
        return fail(c, "expected a value");
    }
    return true;
}

static bool open(struct checker *c, bool object) {
    if (c->depth == JSON_MAX_DEPTH) return fail(c, "nested too deeply");
    c->in.at++;
    c->objects = c->objects << 1 | object;
    c->depth++;
    return true;
}

static void close(struct checker *c) {
    c->in.at++;
    c->objects >>= 1;
    c->depth--;
}

/* --- all of it --- */
/* Check one value. A list or object that is not empty stays open: *within. */
static bool value(struct checker *c, bool *within) {
    *within = false;
    switch (json_peek(&c->in)) {
    case '{':
        if (!open(c, true)) return false;
        *within = json_peek(&c->in) != '}';
        if (*within) return key(c);
        close(c);
        return true;
    case '[':
        if (!open(c, false)) return false;
        *within = json_peek(&c->in) != ']';
        if (!*within) close(c);
        return true;
    case '"': c->in.at++; return string(c);
    case 't': return word(c, "rue");
    case 'f': return word(c, "alse");
    case 'n': return word(c, "ull");
    }
    if (digit_comes(c) || (c->in.at < c->in.end && *c->in.at == '-')) return number(c);
    return fail(c, "expected a value");
}

/* Check what comes after a value: ends of what is open, and whether one more value follows. */
static bool after_value(struct checker *c, bool *more) {
    while (c->depth) {
        bool object = c->objects & 1;
        *more = json_take(&c->in, ',');
        if (*more) return !object || key(c);
        if (json_peek(&c->in) != (object ? '}' : ']')) {
            return fail(c, object ? "expected a comma or }" : "expected a comma or ]");
        }
        close(c);
    }
    *more = false;
    return true;
}

static bool text(struct checker *c) {
    bool more = true;
    while (more) {
        if (!value(c, &more)) return false;
        if (!more && !after_value(c, &more)) return false;
    }
    json_peek(&c->in);
    return c->in.at == c->in.end || fail(c, "something after the value");
}

bool json_check(const uint8_t *start, size_t size, struct json_fault *fault) {
    struct checker checker = {.in = json_open(start, size)};
    if (text(&checker)) return true;
    fault->reason = checker.reason;
    fault->offset = (size_t)(checker.in.at - start);
    return false;
}
