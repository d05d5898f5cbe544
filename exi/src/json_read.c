/* JSON to records: elements.
 *
 * A record has its fields in the schema's order, the text in any. So each object is looked through
 * once, its keys noted, and then read slot by slot. A byte is passed as often as objects are
 * around it, of which there are EXI_MAX_DEPTH at most.
 */
#include "json.h"
#include "json_reader.h"
#include "report.h"
#include "utf8.h"

static struct json_frame *top(struct json_reader *r) { return &r->frames[r->depth - 1]; }

/* --- errors --- */
bool json_fail(struct json_reader *r, enum exi_code code, const struct json_place *place) {
    struct exi_report *report = r->report;
    report->code = code;
    for (unsigned i = 0; i < r->depth; i++) {
        report->path[i] = (struct exi_step){r->frames[i].name, r->frames[i].item};
    }
    report->depth = (uint8_t)r->depth;
    if (place) report->path[report->depth++] = (struct exi_step){place->name, place->item};
    return false;
}

bool json_fail_type(struct json_reader *r, enum exi_code code, const struct exi_type *type,
                    const struct json_place *place) {
    r->report->type = (int32_t)(type - r->schema->types);
    return json_fail(r, code, place);
}

bool json_wrong_kind(struct json_reader *r, enum exi_code code, const struct exi_type *type,
                     struct json_cursor in, const struct json_place *place) {
    unsigned first = json_peek(&in);
    r->report->found = json_kind(in);
    if (first == '"') {
        r->report->found = NULL;
        json_note_text(r, in);
    } else if (json_is_integer(in)) {
        r->report->found = "the integer";
        json_note_number(r, in);
    }
    return json_fail_type(r, code, type, place);
}

void json_note_text(struct json_reader *r, struct json_cursor string) {
    uint8_t text[EXI_MAX_QUOTED + 1]; /* one octet more than is kept shows that there are more */
    size_t size = 0;
    uint32_t point = 0;
    json_take(&string, '"');
    while (size < sizeof text && json_character(&string, &point)) {
        uint8_t character[UTF8_MOST_BYTES];
        size_t count = utf8_write(character, point);
        for (size_t i = 0; i < count && size < sizeof text; i++) text[size++] = character[i];
    }
    report_quote(r->report, text, size);
}

void json_note_number(struct json_reader *r, struct json_cursor number) {
    json_peek(&number);
    const uint8_t *digits = number.at;
    json_skip(&number);
    report_quote(r->report, digits, (size_t)(number.at - digits));
}

/* --- fields --- */
/* What a key means. */
struct meaning {
    const struct exi_field *field;
    unsigned slot;
    uint16_t type; /* of the value or, where repeated, of its items */
    uint16_t name; /* of the element or attribute */
};

static const struct exi_field *fields_of(const struct json_reader *r,
                                         const struct exi_type *type) {
    return &r->schema->fields[type->fields];
}

static bool name_is(const struct json_reader *r, struct json_cursor key, char prefix,
                    uint16_t name) {
    struct exi_text text = exi_name(r->schema, name);
    return json_string_is(key, prefix, text.text, text.length);
}

/* Whether the key is that of one of the group's elements. */
static bool find_member(const struct json_reader *r, struct json_cursor key,
                        struct meaning *meaning) {
    const uint16_t *members = &r->schema->members[meaning->field->type];
    for (unsigned i = 0; i < meaning->field->members; i++) {
        meaning->type = members[i];
        meaning->name = r->schema->types[members[i]].name;
        if (name_is(r, key, 0, meaning->name)) return true;
    }
    return false;
}

static bool is_key(const struct json_reader *r, struct json_cursor key, struct meaning *meaning) {
    const struct exi_field *field = meaning->field;
    meaning->type = field->type;
    meaning->name = field->name;
    switch ((enum exi_role)field->role) {
    case EXI_ATTRIBUTE: return name_is(r, key, '@', field->name);
    case EXI_ELEMENT: return name_is(r, key, 0, field->name);
    case EXI_TEXT: return json_string_is(key, 0, "#", 1);
    case EXI_GROUP: break;
    }
    return find_member(r, key, meaning);
}

static bool find_meaning(const struct json_reader *r, const struct exi_type *type,
                         struct json_cursor key, struct meaning *meaning) {
    for (unsigned slot = 0; slot < type->slots; slot++) {
        meaning->slot = slot;
        meaning->field = fields_of(r, type) + slot;
        if (is_key(r, key, meaning)) return true;
    }
    return false;
}

/* --- objects --- */
static bool unknown(struct json_reader *r, const struct exi_type *type, struct json_cursor key) {
    json_note_text(r, key);
    return json_fail_type(r, EXI_E_UNKNOWN, type, NULL);
}

/* Whether a key of a repeated group, or another that means the same, stands before `key`. */
static bool stands_before(const struct json_reader *r, const struct json_frame *f,
                          const uint8_t *key, const struct meaning *meaning) {
    struct json_cursor in = {f->keys[meaning->slot], r->end};
    struct meaning earlier;
    while (in.at < key) {
        if (find_meaning(r, f->type, in, &earlier) && earlier.name == meaning->name) return true;
        json_skip(&in);
        json_take(&in, ':');
        json_skip(&in);
        json_take(&in, ',');
        json_peek(&in);
    }
    return false;
}

/* Note a key; the first of its slot is where reading begins. */
static bool note_key(struct json_reader *r, struct json_frame *f, struct json_cursor key) {
    struct meaning meaning;
    if (!find_meaning(r, f->type, key, &meaning)) return unknown(r, f->type, key);
    const uint8_t **first = &f->keys[meaning.slot];
    if (!*first) {
        *first = key.at;
        return true;
    }
    struct json_place place = {meaning.name, 0};
    bool may_come = meaning.field->repeated && !stands_before(r, f, key.at, &meaning);
    return may_come || json_fail(r, EXI_E_TWICE, &place);
}

/* Note where the keys of an object are, and pass over it. */
static bool note_keys(struct json_reader *r, struct json_frame *f, struct json_cursor *in) {
    in->at++;
    while (!json_take(in, '}')) {
        if (!note_key(r, f, *in)) return false;
        json_skip(in);
        json_take(in, ':');
        json_skip(in);
        json_take(in, ',');
        json_peek(in);
    }
    return true;
}

static bool nothing_missing(struct json_reader *r, const struct json_frame *f) {
    const struct exi_field *fields = fields_of(r, f->type);
    for (unsigned slot = 0; slot < f->type->slots; slot++) {
        if (f->keys[slot] || !fields[slot].required) continue;
        r->report->field = (int32_t)(f->type->fields + slot);
        return json_fail(r, EXI_E_MISSING, NULL);
    }
    return true;
}

static bool write_head(struct json_reader *r, const struct exi_type *type) {
    struct exi_text tag = exi_name(r->schema, type->name);
    if (!record_array(&r->out, (unsigned)type->slots + type->tagged)) return false;
    return !type->tagged || record_text(&r->out, tag.text, tag.length);
}

static bool begin(struct json_reader *r, const struct exi_type *type, struct json_cursor *in,
                  const struct json_place *place) {
    if (json_peek(in) != '{') return json_wrong_kind(r, EXI_E_TYPE, type, *in, place);
    if (r->depth == EXI_MAX_DEPTH) return json_fail(r, EXI_E_DEPTH, place);
    struct json_frame *f = &r->frames[r->depth++];
    *f = (struct json_frame){.type = type, .name = place->name, .item = place->item};
    return note_keys(r, f, in) && nothing_missing(r, f);
}

/* Read a value and pass over it; what an object holds is read later. */
static bool value(struct json_reader *r, uint16_t type_number, struct json_cursor *in,
                  const struct json_place *place) {
    const struct exi_type *type = &r->schema->types[type_number];
    if (type->kind != EXI_COMPLEX) return json_read_simple(r, type, in, place);
    const struct exi_field *fields = fields_of(r, type);
    if (!write_head(r, type)) return json_fail(r, EXI_E_OUTPUT, place);
    if (type->slots != 1 || fields->role != EXI_TEXT) return begin(r, type, in, place);
    return json_read_simple(r, &r->schema->types[fields->type], in, place);
}

/* --- lists --- */
/* Go to the list that follows a key, and have its items come next. */
static bool enter_list(struct json_reader *r, struct json_frame *f, struct json_cursor key,
                       const struct meaning *meaning) {
    struct json_place place = {meaning->name, 0};
    f->list = key;
    f->list_type = meaning->type;
    f->list_name = meaning->name;
    json_skip(&f->list);
    json_take(&f->list, ':');
    const struct exi_type *type = &r->schema->types[meaning->type];
    return json_take(&f->list, '[') ||
           json_wrong_kind(r, EXI_E_LIST, type, f->list, &place);
}

static bool open_list(struct json_reader *r, struct json_frame *f, struct json_cursor key,
                      const struct meaning *meaning) {
    f->list_open = true;
    f->items = 0;
    f->list_start = r->out.size;
    if (!record_marked(&r->out, 0xdd, 0, 4)) return json_fail(r, EXI_E_OUTPUT, NULL);
    return enter_list(r, f, key, meaning);
}

/* The items of a group stand under several keys: go to the next of them; none: the end. */
static bool next_key(struct json_reader *r, struct json_frame *f) {
    struct json_cursor key = f->list;
    struct meaning meaning;
    while (json_take(&key, ',')) {
        json_peek(&key);
        if (find_meaning(r, f->type, key, &meaning) && meaning.slot == f->slot) {
            return enter_list(r, f, key, &meaning);
        }
        json_skip(&key);
        json_take(&key, ':');
        json_skip(&key);
    }
    record_big_endian(r->out.data + f->list_start + 1, f->items, 4);
    f->list_open = false;
    f->slot++;
    return true;
}

static bool list_step(struct json_reader *r, struct json_frame *f) {
    if (json_take(&f->list, ']')) return next_key(r, f);
    json_take(&f->list, ',');
    f->items++;
    struct json_place place = {f->list_name, f->items};
    return value(r, f->list_type, &f->list, &place);
}

/* --- the message --- */
static bool write_absent(struct json_reader *r, struct json_frame *f) {
    bool repeated = f->type->repeated >> f->slot & 1;
    f->slot++;
    return record_byte(&r->out, repeated ? 0x90 : RECORD_NIL) || json_fail(r, EXI_E_OUTPUT, NULL);
}

/* Read the next thing of the innermost element. */
static bool step(struct json_reader *r) {
    struct json_frame *f = top(r);
    struct meaning meaning;
    if (f->list_open) return list_step(r, f);
    if (f->slot == f->type->slots) {
        r->depth--;
        return true;
    }
    if (!f->keys[f->slot]) return write_absent(r, f);
    struct json_cursor in = {f->keys[f->slot], r->end};
    if (!find_meaning(r, f->type, in, &meaning)) return unknown(r, f->type, in);
    if (meaning.field->repeated) return open_list(r, f, in, &meaning);
    struct json_place place = {meaning.name, 0};
    f->slot++;
    json_skip(&in);
    json_take(&in, ':');
    if (meaning.field->role != EXI_TEXT) return value(r, meaning.type, &in, &place);
    return json_read_simple(r, &r->schema->types[meaning.type], &in, NULL);
}

static const struct exi_root *find_root(const struct json_reader *r,
                                        const struct exi_roots *roots, struct json_cursor key) {
    for (const struct exi_root *root = roots->roots; root < roots->roots + roots->count; root++) {
        if (root->type != EXI_NO_TYPE && name_is(r, key, 0, root->name)) return root;
    }
    return NULL;
}

/* Read the one key of the outermost object. */
static bool root(struct json_reader *r, const struct exi_roots *roots, struct json_cursor *in) {
    if (!json_take(in, '{') || json_peek(in) != '"') return json_fail(r, EXI_E_DOCUMENT, NULL);
    struct json_cursor key = *in;
    json_skip(in);
    json_take(in, ':');
    struct json_cursor after = *in;
    json_skip(&after);
    if (!json_take(&after, '}')) return json_fail(r, EXI_E_DOCUMENT, NULL);
    const struct exi_root *found = find_root(r, roots, key);
    if (!found) {
        json_note_text(r, key);
        r->report->roots = roots;
        return json_fail(r, EXI_E_ROOT, NULL);
    }
    r->report->root = found;
    struct json_place place = {found->name, 0};
    return value(r, found->type, in, &place);
}

static bool message(struct json_reader *r, const struct exi_roots *roots, const char *text,
                    size_t size) {
    struct json_cursor in = json_open((const uint8_t *)text, size);
    struct json_fault fault;
    if (!json_check(in.at, size, &fault)) {
        r->report->found = fault.reason;
        r->report->value = fault.offset;
        return json_fail(r, EXI_E_JSON, NULL);
    }
    r->end = in.end;
    if (!root(r, roots, &in)) return false;
    while (r->depth) {
        if (!step(r)) return false;
    }
    return true;
}

enum exi_code exi_from_json(const struct exi_schema *schema, const char *text, size_t size,
                            unsigned flags, uint8_t *out, size_t capacity, size_t *written,
                            struct exi_report *report) {
    struct json_reader reader;
    struct json_reader *r = &reader;
    r->schema = schema;
    r->out = record_start(out, capacity);
    r->report = report;
    r->depth = 0;
    exi_start_report(report, schema);
    *written = 0;
    const struct exi_roots *roots = flags & EXI_FRAGMENT ? &schema->fragment : &schema->document;
    if (message(r, roots, text, size)) *written = r->out.size;
    return report->code;
}
