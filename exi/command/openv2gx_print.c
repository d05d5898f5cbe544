/* A decoded message as the fields of an answer. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"
#include "openv2gx.h"

#define MAX_NAME 1024 /* of a field: names within names */

/* --- values --- */
static void put_span(struct openv2gx_answer *answer, const char *name, struct record_span span) {
    openv2gx_begin(answer, name);
    openv2gx_add_escaped(&answer->properties, (const char *)span.bytes, span.size);
    openv2gx_end(answer);
}

static void put_hex(struct openv2gx_answer *answer, const char *name, struct record_span span) {
    openv2gx_begin(answer, name);
    openv2gx_add_hex(&answer->properties, span.bytes, span.size);
    openv2gx_end(answer);
}

/* Characters of a text, octets of a binary. */
static long long length(struct openv2gx_value value) {
    struct record_span span = openv2gx_span(value);
    long long count = (long long)span.size;
    if (value.type->kind != EXI_STRING) return count;
    for (size_t i = 0; i < span.size; i++) count -= (span.bytes[i] & 0xc0) == 0x80;
    return count;
}

/* A unit's name; where there is none the dialect says that of number 0, which is "h". */
static void put_unit(struct openv2gx_answer *answer, const char *name,
                     struct openv2gx_value unit) {
    unsigned number = (unsigned)openv2gx_integer(unit);
    struct exi_text text = exi_value(unit.schema, unit.type->first + number);
    openv2gx_begin(answer, name);
    for (unsigned i = 0; i < text.length; i++) { /* W/s is W_s here */
        openv2gx_add(&answer->properties, "%c", text.text[i] == '/' ? '_' : text.text[i]);
    }
    openv2gx_end(answer);
}

/* --- physical values --- */
static const char *part_name(char *to, const char *name, const char *part) {
    snprintf(to, MAX_NAME, "%s.%s", name, part);
    return to;
}

static void put_quantity(struct openv2gx_answer *answer, const char *name,
                         struct openv2gx_value value) {
    char full[MAX_NAME];
    openv2gx_number(answer, part_name(full, name, "Multiplier"),
                    openv2gx_integer(openv2gx_find(value, "Multiplier")));
    openv2gx_number(answer, part_name(full, name, "Value"),
                    openv2gx_integer(openv2gx_find(value, "Value")));
    put_unit(answer, part_name(full, name, "Unit"), openv2gx_find(value, "Unit"));
}

static void put_limit(struct openv2gx_answer *answer, char schema, const char *name,
                      struct openv2gx_value value) {
    char full[MAX_NAME];
    struct openv2gx_value unit = openv2gx_find(value, "Unit");
    openv2gx_number(answer, part_name(full, name, "Value"),
                    openv2gx_integer(openv2gx_find(value, "Value")));
    openv2gx_number(answer, part_name(full, name, "Multiplier"),
                    openv2gx_integer(openv2gx_find(value, "Multiplier")));
    if (schema == 'D') { /* only there a unit may be absent */
        openv2gx_number(answer, part_name(full, name, "Unit_isUsed"), unit.present);
    }
    openv2gx_number(answer, part_name(full, name, "Unit"), openv2gx_integer(unit));
}

/* --- one line --- */
/* A code that says nothing but that it is reserved has no text of its own. */
static void put_status(struct openv2gx_answer *answer, const char *name,
                       struct openv2gx_value value) {
    struct record_span text = openv2gx_span(value);
    if (text.size > 8 && !memcmp(text.bytes, "Reserved", 8)) {
        openv2gx_field(answer, name, "UNKNOWN_STATUS");
    } else {
        put_span(answer, name, text);
    }
}

static void put_flag(struct openv2gx_answer *answer, const char *name,
                     struct openv2gx_value value) {
    long long number = openv2gx_integer(value);
    if (number < 2) openv2gx_number(answer, name, number);
}

/* The same name for each of them: readers of JSON keep the last. */
static void put_services(struct openv2gx_answer *answer, const char *name,
                         struct openv2gx_value list) {
    for (uint32_t i = 0; i < openv2gx_count(list); i++) {
        long long id = openv2gx_integer(openv2gx_find(openv2gx_item(list, i), "ServiceID"));
        openv2gx_begin(answer, name);
        openv2gx_add(&answer->properties, "%u:%lld", (unsigned)i, id);
        openv2gx_end(answer);
    }
}

static bool only_if_present(uint8_t form) {
    return form == OPENV2GX_NUMBER_IF || form == OPENV2GX_TEXT_IF || form == OPENV2GX_TRUE_IF ||
           form == OPENV2GX_LENGTH_IF || form == OPENV2GX_QUANTITY_IF;
}

static void put(struct openv2gx_answer *answer, char schema, const struct openv2gx_line *line,
                struct openv2gx_value value) {
    const char *name = line->name ? line->name : line->path;
    bool is_known = value.type || line->form == OPENV2GX_HEAD;
    if (!is_known || (!value.present && only_if_present(line->form))) return;
    switch ((enum openv2gx_form)line->form) {
    case OPENV2GX_LAST:
    case OPENV2GX_INTO:
    case OPENV2GX_ONLY_WITH: break;
    case OPENV2GX_NUMBER:
    case OPENV2GX_NUMBER_IF: openv2gx_number(answer, name, openv2gx_integer(value)); break;
    case OPENV2GX_TEXT:
    case OPENV2GX_TEXT_IF: put_span(answer, name, openv2gx_span(value)); break;
    case OPENV2GX_STATUS: put_status(answer, name, value); break;
    case OPENV2GX_FLAG_IF: put_flag(answer, name, value); break;
    case OPENV2GX_BOOLEAN:
        openv2gx_field(answer, name, openv2gx_integer(value) ? "true" : "false");
        break;
    case OPENV2GX_USED:
    case OPENV2GX_HEAD: openv2gx_number(answer, name, value.present); break;
    case OPENV2GX_TRUE_IF: openv2gx_field(answer, name, "True"); break;
    case OPENV2GX_HEX: put_hex(answer, name, openv2gx_span(value)); break;
    case OPENV2GX_LENGTH:
    case OPENV2GX_LENGTH_IF: openv2gx_number(answer, name, length(value)); break;
    case OPENV2GX_COUNT: openv2gx_number(answer, name, openv2gx_count(value)); break;
    case OPENV2GX_SERVICES: put_services(answer, name, value); break;
    case OPENV2GX_QUANTITY:
    case OPENV2GX_QUANTITY_IF: put_quantity(answer, name, value); break;
    case OPENV2GX_LIMIT: put_limit(answer, schema, name, value); break;
    }
}

/* --- messages that the dialect does not know: all that is in them --- */
/* An integer of any size: beyond 64 bits its record is bytes. */
static void put_integer(struct openv2gx_answer *answer, const char *name,
                        struct openv2gx_value value) {
    char digits[DECIMAL_MOST_DIGITS + 1];
    bool negative = false;
    uint64_t number = 0;
    struct record_span big;
    openv2gx_begin(answer, name);
    if (record_read_integer(&value.at, &negative, &number)) {
        openv2gx_add(&answer->properties, negative ? "-%" PRIu64 : "%" PRIu64, number + negative);
    } else if (record_read_binary(&value.at, &big) && big.size <= EXI_MAX_BIG_BYTES) {
        size_t size = decimal_write(big.bytes, big.size, digits);
        openv2gx_add(&answer->properties, "%.*s", (int)size, digits);
    }
    openv2gx_end(answer);
}

static void put_leaf(struct openv2gx_answer *answer, const char *name,
                     struct openv2gx_value value) {
    switch ((enum exi_kind)value.type->kind) {
    case EXI_BINARY: put_hex(answer, name, openv2gx_span(value)); break;
    case EXI_ENUM:
    case EXI_STRING: put_span(answer, name, openv2gx_span(value)); break;
    case EXI_NBIT:
    case EXI_UNSIGNED:
    case EXI_INTEGER:
    case EXI_BIG: put_integer(answer, name, value); break;
    default: openv2gx_number(answer, name, openv2gx_integer(value));
    }
}

static void put_everything(struct openv2gx_answer *answer, const char *name,
                           struct openv2gx_value value);

/* NOLINTNEXTLINE(misc-no-recursion): see put_everything */
static void put_items(struct openv2gx_answer *answer, const char *name,
                      struct openv2gx_value list) {
    char full[MAX_NAME];
    for (uint32_t i = 0; i < openv2gx_count(list); i++) {
        snprintf(full, sizeof full, "%s[%u]", name, (unsigned)i);
        put_everything(answer, full, openv2gx_item(list, i));
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): see put_everything */
static void put_slots(struct openv2gx_answer *answer, const char *name,
                      struct openv2gx_value value) {
    char full[MAX_NAME];
    for (unsigned i = 0; i < value.type->slots; i++) {
        const char *own = "";
        struct openv2gx_value inside = openv2gx_slot(value, i, &own);
        snprintf(full, sizeof full, "%s%s%s", name, *name && *own ? "." : "", own);
        put_everything(answer, full, inside);
    }
}

/* Elements lie no deeper in each other than EXI_MAX_DEPTH: so deep this calls itself. */
/* NOLINTNEXTLINE(misc-no-recursion): see above */
static void put_everything(struct openv2gx_answer *answer, const char *name,
                           struct openv2gx_value value) {
    if (!value.type || !value.present) return;
    if (value.list) {
        put_items(answer, name, value);
    } else if (value.type->kind == EXI_COMPLEX) {
        put_slots(answer, name, value);
    } else {
        put_leaf(answer, name, value);
    }
}

/* --- messages --- */
void openv2gx_print(struct openv2gx_answer *answer, char schema, struct openv2gx_value message) {
    const struct openv2gx_line *line = openv2gx_lines(openv2gx_name(&message));
    struct openv2gx_value part = message;
    if (!line) put_everything(answer, "", message);
    for (; line && line->form != OPENV2GX_LAST; line++) {
        if (line->only && line->only != schema) continue;
        if (line->form == OPENV2GX_INTO) {
            part = openv2gx_find(message, line->path);
        } else if (line->form == OPENV2GX_ONLY_WITH) {
            part.present = openv2gx_find(message, line->path).present;
        } else if (part.present) {
            put(answer, schema, line, openv2gx_find(part, line->path));
        }
    }
}

static void print_protocol(struct openv2gx_answer *answer, unsigned number,
                           struct openv2gx_value protocol) {
    struct record_span text = openv2gx_span(openv2gx_find(protocol, "ProtocolNamespace"));
    long long major = openv2gx_integer(openv2gx_find(protocol, "VersionNumberMajor"));
    long long minor = openv2gx_integer(openv2gx_find(protocol, "VersionNumberMinor"));
    long long id = openv2gx_integer(openv2gx_find(protocol, "SchemaID"));
    long long priority = openv2gx_integer(openv2gx_find(protocol, "Priority"));
    char name[32];
    openv2gx_add(&answer->result, "ProtocolEntry#%u ProtocolNamespace=", number + 1);
    openv2gx_add_escaped(&answer->result, (const char *)text.bytes, text.size);
    openv2gx_add(&answer->result, " Version=%lld.%lld SchemaID=%lld Priority=%lld ", major, minor,
                 id, priority);
    snprintf(name, sizeof name, "NameSpace_%u", number);
    put_span(answer, name, text);
    snprintf(name, sizeof name, "Version_%u", number);
    openv2gx_begin(answer, name);
    openv2gx_add(&answer->properties, "%lld.%lld", major, minor);
    openv2gx_end(answer);
    snprintf(name, sizeof name, "SchemaID_%u", number);
    openv2gx_number(answer, name, id);
    snprintf(name, sizeof name, "Priority_%u", number);
    openv2gx_number(answer, name, priority);
}

static void print_offers(struct openv2gx_answer *answer, struct openv2gx_value list) {
    uint32_t count = openv2gx_count(list);
    openv2gx_add(&answer->result, "Vehicle supports %u protocols. ", (unsigned)count);
    openv2gx_number(answer, "AppProtocol_arrayLen", count);
    for (uint32_t i = 0; i < count; i++) print_protocol(answer, i, openv2gx_item(list, i));
}

void openv2gx_print_handshake(struct openv2gx_answer *answer, struct openv2gx_value message) {
    struct openv2gx_value offers = openv2gx_find(message, "AppProtocol");
    if (offers.type) {
        print_offers(answer, offers);
        return;
    }
    struct openv2gx_value id = openv2gx_find(message, "SchemaID");
    openv2gx_add(&answer->result, "ResponseCode %lld, SchemaID_isUsed %d, SchemaID %lld",
                 openv2gx_integer(openv2gx_find(message, "ResponseCode")), id.present,
                 openv2gx_integer(id));
}
