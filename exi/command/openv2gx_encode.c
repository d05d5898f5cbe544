/* Encoding in the dialect: `E`, schema letter, message letter, parameters with `_` between. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "openv2gx.h"

#define MAX_PARAMETER 100 /* characters */
#define MAX_JSON 4096
#define MAX_RECORD 4096
#define MAX_STREAM 1024
#define EVCCID_DIGITS 12 /* a MAC address */
#define MAX_SESSION_DIGITS 16

struct parameters {
    char text[OPENV2GX_MAX_PARAMETERS][MAX_PARAMETER];
    unsigned count;
};

/* --- parameters --- */
static bool is_printable(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (text[i] < ' ' || text[i] > '~') return false;
    }
    return true;
}

/* Take the parameters apart. Empty ones would move the others: they are errors. */
static bool take_parameters(struct openv2gx_answer *answer, const char *from,
                            struct parameters *to) {
    while (*from) {
        size_t size = strcspn(++from, "_");
        if (!size && !*from && to->count) break; /* the last one may be closed */
        if (!size || size >= MAX_PARAMETER || to->count == OPENV2GX_MAX_PARAMETERS ||
            !is_printable(from, size)) {
            openv2gx_add(&answer->error, "parameter %u: expected 1 to %d printable characters, and "
                         "%d parameters at most", to->count, MAX_PARAMETER - 1,
                         OPENV2GX_MAX_PARAMETERS);
            return false;
        }
        memcpy(to->text[to->count], from, size);
        to->text[to->count++][size] = 0;
        from += size;
    }
    return true;
}

static void echo_parameters(struct openv2gx_answer *answer, const struct parameters *parameters) {
    char name[32];
    for (unsigned i = 0; i < parameters->count; i++) {
        snprintf(name, sizeof name, "parameter%u", i);
        openv2gx_field(answer, name, parameters->text[i]);
    }
}

/* How many parameters a template has. */
static unsigned wanted(const char *json) {
    unsigned most = 0;
    for (; *json; json++) {
        if (strchr("$@%<", *json) && (unsigned)(json[1] - '0') > most) {
            most = (unsigned)(json[1] - '0');
        }
    }
    return most;
}

/* A number as Python writes it; what comes after the point is cut off. */
static bool whole(const char *text, long *value) {
    char *end = NULL;
    if (strspn(text, "+-.0123456789eE") != strlen(text)) return false;
    double number = strtod(text, &end);
    if (*end || !(number > -2147483648.0 && number < 2147483648.0)) return false;
    *value = (long)number;
    return true;
}

/* --- templates --- */
static bool fill_number(struct openv2gx_answer *answer, struct openv2gx_text *json,
                        unsigned number, const char *text) {
    long value = 0;
    if (!whole(text, &value)) {
        openv2gx_add(&answer->error, "parameter %u: expected a number", number);
        return false;
    }
    openv2gx_add(json, "%ld", value);
    return true;
}

static bool fill_hex(struct openv2gx_answer *answer, struct openv2gx_text *json, unsigned number,
                     const char *text, bool is_session) {
    uint8_t bytes[MAX_SESSION_DIGITS / 2];
    size_t digits = strlen(text);
    bool right = is_session ? digits <= MAX_SESSION_DIGITS : digits == EVCCID_DIGITS;
    if (!right || !openv2gx_hex(text, digits, bytes, sizeof bytes)) {
        const char *expected = is_session ? "a session id of 2, 4 ... 16" : "an EVCCID of 12";
        openv2gx_add(&answer->error, "parameter %u: expected %s hexadecimal digits", number,
                     expected);
        return false;
    }
    openv2gx_add(json, "%s", text);
    return true;
}

/* Take the alternative that the parameter counts to; `from` moves from the first to the end. */
static bool fill_choice(struct openv2gx_answer *answer, struct openv2gx_text *json,
                        unsigned number, const char *text, const char **from) {
    long place = 0, count = 0;
    bool is_whole = whole(text, &place);
    for (; **from && **from != '>'; (*from)++) {
        char letter = **from;
        if (letter == '|') {
            count++;
        } else if (is_whole && count == place) {
            openv2gx_add(json, "%c", letter == '\'' ? '"' : letter);
        }
    }
    if (is_whole && place >= 0 && place <= count) return true;
    openv2gx_add(&answer->error, "parameter %u: expected a number from 0 to %ld", number, count);
    return false;
}

static bool fill(struct openv2gx_answer *answer, struct openv2gx_text *json, const char *from,
                 const struct parameters *parameters) {
    bool good = true;
    for (; *from && good; from++) {
        if (!strchr("$@%<", *from)) {
            openv2gx_add(json, "%c", *from == '\'' ? '"' : *from);
            continue;
        }
        char kind = *from++;
        unsigned number = (unsigned)(*from - '1');
        const char *text = parameters->text[number];
        if (kind == '$') good = fill_number(answer, json, number, text);
        if (kind == '@' || kind == '%') good = fill_hex(answer, json, number, text, kind == '@');
        if (kind == '<') {
            from += 2;
            good = fill_choice(answer, json, number, text, &from);
        }
    }
    return good;
}

/* --- encoding --- */
static void encode_json(struct openv2gx_answer *answer, const struct exi_schema *schema,
                        const char *json, size_t size) {
    uint8_t record[MAX_RECORD], stream[MAX_STREAM];
    struct exi_report report;
    size_t recorded = 0, written = 0;
    static char text[EXI_MAX_TEXT];
    enum exi_code code = exi_from_json(schema, json, size, 0, record, sizeof record, &recorded,
                                       &report);
    if (!code) {
        const char *root = exi_name(schema, report.root->name).text;
        code = exi_encode(schema, root, record, recorded, 0, stream, sizeof stream, &written,
                          &report);
    }
    if (!code) {
        openv2gx_add_hex(&answer->result, stream, written);
        return;
    }
    exi_describe(&report, text, sizeof text);
    openv2gx_add_escaped(&answer->error, text, strlen(text));
}

static const struct openv2gx_template *find_template(char schema, char letter) {
    for (unsigned i = 0; i < openv2gx_template_count; i++) {
        const struct openv2gx_template *template = &openv2gx_templates[i];
        if (template->schema == schema && (!template->letter || template->letter == letter)) {
            return template;
        }
    }
    return NULL;
}

/* Say that a parameter is missing; one that an earlier version did not take gets what that did. */
static bool complete(struct openv2gx_answer *answer, const struct openv2gx_template *template,
                     struct parameters *parameters) {
    unsigned expected = wanted(template->json);
    if (parameters->count == expected) return true;
    openv2gx_add(&answer->error, "%u parameters, expected %u", parameters->count, expected);
    if (!template->missing || parameters->count + 1 != expected) return false;
    snprintf(parameters->text[parameters->count], MAX_PARAMETER, "%s", template->missing);
    openv2gx_add(&answer->error, ": the last one is taken as %s, as of old", template->missing);
    return true;
}

static void say_done(struct openv2gx_answer *answer, const char *name) {
    size_t stem = strlen(name) - 3; /* without Req or Res */
    openv2gx_add(&answer->info, "encode%.*s%s finished", (int)stem, name,
                 strcmp(name + stem, "Req") ? "Response" : "Request");
}

static void encode_template(struct openv2gx_answer *answer, const struct exi_schema *schema,
                            const struct openv2gx_template *template, const char *rest) {
    char space[MAX_JSON];
    struct openv2gx_text json = {.text = space, .capacity = sizeof space};
    struct parameters parameters = {.count = 0};
    if (!take_parameters(answer, rest, &parameters)) return;
    echo_parameters(answer, &parameters);
    if (!complete(answer, template, &parameters)) return;
    if (!fill(answer, &json, template->json, &parameters)) return;
    encode_json(answer, schema, space, json.size);
    if (answer->result.size) say_done(answer, template->name);
}

static const struct exi_schema *schema_of(char letter) {
    switch (letter) {
    case 'H':
    case 'h': return exi_find_schema("app");
    case 'D': return exi_find_schema("din");
    case '1': return exi_find_schema("iso2");
    default: return NULL;
    }
}

void openv2gx_encode(struct openv2gx_answer *answer, const char *argument) {
    char letter = argument[1];
    const struct exi_schema *schema = schema_of(letter);
    size_t size = strlen(argument);
    const struct openv2gx_template *template =
        size > 1 ? find_template(letter, argument[size > 2 ? 2 : size]) : NULL;
    const char *rest = size > 3 ? argument + 3 : "";
    if (letter == '2') {
        openv2gx_add(&answer->error, "schema letter 2 is a draft that nothing speaks, expected 1 "
                                     "for ISO 15118-2");
    } else if (!schema) {
        openv2gx_add(&answer->error, "expected a schema letter after E: H or h (handshake), D (DIN "
                                     "70121) or 1 (ISO 15118-2)");
    } else if (!template) {
        openv2gx_add(&answer->error, "expected a message letter after E%c: A to C or E to L, small "
                                     "for a response", letter);
    } else if (*rest && *rest != '_') {
        openv2gx_add(&answer->error, "expected parameters with a _ before each");
    } else {
        encode_template(answer, schema, template, rest);
    }
}
