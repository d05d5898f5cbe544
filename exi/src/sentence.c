#include "sentence.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ENVELOPE "V2G_Message" /* the root of messages whose name stands in its ... */
#define CONTENTS "Body"

void text_begin(struct text *text, char *to, size_t size) {
    *text = (struct text){to, size, 0, false};
    if (size) to[0] = 0;
}

void text_add(struct text *text, const char *format, ...) {
    size_t left = text->size - text->used;
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(left ? text->start + text->used : NULL, left, format, arguments);
    va_end(arguments);
    size_t length = wanted < 0 ? 0 : (size_t)wanted;
    text->cut |= length >= left;
    text->used += length < left ? length : left ? left - 1 : 0;
}

void text_end(struct text *text) {
    static const char dots[] = "...";
    if (text->cut && text->size >= sizeof dots) {
        memcpy(text->start + text->size - sizeof dots, dots, sizeof dots);
    }
}

static const char *name_of(const struct exi_schema *schema, uint16_t name) {
    return exi_name(schema, name).text;
}

void text_path(struct text *text, const struct exi_schema *schema, const struct exi_step *path,
               unsigned depth) {
    unsigned from = 0;
    if (depth > 1 && !strcmp(name_of(schema, path[0].name), ENVELOPE)) {
        from = depth > 2 && !strcmp(name_of(schema, path[1].name), CONTENTS) ? 2 : 1;
    }
    for (unsigned i = from; i < depth; i++) {
        text_add(text, "%s%s", i > from ? "/" : "", name_of(schema, path[i].name));
        if (path[i].item) text_add(text, "[%" PRIu32 "]", path[i].item);
    }
}

void text_quoted(struct text *text, const struct exi_quote *quote) {
    text_add(text, "\"");
    for (unsigned i = 0; i < quote->size; i++) {
        unsigned byte = quote->bytes[i];
        if (byte < 0x20 || byte > 0x7e) {
            text_add(text, "\\x%02x", byte);
        } else {
            text_add(text, byte == '"' || byte == '\\' ? "\\%c" : "%c", (int)byte);
        }
    }
    text_add(text, quote->cut ? "...\"" : "\"");
}

void text_plain(struct text *text, const struct exi_quote *quote) {
    text_add(text, "%.*s%s", quote->size, (const char *)quote->bytes, quote->cut ? "..." : "");
}

void names_take(struct names *names, const char *before, const char *name) {
    if (names->count < MOST_NAMES) {
        names->first[names->count].before = before;
        names->first[names->count].name = name;
    }
    names->count++;
}

void text_names(struct text *text, const struct names *names) {
    unsigned shown = names->count > MOST_NAMES ? FEW_NAMES : names->count;
    for (unsigned i = 0; i < shown; i++) {
        const char *between = i + 1 < names->count ? ", " : " or ";
        text_add(text, "%s%s%s", i ? between : "", names->first[i].before, names->first[i].name);
    }
    if (shown < names->count) text_add(text, " or %u others", names->count - shown);
}
