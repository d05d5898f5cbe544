/* A filled-in template as a record. Templates are our own: they are well-formed and name only what
 * the schema has, so that nothing is checked here; values are checked as the record is encoded. */
#include <stdlib.h>
#include <string.h>

#include "openv2gx.h"

#define MAX_BINARY 32 /* octets of a session id, EVCCID or EVSEID */

/* Step over one value: to the comma or bracket after it. */
static const char *after(const char *text) {
    unsigned depth = 0;
    bool quoted = false;
    for (; *text; text++) {
        if (*text == '"') quoted = !quoted;
        if (quoted) continue;
        if (!depth && strchr(",}]", *text)) break;
        if (*text == '{' || *text == '[') depth++;
        if (*text == '}' || *text == ']') depth--;
    }
    return text;
}

/* Find the value of a name in an object; NULL: it has none. */
static const char *member(const char *object, const struct exi_text *name) {
    for (const char *at = object + 1; *at == '"' || *at == ',';) {
        if (*at == ',') at++;
        const char *value = strchr(at, ':') + 1;
        if (!strncmp(at + 1, name->text, name->length) && at[1 + name->length] == '"') return value;
        at = after(value);
    }
    return NULL;
}

static const char *item(const char *list, unsigned number) {
    const char *at = list + 1;
    for (; *at != ']' && number; number--) {
        at = after(at);
        if (*at == ',') at++;
    }
    return *at == ']' ? NULL : at;
}

static bool put_value(struct record_writer *record, const struct exi_schema *schema, uint16_t type,
                      const char *text);

static bool put_plain(struct record_writer *record, const struct exi_type *type, const char *text) {
    uint8_t bytes[MAX_BINARY];
    size_t size = strcspn(text + 1, "\"");
    long value = 0;
    switch ((enum exi_kind)type->kind) {
    case EXI_BOOLEAN: return record_byte(record, *text == 't' ? 0xc3 : 0xc2);
    case EXI_ENUM:
    case EXI_STRING: return record_text(record, text + 1, size);
    case EXI_BINARY:
        return openv2gx_hex(text + 1, size, bytes, sizeof bytes) &&
               record_binary_header(record, size / 2) && record_bytes(record, bytes, size / 2);
    default: break;
    }
    value = strtol(text, NULL, 10);
    if (value < 0) return record_negative(record, (uint64_t)(-1 - value));
    return record_unsigned(record, (uint64_t)value);
}

static bool put_list(struct record_writer *record, const struct exi_schema *schema, uint16_t type,
                     const char *list) {
    unsigned count = 0;
    while (list && item(list, count)) count++;
    bool good = record_array(record, count);
    for (unsigned i = 0; i < count && good; i++) {
        good = put_value(record, schema, type, item(list, i));
    }
    return good;
}

static bool put_field(struct record_writer *record, const struct exi_schema *schema,
                      const struct exi_field *field, const char *object) {
    for (unsigned i = 0; i < field->members; i++) {
        uint16_t type = schema->members[field->type + i];
        const char *value = member(object, &schema->names[schema->types[type].name]);
        if (value) return put_value(record, schema, type, value);
    }
    if (field->members) return record_byte(record, RECORD_NIL);
    const char *value = member(object, &schema->names[field->name]);
    if (field->repeated) return put_list(record, schema, field->type, value);
    return value ? put_value(record, schema, field->type, value) : record_byte(record, RECORD_NIL);
}

/* No template goes deeper than a dozen elements: so deep this calls itself. */
static bool put_value(struct record_writer *record, const struct exi_schema *schema,
                      uint16_t number, const char *text) {
    const struct exi_type *type = &schema->types[number];
    if (type->kind != EXI_COMPLEX) return put_plain(record, type, text);
    const struct exi_text *name = &schema->names[type->name];
    bool good = record_array(record, type->slots + (type->tagged ? 1u : 0u));
    if (good && type->tagged) good = record_text(record, name->text, name->length);
    for (unsigned i = 0; i < type->slots && good; i++) {
        good = put_field(record, schema, &schema->fields[type->fields + i], text);
    }
    return good;
}

const char *openv2gx_record(const struct exi_schema *schema, const char *json,
                            struct record_writer *record) {
    for (unsigned i = 0; i < schema->document.count; i++) {
        const struct exi_root *root = &schema->document.roots[i];
        const char *content = member(json, &schema->names[root->name]);
        if (!content) continue;
        bool good = put_value(record, schema, root->type, content);
        return good ? schema->names[root->name].text : NULL;
    }
    return NULL;
}
