/* Finding things in a record by the names that the schema gives them. */
#include <string.h>

#include "openv2gx.h"

static const struct openv2gx_value nothing = {NULL, NULL, {NULL, NULL}, false, false};

/* Step over one value, whatever is in it. */
static bool skip(struct record_reader *in) {
    uint64_t left = 1;
    while (left--) {
        uint32_t count = 0;
        uint64_t number = 0;
        bool flag = false;
        struct record_span span;
        if (record_at_nil(in)) {
            in->at++;
        } else if (record_read_array(in, &count)) {
            left += count;
        } else if (!record_read_text(in, &span) && !record_read_binary(in, &span) &&
                   !record_read_boolean(in, &flag) && !record_read_integer(in, &flag, &number)) {
            return false;
        }
    }
    return true;
}

static bool is_name(const struct exi_schema *schema, uint16_t name, const char *text, size_t size) {
    struct exi_text known = exi_name(schema, name);
    return known.length == size && !memcmp(known.text, text, size);
}

/* Find the type of a group's element by its name; NULL: not of this group. */
static const struct exi_type *member(const struct exi_schema *schema, const struct exi_field *field,
                                     const char *name, size_t size) {
    for (unsigned i = 0; i < field->members; i++) {
        const struct exi_type *type = &schema->types[schema->members[field->type + i]];
        if (is_name(schema, type->name, name, size)) return type;
    }
    return NULL;
}

/* Read the name that a tagged record begins with; the reader is a copy and stays where it is. */
static bool tag(struct record_reader in, struct record_span *name) {
    uint32_t count = 0;
    return record_read_array(&in, &count) && count && record_read_text(&in, name);
}

/* Move into a record, to slot number `slot`. */
static bool enter(struct openv2gx_value *from, unsigned slot) {
    uint32_t count = 0;
    unsigned before = slot + (from->type->tagged ? 1 : 0);
    if (!record_read_array(&from->at, &count) || count <= before) return false;
    while (before--) {
        if (!skip(&from->at)) return false;
    }
    return true;
}

/* What stands in the slot of a field, as `type`. */
static struct openv2gx_value content(struct openv2gx_value from, unsigned slot,
                                     const struct exi_field *field, const struct exi_type *type) {
    struct openv2gx_value found = {from.schema, type, from.at, false, field->repeated};
    struct record_span name;
    if (!from.present || !enter(&from, slot) || record_at_nil(&from.at)) return found;
    found.at = from.at;
    found.present = field->role != EXI_GROUP || field->repeated ||
                    (tag(from.at, &name) &&
                     is_name(from.schema, type->name, (const char *)name.bytes, name.size));
    return found;
}

static struct openv2gx_value step(struct openv2gx_value from, const char *name, size_t size) {
    if (!from.type || from.type->kind != EXI_COMPLEX || from.list) return nothing;
    for (unsigned slot = 0; slot < from.type->slots; slot++) {
        const struct exi_field *field = &from.schema->fields[from.type->fields + slot];
        const struct exi_type *type = NULL;
        if (field->role == EXI_GROUP) {
            type = member(from.schema, field, name, size);
        } else if (field->role != EXI_TEXT && is_name(from.schema, field->name, name, size)) {
            type = &from.schema->types[field->type];
        }
        if (type) return content(from, slot, field, type);
    }
    return nothing;
}

struct openv2gx_value openv2gx_item(struct openv2gx_value list, uint32_t number) {
    uint32_t count = 0;
    bool there = list.list && list.present && record_read_array(&list.at, &count) && number < count;
    while (there && number--) there = skip(&list.at);
    list.present = there;
    list.list = false;
    return list;
}

struct openv2gx_value openv2gx_find(struct openv2gx_value from, const char *path) {
    while (*path && from.type) {
        size_t size = strcspn(path, ".[");
        from = step(from, path, size);
        path += size;
        if (*path == '[') {
            from = openv2gx_item(from, (uint32_t)(path[1] - '0'));
            path += 3;
        }
        if (*path == '.') path++;
    }
    return from;
}

struct openv2gx_value openv2gx_slot(struct openv2gx_value from, unsigned slot, const char **name) {
    const struct exi_field *field = &from.schema->fields[from.type->fields + slot];
    struct record_span text;
    struct openv2gx_value inside = from;
    if (field->role != EXI_GROUP) {
        *name = field->role == EXI_TEXT ? "" : exi_name(from.schema, field->name).text;
        return content(from, slot, field, &from.schema->types[field->type]);
    }
    if (!enter(&inside, slot) || !tag(inside.at, &text)) return nothing;
    const struct exi_type *type =
        member(from.schema, field, (const char *)text.bytes, text.size);
    if (!type) return nothing;
    *name = exi_name(from.schema, type->name).text;
    return content(from, slot, field, type);
}

struct openv2gx_value openv2gx_message(struct openv2gx_value document) {
    const char *name = NULL;
    struct openv2gx_value body = openv2gx_find(document, "Body");
    return body.present ? openv2gx_slot(body, 0, &name) : nothing;
}

uint32_t openv2gx_count(struct openv2gx_value list) {
    uint32_t count = 0;
    if (list.present && list.list && !record_read_array(&list.at, &count)) return 0;
    return count;
}

const char *openv2gx_name(const struct openv2gx_value *value) {
    return exi_name(value->schema, value->type->name).text;
}

static long long place(const struct openv2gx_value *value, struct record_span text) {
    for (unsigned i = 0; i < value->type->count; i++) {
        struct exi_text known = exi_value(value->schema, value->type->first + i);
        if (known.length == text.size && !memcmp(known.text, text.bytes, text.size)) return i;
    }
    return 0;
}

long long openv2gx_integer(struct openv2gx_value value) {
    bool flag = false;
    uint64_t number = 0;
    struct record_span text;
    if (!value.present) return 0;
    if (record_read_boolean(&value.at, &flag)) return flag;
    if (record_read_text(&value.at, &text)) return place(&value, text);
    if (!record_read_integer(&value.at, &flag, &number)) return 0;
    return flag ? -1 - (long long)number : (long long)number;
}

struct record_span openv2gx_span(struct openv2gx_value value) {
    struct record_span span = {(const uint8_t *)"", 0};
    struct record_span found;
    if (!value.present) return span;
    if (record_read_text(&value.at, &found) || record_read_binary(&value.at, &found)) return found;
    return span;
}
