/* Records to JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"
#include "digits.h"
#include "json.h"
#include "json_text.h"
#include "record.h"

#define NUMBER_SIZE 24 /* of 64 bits, with sign and closing zero */

/* An element that has begun. */
struct frame {
    const struct exi_type *type;
    uint16_t name;
    uint32_t item;       /* this element's place in its parent's list; 0: in none */
    uint8_t slot;        /* to be read next; while a list is open: of the list */
    bool filled;         /* something stands in the object */
    bool list_open;
    uint32_t items;      /* of the list, in all */
    uint32_t items_read; /* of them */
    bool list_filled;    /* something stands in the list */
    const uint8_t *list; /* a repeated group's first item: it is read once for each name ... */
    uint64_t seen;       /* ... one bit for each member whose name has had its turn ... */
    unsigned member;     /* ... and this is the one whose turn it is */
};

struct writer {
    const struct exi_schema *schema;
    struct record_reader in;
    struct json_writer out;
    struct exi_report *report;
    const struct exi_field *within; /* the field being written, or NULL */
    unsigned depth;
    struct frame frames[EXI_MAX_DEPTH];
};

static struct frame *top(struct writer *w) { return &w->frames[w->depth - 1]; }

/* Note where the error is: every open element, and the field in the innermost. */
static bool fail(struct writer *w, enum exi_code code) {
    struct exi_report *report = w->report;
    report->code = code;
    for (unsigned i = 0; i < w->depth; i++) {
        report->path[i] = (struct exi_step){w->frames[i].name, w->frames[i].item};
    }
    report->depth = (uint8_t)w->depth;
    if (!w->within || w->within->role == EXI_TEXT || w->within->role == EXI_GROUP) return false;
    uint32_t item = w->within->repeated && w->depth ? top(w)->items_read : 0;
    report->path[report->depth++] = (struct exi_step){w->within->name, item};
    return false;
}

static bool wrong(struct writer *w, enum exi_code code, const struct exi_type *type) {
    w->report->type = (int32_t)(type - w->schema->types);
    w->report->found = record_kind(&w->in);
    return fail(w, code);
}

static bool put(struct writer *w, const char *text, size_t size) {
    return json_put(&w->out, text, size) || fail(w, EXI_E_OUTPUT);
}

static bool put_byte(struct writer *w, char byte) {
    return json_put_byte(&w->out, byte) || fail(w, EXI_E_OUTPUT);
}

/* --- values --- */
static bool put_text(struct writer *w, struct record_span text) {
    switch (json_put_string(&w->out, (const char *)text.bytes, text.size)) {
    case JSON_NO_ROOM: return fail(w, EXI_E_OUTPUT);
    case JSON_NO_TEXT: return fail(w, EXI_E_CHARACTER);
    case JSON_DONE: break;
    }
    return true;
}

static bool text_value(struct writer *w, const struct exi_type *type) {
    struct record_span text;
    return record_read_text(&w->in, &text) ? put_text(w, text) : wrong(w, EXI_E_TYPE, type);
}

static bool boolean_value(struct writer *w, const struct exi_type *type) {
    bool value = false;
    if (!record_read_boolean(&w->in, &value)) return wrong(w, EXI_E_TYPE, type);
    return value ? put(w, "true", 4) : put(w, "false", 5);
}

static bool number_value(struct writer *w, const struct exi_type *type) {
    char text[NUMBER_SIZE];
    bool negative = false;
    uint64_t value = 0;
    if (!record_read_integer(&w->in, &negative, &value)) return wrong(w, EXI_E_TYPE, type);
    /* A record's number below zero is one of int64_t: the sum does not overflow. */
    int size = snprintf(text, sizeof text, "%s%" PRIu64, negative ? "-" : "", value + negative);
    return put(w, text, (size_t)size);
}

static bool big_value(struct writer *w, const struct exi_type *type) {
    char text[DECIMAL_MOST_DIGITS + 1];
    struct record_span number;
    if (!record_read_binary(&w->in, &number)) return number_value(w, type);
    if (number.size > EXI_MAX_BIG_BYTES) {
        w->report->value = number.size;
        return wrong(w, EXI_E_LENGTH, type);
    }
    return put(w, text, decimal_write(number.bytes, number.size, text));
}

static bool binary_value(struct writer *w, const struct exi_type *type) {
    struct record_span binary;
    bool hex = type->bits == EXI_HEX;
    if (!record_read_binary(&w->in, &binary)) return wrong(w, EXI_E_TYPE, type);
    size_t size = hex ? binary.size * 2 : digits_base64_size(binary.size);
    if (!put_byte(w, '"')) return false;
    if (w->out.capacity - w->out.size < size) return fail(w, EXI_E_OUTPUT);
    char *to = w->out.data + w->out.size;
    if (hex) {
        digits_to_hex(binary.bytes, binary.size, DIGITS_UPPER, to);
    } else {
        digits_to_base64(binary.bytes, binary.size, to);
    }
    w->out.size += size;
    return put_byte(w, '"');
}

static bool simple_value(struct writer *w, const struct exi_type *type) {
    switch ((enum exi_kind)type->kind) {
    case EXI_BOOLEAN: return boolean_value(w, type);
    case EXI_NBIT:
    case EXI_UNSIGNED:
    case EXI_INTEGER: return number_value(w, type);
    case EXI_BIG: return big_value(w, type);
    case EXI_BINARY: return binary_value(w, type);
    case EXI_ENUM:
    case EXI_STRING: return text_value(w, type);
    case EXI_COMPLEX: break;
    }
    return wrong(w, EXI_E_TYPE, type);
}

/* --- objects --- */
static const struct exi_field *fields_of(const struct writer *w, const struct exi_type *type) {
    return &w->schema->fields[type->fields];
}

/* Whether an element of the type is nothing but its text: it stands for itself. */
static bool is_only_text(const struct writer *w, const struct exi_type *type) {
    return type->slots == 1 && fields_of(w, type)->role == EXI_TEXT;
}

static bool tag_is(const struct writer *w, const struct exi_type *type, struct record_span tag) {
    struct exi_text name = exi_name(w->schema, type->name);
    return name.length == tag.size && !memcmp(name.text, tag.bytes, tag.size);
}

/* Read the beginning of a record of `type`: the number of slots and the tag. */
static bool record_head(struct writer *w, const struct exi_type *type) {
    struct record_span tag;
    uint32_t count = 0;
    if (!record_read_array(&w->in, &count)) return wrong(w, EXI_E_TYPE, type);
    if (count != (uint32_t)type->slots + type->tagged) return wrong(w, EXI_E_CLASS, type);
    if (!type->tagged) return true;
    return (record_read_text(&w->in, &tag) && tag_is(w, type, tag)) || wrong(w, EXI_E_CLASS, type);
}

static bool value(struct writer *w, uint16_t type_number, uint16_t name, uint32_t item) {
    const struct exi_type *type = &w->schema->types[type_number];
    if (type->kind != EXI_COMPLEX) return simple_value(w, type);
    if (!record_head(w, type)) return false;
    if (is_only_text(w, type)) return simple_value(w, &w->schema->types[fields_of(w, type)->type]);
    if (w->depth == EXI_MAX_DEPTH) return fail(w, EXI_E_DEPTH);
    w->within = NULL;
    w->frames[w->depth++] = (struct frame){.type = type, .name = name, .item = item};
    return put_byte(w, '{');
}

static bool put_key(struct writer *w, struct frame *f, const char *prefix, uint16_t name) {
    struct exi_text text = exi_name(w->schema, name);
    if (f->filled && !put_byte(w, ',')) return false;
    f->filled = true;
    return put_byte(w, '"') && put(w, prefix, strlen(prefix)) &&
           put(w, text.text, text.length) && put(w, "\":", 2);
}

/* Pass over a value; false where there is none. */
static bool skip(struct record_reader *in) {
    struct record_span span;
    bool boolean = false;
    uint32_t count = 0;
    uint64_t number = 0;
    for (uint64_t left = 1; left; left--) {
        if (record_at_nil(in)) {
            in->at++;
        } else if (record_read_array(in, &count)) {
            left += count;
        } else if (!record_read_text(in, &span) && !record_read_binary(in, &span) &&
                   !record_read_boolean(in, &boolean) &&
                   !record_read_integer(in, &boolean, &number)) {
            return false;
        }
    }
    return true;
}

/* Find the member of a group that comes; `members`: none of them. */
static unsigned find_member(const struct writer *w, const struct exi_field *group) {
    struct record_reader ahead = w->in;
    struct record_span tag;
    uint32_t count = 0;
    unsigned member = 0;
    if (!record_read_array(&ahead, &count) || !record_read_text(&ahead, &tag)) {
        return group->members;
    }
    const uint16_t *types = &w->schema->members[group->type];
    while (member < group->members && !tag_is(w, &w->schema->types[types[member]], tag)) member++;
    return member;
}

static uint16_t member_type(const struct writer *w, const struct exi_field *group,
                            unsigned member) {
    return w->schema->members[group->type + member];
}

static bool no_member(struct writer *w, const struct exi_field *group) {
    return wrong(w, EXI_E_CLASS, &w->schema->types[member_type(w, group, 0)]);
}

static bool group_value(struct writer *w, struct frame *f, const struct exi_field *group) {
    unsigned member = find_member(w, group);
    if (member == group->members) return no_member(w, group);
    uint16_t type = member_type(w, group, member);
    uint16_t name = w->schema->types[type].name;
    return put_key(w, f, "", name) && value(w, type, name, 0);
}

/* --- lists --- */
static void close_list(struct frame *f) {
    f->list_open = false;
    f->slot++;
}

static bool begin_list(struct writer *w, struct frame *f) {
    f->list_open = true;
    f->list_filled = false;
    return put_byte(w, '[');
}

/* Go to the first item of a repeated group whose name has not had its turn; none: the end. */
static bool next_name(struct writer *w, struct frame *f, const struct exi_field *group) {
    w->in.at = f->list;
    for (f->items_read = 0; f->items_read < f->items; f->items_read++) {
        unsigned member = find_member(w, group);
        if (member == group->members || member >= 64) return no_member(w, group);
        if (!(f->seen >> member & 1)) {
            f->seen |= UINT64_C(1) << member;
            f->member = member;
            uint16_t type = member_type(w, group, member);
            return put_key(w, f, "", w->schema->types[type].name) && begin_list(w, f);
        }
        if (!skip(&w->in)) return fail(w, EXI_E_RECORD);
    }
    close_list(f);
    return true;
}

static bool open_list(struct writer *w, struct frame *f, const struct exi_field *field) {
    if (!record_read_array(&w->in, &f->items)) {
        w->report->found = record_kind(&w->in);
        return fail(w, EXI_E_RECORD);
    }
    f->items_read = 0;
    if (!f->items) {
        f->slot++;
        return true;
    }
    if (field->role != EXI_GROUP) return put_key(w, f, "", field->name) && begin_list(w, f);
    f->list = w->in.at;
    f->seen = 0;
    return next_name(w, f, field);
}

static bool item(struct writer *w, struct frame *f, const struct exi_field *field) {
    uint16_t type = field->type;
    uint16_t name = field->name;
    f->items_read++;
    if (field->role == EXI_GROUP) {
        unsigned member = find_member(w, field);
        if (member != f->member) return skip(&w->in) || fail(w, EXI_E_RECORD);
        type = member_type(w, field, member);
        name = w->schema->types[type].name;
    }
    if (f->list_filled && !put_byte(w, ',')) return false;
    f->list_filled = true;
    return value(w, type, name, f->items_read);
}

static bool list_step(struct writer *w, struct frame *f, const struct exi_field *field) {
    w->within = field;
    if (f->items_read < f->items) return item(w, f, field);
    if (!put_byte(w, ']')) return false;
    if (field->role == EXI_GROUP) return next_name(w, f, field);
    close_list(f);
    return true;
}

/* --- the message --- */
static bool field_step(struct writer *w, struct frame *f, const struct exi_field *field) {
    if (record_at_nil(&w->in)) {
        w->in.at++;
        f->slot++;
        return true;
    }
    w->within = field;
    if (field->repeated) return open_list(w, f, field);
    f->slot++;
    switch ((enum exi_role)field->role) {
    case EXI_GROUP: return group_value(w, f, field);
    case EXI_TEXT:
        return (!f->filled || put_byte(w, ',')) && put(w, "\"#\":", 4) &&
               value(w, field->type, field->name, 0);
    case EXI_ATTRIBUTE:
    case EXI_ELEMENT: break;
    }
    return put_key(w, f, field->role == EXI_ATTRIBUTE ? "@" : "", field->name) &&
           value(w, field->type, field->name, 0);
}

/* Write the next thing of the innermost element. */
static bool step(struct writer *w) {
    struct frame *f = top(w);
    if (f->slot == f->type->slots) {
        w->depth--;
        return put_byte(w, '}');
    }
    const struct exi_field *field = fields_of(w, f->type) + f->slot;
    return f->list_open ? list_step(w, f, field) : field_step(w, f, field);
}

static bool message(struct writer *w, const struct exi_root *root) {
    struct frame document = {.filled = false};
    if (!put_byte(w, '{') || !put_key(w, &document, "", root->name)) return false;
    if (!value(w, root->type, root->name, 0)) return false;
    while (w->depth) {
        if (!step(w)) return false;
    }
    w->within = NULL;
    if (w->in.at != w->in.end) return fail(w, EXI_E_RECORD);
    return put_byte(w, '}');
}

enum exi_code exi_to_json(const struct exi_schema *schema, const struct exi_root *root,
                          const uint8_t *record, size_t size, char *out, size_t capacity,
                          size_t *written, struct exi_report *report) {
    struct writer writer;
    struct writer *w = &writer;
    w->schema = schema;
    w->in = record_open(record, size);
    w->out = (struct json_writer){out, capacity, 0};
    w->report = report;
    w->within = NULL;
    w->depth = 0;
    exi_start_report(report, schema);
    report->root = root;
    *written = 0;
    if (message(w, root)) *written = w->out.size;
    return report->code;
}
