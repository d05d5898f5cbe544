/* Records to EXI. */
#include <string.h>

#include "bits.h"
#include "exi.h"
#include "record.h"
#include "report.h"
#include "utf8.h"

/* An element that has begun. */
struct frame {
    const struct exi_type *type;
    uint16_t name;
    uint16_t state;
    uint8_t slot;        /* to be read next; while a list is open: of the list */
    bool list_open;
    uint32_t items_left; /* of the list */
    uint32_t items;      /* of the list, written */
    uint32_t item;       /* this element's place in its parent's list; 0: in none */
    const struct exi_production *list; /* the open list's */
};

struct encoder {
    const struct exi_schema *schema;
    struct record_reader in;
    struct bit_writer out;
    struct exi_report *report;
    const struct exi_production *within; /* the field being written, or NULL */
    unsigned depth;
    struct frame frames[EXI_MAX_DEPTH];
};

static struct frame *top(struct encoder *e) { return &e->frames[e->depth - 1]; }

/* Note where the error is: every open element, and the field in the innermost. */
static void note_path(struct encoder *e) {
    struct exi_report *report = e->report;
    for (unsigned i = 0; i < e->depth; i++) {
        report->path[i] = (struct exi_step){e->frames[i].name, e->frames[i].item};
    }
    report->depth = (uint8_t)e->depth;
    if (!e->within || e->within->event == EXI_CH) return;
    uint32_t item = e->within->repeated && e->depth ? top(e)->items : 0;
    report->path[report->depth++] = (struct exi_step){e->within->name, item};
}

static bool fail(struct encoder *e, enum exi_code code) {
    e->report->code = code;
    note_path(e);
    return false;
}

static bool fail_value(struct encoder *e, enum exi_code code, const struct exi_type *type,
                       bool negative, uint64_t value) {
    e->report->type = (int32_t)(type - e->schema->types);
    e->report->negative = negative;
    e->report->value = value;
    return fail(e, code);
}

/* Note what comes next in the record: a text or number itself, all else in words. */
static void note_found(struct encoder *e) {
    struct record_reader ahead = e->in;
    struct record_span text;
    if (record_read_text(&ahead, &text)) {
        report_quote(e->report, text.bytes, text.size);
    } else if (!record_read_integer(&ahead, &e->report->negative, &e->report->value)) {
        e->report->found = record_kind(&e->in);
    }
}

/* Note which field of the innermost element is being written. */
static void note_field(struct encoder *e) {
    if (!e->within || !e->depth) return;
    e->report->field = (int32_t)(top(e)->type->fields + e->within->slot);
}

static bool wrong_type_code(struct encoder *e, enum exi_code code, const struct exi_type *type) {
    e->report->type = (int32_t)(type - e->schema->types);
    note_found(e);
    note_field(e);
    return fail(e, code);
}

static bool wrong_class(struct encoder *e, const struct exi_type *type) {
    e->report->found = "an object of another class";
    note_field(e);
    return fail_value(e, EXI_E_CLASS, type, false, 0);
}

static bool wrong_type(struct encoder *e, const struct exi_type *type) {
    return wrong_type_code(e, EXI_E_TYPE, type);
}

static void write(struct encoder *e, unsigned count, uint32_t value) {
    bits_write(&e->out, count, value);
}

static bool same_text(struct exi_text text, struct record_span span) {
    return text.length == span.size && !memcmp(text.text, span.bytes, span.size);
}

/* --- numbers --- */
static void write_unsigned(struct encoder *e, uint64_t value) {
    for (; value >= 0x80; value >>= 7) write(e, 8, 0x80 | (uint32_t)(value & 0x7f));
    write(e, 8, (uint32_t)value);
}

static bool read_number(struct encoder *e, const struct exi_type *type, bool *negative,
                        uint64_t *value) {
    return record_read_integer(&e->in, negative, value) || wrong_type(e, type);
}

static bool encode_nbit(struct encoder *e, const struct exi_type *type) {
    bool negative = false;
    uint64_t value = 0;
    if (!read_number(e, type, &negative, &value)) return false;
    int64_t number = negative ? -1 - (int64_t)(value & INT64_MAX) : (int64_t)(value & INT64_MAX);
    if (value > INT64_MAX || number < type->minimum || number > (int64_t)type->maximum) {
        return fail_value(e, EXI_E_RANGE, type, negative, value);
    }
    write(e, type->bits, (uint32_t)(number - type->minimum));
    return true;
}

static bool encode_unsigned(struct encoder *e, const struct exi_type *type) {
    bool negative = false;
    uint64_t value = 0;
    if (!read_number(e, type, &negative, &value)) return false;
    if (negative || value > type->maximum || value < (uint64_t)type->minimum) {
        return fail_value(e, EXI_E_RANGE, type, negative, value);
    }
    write_unsigned(e, value);
    return true;
}

static bool encode_integer(struct encoder *e, const struct exi_type *type) {
    bool negative = false;
    uint64_t value = 0;
    if (!read_number(e, type, &negative, &value)) return false;
    uint64_t limit = negative ? (uint64_t)(-1 - type->minimum) : type->maximum;
    if (value > limit) return fail_value(e, EXI_E_RANGE, type, negative, value);
    write(e, 1, negative);
    write_unsigned(e, value);
    return true;
}

/* Write a number given as big-endian two's complement. */
static bool write_big(struct encoder *e, const struct exi_type *type, struct record_span span) {
    uint8_t number[EXI_MAX_BIG_BYTES + 1] = {0}; /* little-endian, one byte to spare */
    if (span.size > EXI_MAX_BIG_BYTES) return fail_value(e, EXI_E_LENGTH, type, false, span.size);
    bool negative = span.size && span.bytes[0] & 0x80;
    for (size_t i = 0; i < span.size; i++) {
        number[i] = span.bytes[span.size - 1 - i] ^ (negative ? 0xff : 0);
    }
    size_t bits = span.size * 8;
    while (bits && !(number[(bits - 1) / 8] >> (bits - 1) % 8 & 1)) bits--;
    write(e, 1, negative);
    for (size_t bit = 0; bit == 0 || bit < bits; bit += 7) {
        unsigned pair = number[bit / 8] | (unsigned)number[bit / 8 + 1] << 8;
        uint32_t more = bit + 7 < bits ? 0x80 : 0;
        write(e, 8, more | (pair >> bit % 8 & 0x7f));
    }
    return true;
}

static bool encode_big(struct encoder *e, const struct exi_type *type) {
    struct record_span span;
    bool negative = false;
    uint64_t value = 0;
    if (record_read_binary(&e->in, &span)) return write_big(e, type, span);
    if (!read_number(e, type, &negative, &value)) return false;
    write(e, 1, negative);
    write_unsigned(e, value);
    return true;
}

/* --- enumerations, binaries, texts --- */
static bool encode_enum(struct encoder *e, const struct exi_type *type) {
    struct record_span span;
    if (!record_read_text(&e->in, &span)) return wrong_type(e, type);
    for (uint32_t index = 0; index < type->count; index++) {
        if (!same_text(exi_value(e->schema, type->first + index), span)) continue;
        write(e, type->bits, index);
        return true;
    }
    report_quote(e->report, span.bytes, span.size);
    return fail_value(e, EXI_E_VALUE, type, false, 0);
}

static bool check_length(struct encoder *e, const struct exi_type *type, uint64_t length) {
    if (length <= type->maximum && length >= (uint64_t)type->minimum) return true;
    return fail_value(e, EXI_E_LENGTH, type, false, length);
}

static bool encode_binary(struct encoder *e, const struct exi_type *type) {
    struct record_span span;
    if (!record_read_binary(&e->in, &span)) return wrong_type(e, type);
    if (!check_length(e, type, span.size)) return false;
    write_unsigned(e, span.size);
    bits_write_octets(&e->out, span.bytes, span.size);
    return true;
}

/* Take the next character off a UTF-8 text; false where it is none. */
static bool next_character(struct record_span *text, uint32_t *point) {
    size_t size = utf8_read(text->bytes, text->bytes + text->size, point);
    text->bytes += size;
    text->size -= size;
    return size;
}

static bool encode_string(struct encoder *e, const struct exi_type *type) {
    struct record_span text;
    uint32_t point = 0;
    uint64_t characters = 0;
    if (!record_read_text(&e->in, &text)) return wrong_type(e, type);
    for (struct record_span rest = text; rest.size; characters++) {
        if (next_character(&rest, &point)) continue;
        e->report->found = "a text that is not UTF-8";
        return fail(e, EXI_E_CHARACTER);
    }
    if (!check_length(e, type, characters)) return false;
    write_unsigned(e, characters + 2);
    if (characters == text.size) { /* ASCII */
        bits_write_octets(&e->out, text.bytes, text.size);
        return true;
    }
    while (next_character(&text, &point)) write_unsigned(e, point);
    return true;
}

static bool encode_boolean(struct encoder *e, const struct exi_type *type) {
    bool value = false;
    if (!record_read_boolean(&e->in, &value)) return wrong_type(e, type);
    write(e, 1, value);
    return true;
}

static bool encode_value(struct encoder *e, const struct exi_type *type) {
    switch ((enum exi_kind)type->kind) {
    case EXI_BOOLEAN: return encode_boolean(e, type);
    case EXI_NBIT: return encode_nbit(e, type);
    case EXI_UNSIGNED: return encode_unsigned(e, type);
    case EXI_INTEGER: return encode_integer(e, type);
    case EXI_BIG: return encode_big(e, type);
    case EXI_ENUM: return encode_enum(e, type);
    case EXI_BINARY: return encode_binary(e, type);
    case EXI_STRING: return encode_string(e, type);
    case EXI_COMPLEX: break;
    }
    return wrong_type(e, type);
}

/* --- elements --- */
static const struct exi_production *productions_of(const struct encoder *e, uint16_t state) {
    return &e->schema->productions[e->schema->states[state].first];
}

static bool tag_is(const struct encoder *e, const struct exi_type *type, struct record_span tag) {
    return type->tagged && same_text(exi_name(e->schema, type->name), tag);
}

/* Read the beginning of a record of `type`: the number of slots and the tag. */
static bool begin(struct encoder *e, const struct exi_type *type, uint16_t name, uint32_t item) {
    struct record_span tag;
    uint32_t count = 0;
    if (!record_read_array(&e->in, &count)) return wrong_type(e, type);
    if (type->tagged && (!record_read_text(&e->in, &tag) || !tag_is(e, type, tag))) {
        return wrong_class(e, type);
    }
    if (count != (uint32_t)type->slots + type->tagged) return wrong_class(e, type);
    if (e->depth == EXI_MAX_DEPTH) return fail(e, EXI_E_DEPTH);
    e->within = NULL;
    e->frames[e->depth++] =
        (struct frame){.type = type, .name = name, .state = type->first, .item = item};
    return true;
}

/* Look at the tag of the record that comes next; false where there is none. */
static bool peek_tag(const struct encoder *e, struct record_span *tag) {
    struct record_reader ahead = e->in;
    uint32_t count = 0;
    return record_read_array(&ahead, &count) && count && record_read_text(&ahead, tag);
}

static bool holds(const struct exi_production *production, unsigned slot) {
    return production->slot == slot && production->event <= EXI_CH;
}

/* Among the events for one slot, one a tag, find that of the record's tag; else the first. */
static const struct exi_production *of_tag(const struct encoder *e,
                                           const struct exi_production *first,
                                           const struct exi_production *end) {
    struct record_span tag;
    if (!peek_tag(e, &tag)) return first;
    for (const struct exi_production *p = first; p < end && holds(p, first->slot); p++) {
        if (tag_is(e, &e->schema->types[p->type], tag)) return p;
    }
    return first;
}

/* Find the event for the next value of the frame's slot, or NULL. */
static const struct exi_production *find_event(const struct encoder *e, const struct frame *f) {
    const struct exi_state *state = &e->schema->states[f->state];
    const struct exi_production *p = &e->schema->productions[state->first];
    const struct exi_production *end = p + state->count;
    while (p < end && !holds(p, f->slot)) p++;
    if (p == end) return NULL;
    return p + 1 < end && holds(p + 1, f->slot) ? of_tag(e, p, end) : p;
}

static const struct exi_field *field_of(const struct encoder *e, const struct frame *f,
                                        unsigned slot) {
    return &e->schema->fields[f->type->fields + slot];
}

/* Name the field that has to come here: the required one, else any that the state has. */
static bool missing(struct encoder *e) {
    const struct frame *f = top(e);
    const struct exi_state *state = &e->schema->states[f->state];
    const struct exi_production *production = productions_of(e, f->state);
    e->within = NULL;
    e->report->state = f->state;
    for (unsigned code = 0; code < state->count && e->report->field < 0; code++) {
        if (production[code].event > EXI_CH) continue;
        if (!field_of(e, f, production[code].slot)->required) continue;
        e->report->field = (int32_t)(f->type->fields + production[code].slot);
    }
    return fail(e, EXI_E_MISSING);
}

/* Say why the slot's value has no event here: something before it is absent, or it may not come. */
static bool out_of_place(struct encoder *e, const struct frame *f) {
    const struct exi_production *production = productions_of(e, f->state);
    const struct exi_state *state = &e->schema->states[f->state];
    e->report->state = f->state;
    if (f->items && f->list_open) {
        e->within = f->list;
        e->report->value = (uint64_t)f->items + f->items_left;
        e->report->limit = f->items;
        fail(e, EXI_E_TOO_MANY);
        e->report->path[e->report->depth - 1].item = 0; /* the list is wrong, no item of it */
        return false;
    }
    for (unsigned code = 0; code < state->count; code++) {
        if (production[code].event != EXI_EE && production[code].slot < f->slot) return missing(e);
    }
    e->report->field = (int32_t)(f->type->fields + f->slot);
    return fail(e, EXI_E_UNEXPECTED);
}

static void count_item(struct frame *f, const struct exi_production *production) {
    f->state = production->next;
    if (!production->repeated) {
        f->slot++;
        return;
    }
    f->items++;
    f->items_left--;
    if (production->maximum && f->items == production->maximum) f->state = production->full;
}

static bool bare_head(struct encoder *e) {
    note_field(e);
    return fail(e, EXI_E_BARE);
}

/* Write the event's code and what belongs to it. */
static bool event(struct encoder *e, struct frame *f, const struct exi_production *production) {
    const struct exi_state *state = &e->schema->states[f->state];
    const struct exi_type *type = &e->schema->types[production->type];
    uint32_t code = (uint32_t)(production - &e->schema->productions[state->first]);
    unsigned simple_element = production->event == EXI_SE && type->kind != EXI_COMPLEX;
    write(e, state->bits + simple_element, code << simple_element);
    count_item(f, production);
    if (production->bare != EXI_NOT_BARE) return bare_head(e);
    if (type->kind == EXI_COMPLEX) {
        return begin(e, type, production->name, production->repeated ? f->items : 0);
    }
    if (!encode_value(e, type)) return false;
    write(e, simple_element, 0);
    return true;
}

/* Write the value of the frame's slot. */
static bool field(struct encoder *e, struct frame *f) {
    const struct exi_production *production = find_event(e, f);
    if (!production) return out_of_place(e, f);
    e->within = production;
    if (!production->repeated || f->list_open) return event(e, f, production);
    if (!record_read_array(&e->in, &f->items_left)) {
        return wrong_type_code(e, EXI_E_LIST, &e->schema->types[production->type]);
    }
    f->list_open = true;
    f->list = production;
    f->items = 0;
    return true;
}

static bool end(struct encoder *e, const struct frame *f) {
    const struct exi_state *state = &e->schema->states[f->state];
    const struct exi_production *production = productions_of(e, f->state);
    for (unsigned code = 0; code < state->count; code++) {
        if (production[code].event != EXI_EE) continue;
        write(e, state->bits, code);
        e->depth--;
        return true;
    }
    return missing(e);
}

/* Write one event and what belongs to it. */
static bool step(struct encoder *e) {
    struct frame *f = top(e);
    e->within = NULL;
    if (f->list_open) {
        if (f->items_left) return field(e, f);
        f->list_open = false;
        f->slot++;
    }
    while (f->slot < f->type->slots && record_at_nil(&e->in)) {
        e->in.at++;
        f->slot++;
    }
    return f->slot < f->type->slots ? field(e, f) : end(e, f);
}

/* --- the document --- */
static int find_root(const struct exi_schema *schema, const struct exi_roots *roots,
                     const char *name) {
    for (int code = roots->first; code < roots->count; code++) {
        const struct exi_root *candidate = &roots->roots[code];
        if (candidate->type == EXI_NO_TYPE) continue;
        if (!strcmp(exi_name(schema, candidate->name).text, name)) return code;
    }
    return -1;
}

static bool root(struct encoder *e, const struct exi_roots *roots, const char *name) {
    int code = find_root(e->schema, roots, name);
    if (code < 0) {
        report_quote(e->report, name, strlen(name));
        e->report->roots = roots;
        return fail(e, EXI_E_ROOT);
    }
    const struct exi_root *found = &roots->roots[code];
    write(e, 8, 0x80);
    write(e, roots->bits, (uint32_t)code);
    return begin(e, &e->schema->types[found->type], found->name, 0);
}

static bool finish(struct encoder *e, unsigned flags) {
    const struct exi_roots *fragments = &e->schema->fragment;
    if (flags & EXI_FRAGMENT) write(e, fragments->bits, fragments->count + 1u);
    if (e->in.at != e->in.end) return fail(e, EXI_E_RECORD);
    return bits_finish(&e->out) || fail(e, EXI_E_OUTPUT);
}

enum exi_code exi_encode(const struct exi_schema *schema, const char *name, const uint8_t *data,
                         size_t size, unsigned flags, uint8_t *out, size_t capacity,
                         size_t *written, struct exi_report *report) {
    struct encoder encoder;
    struct encoder *e = &encoder;
    e->schema = schema;
    e->in = record_open(data, size);
    e->out = (struct bit_writer){.data = out, .capacity = capacity};
    e->report = report;
    e->within = NULL;
    e->depth = 0;
    exi_start_report(report, schema);
    *written = 0;
    if (!root(e, flags & EXI_FRAGMENT ? &schema->fragment : &schema->document, name)) {
        return report->code;
    }
    while (e->depth) {
        if (!step(e)) return report->code;
    }
    if (finish(e, flags)) *written = e->out.size;
    return report->code;
}
