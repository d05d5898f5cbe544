/* Errors and warnings in words.
 *
 * A sentence says where, what is wrong, and what would have been right; pyplc_fw/v2g/exi_words.py
 * says the same of what goes wrong before a message reaches the library.
 */
#include <inttypes.h>
#include <string.h>

#include "sentence.h"

static const char *name_of(const struct exi_schema *schema, uint16_t name) {
    return exi_name(schema, name).text;
}

static void add_number(struct text *text, const struct exi_report *report) {
    if (!report->negative) {
        text_add(text, "%" PRIu64, report->value);
    } else if (report->value < UINT64_MAX) {
        text_add(text, "-%" PRIu64, report->value + 1);
    } else {
        text_add(text, "-18446744073709551616");
    }
}

static const char *const kinds[] = {
    [EXI_BOOLEAN] = "a boolean",   [EXI_NBIT] = "an integer", [EXI_ENUM] = "an enumeration value",
    [EXI_UNSIGNED] = "an integer", [EXI_INTEGER] = "an integer", [EXI_BIG] = "an integer",
    [EXI_BINARY] = "a binary",     [EXI_STRING] = "a text",   [EXI_COMPLEX] = "an object",
};

static const char *kind_of(const struct exi_schema *schema, uint16_t type) {
    return kinds[schema->types[type].kind];
}

/* Take what the state would have taken, as far as messages may have it. */
static void take_productions(struct names *names, const struct exi_report *report) {
    const struct exi_schema *schema = report->schema;
    const struct exi_state *state = &schema->states[report->state];
    for (unsigned i = 0; i < state->count; i++) {
        const struct exi_production *production = &schema->productions[state->first + i];
        const char *name = name_of(schema, production->name);
        switch ((enum exi_event)production->event) {
        case EXI_AT: names_take(names, "attribute ", name); break;
        case EXI_SE:
            if (production->bare == EXI_NOT_BARE) names_take(names, "", name);
            break;
        case EXI_EE: names_take(names, "", "the end"); break;
        case EXI_CH: names_take(names, "", kind_of(schema, production->type)); break;
        case EXI_ANY:
        case EXI_MIXED: break;
        }
    }
}

static bool is_field(const struct exi_report *report, enum exi_role role) {
    return report->field >= 0 && report->schema->fields[report->field].role == role;
}

/* Take the elements of a group, but not its empty head, which nobody sends. */
static void take_members(struct names *names, const struct exi_schema *schema,
                         const struct exi_field *field) {
    for (unsigned i = 0; i < field->members; i++) {
        const struct exi_type *type = &schema->types[schema->members[field->type + i]];
        const char *name = name_of(schema, type->name);
        bool head = !type->slots && !strcmp(name, name_of(schema, field->name));
        if (!head) names_take(names, "", name);
    }
}

/* Take the keys that an object of the class may have in a text form. */
static void take_keys(struct names *names, const struct exi_report *report) {
    const struct exi_schema *schema = report->schema;
    const struct exi_type *type = &schema->types[report->type];
    const struct exi_field *field = &schema->fields[type->fields];
    for (const struct exi_field *end = field + type->slots; field < end; field++) {
        switch ((enum exi_role)field->role) {
        case EXI_ATTRIBUTE: names_take(names, "@", name_of(schema, field->name)); break;
        case EXI_ELEMENT: names_take(names, "", name_of(schema, field->name)); break;
        case EXI_TEXT: names_take(names, "", "#"); break;
        case EXI_GROUP: take_members(names, schema, field); break;
        }
    }
}

static void take_values(struct names *names, const struct exi_report *report) {
    const struct exi_type *type = &report->schema->types[report->type];
    for (unsigned i = 0; i < type->count; i++) {
        names_take(names, "", exi_value(report->schema, type->first + i).text);
    }
}

static void take_roots(struct names *names, const struct exi_report *report) {
    for (unsigned i = 0; i < report->roots->count; i++) {
        const struct exi_root *root = &report->roots->roots[i];
        if (root->type != EXI_NO_TYPE) names_take(names, "", name_of(report->schema, root->name));
    }
}

/* --- what is wrong --- */
static void add_bounds(struct text *text, const struct exi_type *type) {
    if (type->kind == EXI_UNSIGNED) {
        text_add(text, "%" PRId64 " to %" PRIu64, type->minimum, type->maximum);
    } else {
        text_add(text, "%" PRId64 " to %" PRId64, type->minimum, (int64_t)type->maximum);
    }
}

static void add_range(struct text *text, const struct exi_report *report) {
    const struct exi_type *type = &report->schema->types[report->type];
    if (report->found) {
        text_add(text, "%s", report->found);
    } else if (report->quote.there) {
        text_plain(text, &report->quote);
    } else {
        add_number(text, report);
    }
    if (type->kind > EXI_INTEGER) return;
    text_add(text, " is outside ");
    add_bounds(text, type);
}

/* Say how long a text or binary may be. */
static void add_lengths(struct text *text, const struct exi_type *type) {
    uint64_t minimum = (uint64_t)type->minimum;
    if (minimum == type->maximum) {
        text_add(text, "%" PRIu64, minimum);
    } else if (type->maximum == EXI_UNBOUNDED) {
        text_add(text, "at least %" PRIu64, minimum);
    } else if (minimum == 0) {
        text_add(text, "at most %" PRIu64, type->maximum);
    } else {
        text_add(text, "%" PRIu64 " to %" PRIu64, minimum, type->maximum);
    }
}

static const char *unit_of(const struct exi_type *type, bool one) {
    if (type->kind == EXI_STRING) return one ? "character" : "characters";
    return one ? "octet" : "octets";
}

static void add_length(struct text *text, const struct exi_report *report) {
    const struct exi_type *type = &report->schema->types[report->type];
    if (type->kind == EXI_BIG) {
        text_add(text, "an integer of more than %d octets", EXI_MAX_BIG_BYTES);
        return;
    }
    text_add(text, "%" PRIu64 " %s; expected ", report->value, unit_of(type, report->value == 1));
    add_lengths(text, type);
}

static void add_value(struct text *text, const struct exi_report *report) {
    const struct exi_type *type = &report->schema->types[report->type];
    if (report->quote.there) {
        text_quoted(text, &report->quote);
        text_add(text, " is none of the %u values", type->count);
    } else {
        text_add(text, "value number %" PRIu64 " is outside 0 to %d", report->value,
                 type->count - 1);
    }
}

/* Name the type that was wanted, with what it may be. */
static void add_wanted(struct text *text, const struct exi_report *report) {
    const struct exi_schema *schema = report->schema;
    const struct exi_type *type = &schema->types[report->type];
    bool bounded = type->minimum > 0 || type->maximum != EXI_UNBOUNDED;
    struct names names = {0};
    if (is_field(report, EXI_GROUP)) {
        take_members(&names, schema, &schema->fields[report->field]);
        text_names(text, &names);
        return;
    }
    if (type->kind == EXI_ENUM) {
        take_values(&names, report);
        text_names(text, &names);
        return;
    }
    text_add(text, "%s", kinds[type->kind]);
    if (type->kind == EXI_COMPLEX) {
        text_add(text, " (%s)", name_of(schema, type->name));
    } else if (type->kind == EXI_NBIT || type->kind == EXI_UNSIGNED || type->kind == EXI_INTEGER) {
        text_add(text, " from ");
        add_bounds(text, type);
    } else if (bounded && (type->kind == EXI_STRING || type->kind == EXI_BINARY)) {
        text_add(text, " of ");
        add_lengths(text, type);
        text_add(text, " %s", unit_of(type, type->maximum == 1));
    }
}

static void add_found(struct text *text, const struct exi_report *report) {
    text_add(text, ", found ");
    if (report->quote.there && report->found) {
        text_add(text, "%s ", report->found);
        text_plain(text, &report->quote);
    } else if (report->quote.there) {
        text_add(text, "the text ");
        text_quoted(text, &report->quote);
    } else if (report->found) {
        text_add(text, "%s", report->found);
    } else {
        text_add(text, "the integer ");
        add_number(text, report);
    }
}

static void add_root(struct text *text, const struct exi_report *report) {
    struct names names = {0};
    if (report->quote.there) {
        text_quoted(text, &report->quote);
        text_add(text, " is ");
    }
    take_roots(&names, report);
    text_add(text, "no message; %s", names.count ? "expected " : "the schema has fragments only");
    text_names(text, &names);
}

static void add_field(struct text *text, const struct exi_report *report) {
    struct names names = {0};
    const struct exi_schema *schema = report->schema;
    if (is_field(report, EXI_GROUP)) {
        take_members(&names, schema, &schema->fields[report->field]);
    } else if (is_field(report, EXI_TEXT)) {
        names_take(&names, "the ", "text");
    } else if (report->field >= 0) {
        names_take(&names, "", name_of(schema, schema->fields[report->field].name));
    } else {
        take_productions(&names, report);
    }
    text_names(text, &names);
}

static void add_unknown(struct text *text, const struct exi_report *report) {
    struct names names = {0};
    text_quoted(text, &report->quote);
    text_add(text, " is unknown; expected ");
    take_keys(&names, report);
    if (!names.count) names_take(&names, "", "nothing");
    text_names(text, &names);
}

static void add_digits(struct text *text, const struct exi_report *report) {
    bool hex = report->schema->types[report->type].bits == EXI_HEX;
    text_quoted(text, &report->quote);
    text_add(text, hex ? " is not in pairs of hexadecimal digits" : " is not base64");
}

static void add_character(struct text *text, const struct exi_report *report) {
    if (report->found) {
        text_add(text, "%s", report->found);
    } else {
        text_add(text, "U+%04" PRIX64 " is no character", report->value);
    }
}

static void add_too_many(struct text *text, const struct exi_report *report) {
    if (report->value) {
        text_add(text, "%" PRIu64 " items; expected at most %" PRIu64, report->value,
                 report->limit);
    } else {
        text_add(text, "more than %" PRIu64 " items", report->limit);
    }
}

static void add_event(struct text *text, const struct exi_report *report) {
    struct names names = {0};
    if (!report->roots) {
        text_add(text, "undeclared event code %" PRIu64, report->value);
        return;
    }
    text_add(text, "root element number %" PRIu64 "; expected ", report->value);
    take_roots(&names, report);
    text_names(text, &names);
}

/* The errors that need no figures. */
static const char *const sentences[] = {
    [EXI_OK] = "no error",
    [EXI_E_TRUNCATED] = "the stream ends too early",
    [EXI_E_UNDECLARED] = "undeclared content",
    [EXI_E_BARE] = "the abstract head of a substitution group",
    [EXI_E_WILDCARD] = "content of a wildcard or mixed text is not supported",
    [EXI_E_HIT] = "a string table hit that points to nothing",
    [EXI_E_ORDER] = "an element in a place that the record does not have",
    [EXI_E_OUTPUT] = "the output buffer is too small",
    [EXI_E_RECORD] = "more values than the record has places",
    [EXI_E_DOCUMENT] = "a message is an object with one key, its root element",
    [EXI_E_TWICE] = "there is one already",
};

static void add_reason(struct text *text, const struct exi_report *report) {
    switch (report->code) {
    case EXI_E_HEADER:
        text_add(text, "EXI header 0x%02x; expected 0x80", (unsigned)report->value);
        break;
    case EXI_E_EVENT: add_event(text, report); break;
    case EXI_E_ROOT: add_root(text, report); break;
    case EXI_E_RANGE: add_range(text, report); break;
    case EXI_E_VALUE: add_value(text, report); break;
    case EXI_E_LENGTH: add_length(text, report); break;
    case EXI_E_CHARACTER: add_character(text, report); break;
    case EXI_E_TOO_MANY: add_too_many(text, report); break;
    case EXI_E_DEPTH:
        text_add(text, "more than %d elements within each other", EXI_MAX_DEPTH);
        break;
    case EXI_E_MISSING:
        add_field(text, report);
        text_add(text, " is missing");
        break;
    case EXI_E_UNEXPECTED:
        add_field(text, report);
        text_add(text, " may not stand here");
        break;
    case EXI_E_TYPE:
    case EXI_E_CLASS:
        text_add(text, "expected ");
        add_wanted(text, report);
        add_found(text, report);
        break;
    case EXI_E_LIST:
        text_add(text, "expected a list");
        add_found(text, report);
        break;
    case EXI_E_UNKNOWN: add_unknown(text, report); break;
    case EXI_E_DIGITS: add_digits(text, report); break;
    case EXI_E_JSON:
        text_add(text, "not JSON: %s at octet %" PRIu64, report->found, report->value);
        break;
    default: text_add(text, "%s", sentences[report->code]);
    }
}

/* --- what would have been right --- */
/* Name what would have been read next. */
static void take_awaited(struct names *names, const struct exi_report *report) {
    if (!report->depth) {
        names_take(names, "", report->root ? "the end of the fragment" : "a message");
    } else if (report->type >= 0) {
        names_take(names, "", kind_of(report->schema, (uint16_t)report->type));
    } else if (report->state >= 0) {
        take_productions(names, report);
    } else {
        names_take(names, "", "the end");
    }
}

static void add_expected(struct text *text, const struct exi_report *report) {
    struct names names = {0};
    switch (report->code) {
    case EXI_E_EVENT:
        if (report->roots) return;
        take_awaited(&names, report);
        break;
    case EXI_E_TRUNCATED:
    case EXI_E_UNDECLARED:
    case EXI_E_UNEXPECTED: take_awaited(&names, report); break;
    case EXI_E_VALUE: take_values(&names, report); break;
    case EXI_E_BARE:
        take_members(&names, report->schema, &report->schema->fields[report->field]);
        break;
    default: return;
    }
    if (names.count) text_add(text, "; expected ");
    text_names(text, &names);
    if (report->code == EXI_E_TRUNCATED && report->limit) {
        const struct exi_type *type = &report->schema->types[report->type];
        text_add(text, " of %" PRIu64 " %s", report->limit, unit_of(type, report->limit == 1));
    }
}

void exi_describe(const struct exi_report *report, char *text, size_t size) {
    struct text to;
    text_begin(&to, text, size);
    text_path(&to, report->schema, report->path, report->depth);
    if (report->depth) text_add(&to, ": ");
    add_reason(&to, report);
    add_expected(&to, report);
    text_end(&to);
}

void exi_describe_path(const struct exi_report *report, char *text, size_t size) {
    struct text to;
    text_begin(&to, text, size);
    text_path(&to, report->schema, report->path, report->depth);
    text_end(&to);
}

/* --- warnings --- */
static void add_leniency(struct text *text, const struct exi_warning *warning) {
    const char *s = warning->value == 1 ? "" : "s";
    switch ((enum exi_leniency)warning->kind) {
    case EXI_W_TRAILING:
        text_add(text, "%" PRIu64 " byte%s after the end of the message", warning->value, s);
        break;
    case EXI_W_BARE: text_add(text, "abstract head read as an empty element"); break;
    case EXI_W_FULL_LIST:
        text_add(text, "a full list of %" PRIu64 " items ends like one that is not full",
                 warning->value);
        break;
    case EXI_W_EMPTY: text_add(text, "empty value without a characters event"); break;
    case EXI_W_HIT: text_add(text, "string table hit"); break;
    case EXI_W_ZEROS: text_add(text, "superfluous zero groups in an integer"); break;
    }
}

void exi_describe_warning(const struct exi_report *report, const struct exi_warning *warning,
                          char *text, size_t size) {
    struct text to;
    text_begin(&to, text, size);
    text_path(&to, report->schema, warning->path, warning->depth);
    if (warning->depth) text_add(&to, ": ");
    add_leniency(&to, warning);
    text_end(&to);
}

void exi_describe_warning_path(const struct exi_report *report, const struct exi_warning *warning,
                               char *text, size_t size) {
    struct text to;
    text_begin(&to, text, size);
    text_path(&to, report->schema, warning->path, warning->depth);
    text_end(&to);
}
