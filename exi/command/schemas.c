/* `schemas`: what can be decoded and encoded. */
#include <string.h>

#include "command.h"

static const char *const standards[][2] = {
    {"app", "DIN 70121, ISO 15118: handshake"},
    {"din", "DIN SPEC 70121:2014"},
    {"iso2", "ISO 15118-2:2014"},
    {"iso20-cm", "ISO 15118-20:2022, common messages"},
    {"iso20-dc", "ISO 15118-20:2022, DC"},
    {"iso20-ac", "ISO 15118-20:2022, AC"},
    {"iso20-acdp", "ISO 15118-20:2022, ACDP"},
    {"iso20-wpt", "ISO 15118-20:2022, WPT"},
    {"xmldsig", "W3C XML Signature"},
};

const char *standard_of(const struct exi_schema *schema) {
    for (size_t i = 0; i < sizeof standards / sizeof *standards; i++) {
        if (!strcmp(standards[i][0], schema->name)) return standards[i][1];
    }
    return "";
}

/* --- names of elements --- */
/* Called with each name and what was handed on. */
typedef void visitor(struct exi_text name, void *context);

/* The group of elements in a root's Body, of which each is a message of its own, or NULL. */
static const struct exi_field *body_of(const struct exi_schema *schema, uint16_t type) {
    const struct exi_field *field = &schema->fields[schema->types[type].fields];
    const struct exi_field *end = field + schema->types[type].slots;
    for (; field < end; field++) {
        if (field->role != EXI_ELEMENT) continue;
        const struct exi_type *body = &schema->types[field->type];
        bool is_body = !strcmp(exi_name(schema, field->name).text, "Body");
        if (is_body && body->slots == 1) return &schema->fields[body->fields];
    }
    return NULL;
}

static void visit_messages(const struct exi_schema *schema, visitor *visit, void *context) {
    for (unsigned i = 0; i < schema->document.count; i++) {
        const struct exi_root *root = &schema->document.roots[i];
        if (root->type == EXI_NO_TYPE) continue;
        const struct exi_field *body = body_of(schema, root->type);
        if (!body) visit(exi_name(schema, root->name), context);
        for (unsigned member = 0; body && member < body->members; member++) {
            uint16_t type = schema->members[body->type + member];
            visit(exi_name(schema, schema->types[type].name), context);
        }
    }
}

static void visit_fragments(const struct exi_schema *schema, visitor *visit, void *context) {
    for (unsigned i = 0; i < schema->fragment.count; i++) {
        const struct exi_root *root = &schema->fragment.roots[i];
        if (root->type != EXI_NO_TYPE) visit(exi_name(schema, root->name), context);
    }
}

/* --- for people --- */
static void count_name(struct exi_text name, void *context) {
    (void)name;
    ++*(unsigned *)context;
}

int run_schemas(void) {
    static const char head[] =
        "NAME        STANDARD                             MESSAGES  FRAGMENTS\n";
    print(head, sizeof head - 1);
    for (unsigned i = 0; i < exi_schema_count; i++) {
        const struct exi_schema *schema = exi_schemas[i];
        char line[128];
        unsigned messages = 0;
        unsigned fragments = 0;
        visit_messages(schema, count_name, &messages);
        visit_fragments(schema, count_name, &fragments);
        snprintf(line, sizeof line, "%-10s  %-35s  %8u  %9u\n", schema->name, standard_of(schema),
                 messages, fragments);
        print(line, strlen(line));
    }
    return STATUS_OK;
}

/* --- for programs --- */
/* Add a name to a list of JSON, after a comma where it is not the first. */
static void add_name(struct exi_text name, void *context) {
    struct buffer *out = context;
    if (out->data[out->size - 1] != '[') buffer_add_text(out, ",");
    add_string(name.text, name.length, out);
}

void add_schemas(struct buffer *out) {
    buffer_add_text(out, "\"schemas\":[");
    for (unsigned i = 0; i < exi_schema_count; i++) {
        const struct exi_schema *schema = exi_schemas[i];
        const char *standard = standard_of(schema);
        buffer_add_text(out, i ? ",{\"name\":" : "{\"name\":");
        add_string(schema->name, strlen(schema->name), out);
        buffer_add_text(out, ",\"standard\":");
        add_string(standard, strlen(standard), out);
        buffer_add_text(out, ",\"messages\":[");
        visit_messages(schema, add_name, out);
        buffer_add_text(out, "],\"fragments\":[");
        visit_fragments(schema, add_name, out);
        buffer_add_text(out, "]}");
    }
    buffer_add_text(out, "]");
}
