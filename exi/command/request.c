/* One request: an object of JSON, and the answer to it. */
#include <stdarg.h>
#include <string.h>

#include "json_text.h"
#include "serve.h"

enum key { KEY_ID, KEY_OP, KEY_SCHEMA, KEY_EXI, KEY_MESSAGE, KEY_LENIENT, KEY_FRAGMENT, KEYS };

static const char *const key_names[KEYS] = {"id",      "op",      "schema",  "exi",
                                            "message", "lenient", "fragment"};

enum operation { OP_DECODE, OP_ENCODE, OP_SCHEMAS, OPS };

static const char *const op_names[OPS] = {"decode", "encode", "schemas"};

/* The keys of each, one bit for each. */
static const unsigned required_keys[OPS] = {
    [OP_DECODE] = 1u << KEY_SCHEMA | 1u << KEY_EXI,
    [OP_ENCODE] = 1u << KEY_SCHEMA | 1u << KEY_MESSAGE,
};
static const unsigned other_keys[OPS] = {
    [OP_DECODE] = 1u << KEY_LENIENT | 1u << KEY_FRAGMENT,
    [OP_ENCODE] = 1u << KEY_FRAGMENT,
};

struct request {
    struct json_cursor values[KEYS]; /* `at` is NULL: absent */
    enum operation operation;
    struct options options;
};

__attribute__((format(printf, 2, 3))) static bool fail(struct server *server, const char *format,
                                                       ...) {
    struct outcome *outcome = &server->outcome;
    va_list arguments;
    outcome->has_bit = outcome->warned = false;
    va_start(arguments, format);
    vsnprintf(outcome->error, sizeof outcome->error, format, arguments);
    va_end(arguments);
    return false;
}

static bool has(const struct request *request, enum key key) {
    return request->values[key].at != NULL;
}

/* --- reading --- */
/* Find which of the words the string that comes is; `count`: none of them. */
static unsigned find_word(struct json_cursor string, const char *const *words, unsigned count) {
    unsigned i = 0;
    while (i < count && !json_string_is(string, 0, words[i], strlen(words[i]))) i++;
    return i;
}

static bool note_key(struct server *server, struct request *request, struct json_cursor key) {
    struct json_cursor after = key;
    unsigned known = find_word(key, key_names, KEYS);
    json_skip(&after);
    if (known == KEYS) {
        int size = after.at - key.at < 100 ? (int)(after.at - key.at) : 100;
        return fail(server, "%.*s: no key of a request", size, (const char *)key.at);
    }
    if (has(request, (enum key)known)) {
        return fail(server, "%s stands twice in the request", key_names[known]);
    }
    json_take(&after, ':');
    json_peek(&after);
    request->values[known] = after;
    return true;
}

/* Note where the values are. All keys are looked at even so, so that the answer has the id. */
static bool note_keys(struct server *server, struct request *request, struct json_cursor in) {
    bool good = true;
    if (!json_take(&in, '{')) return fail(server, "a request is an object");
    while (!json_take(&in, '}')) {
        json_peek(&in);
        bool is_id = json_string_is(in, 0, "id", 2);
        if (good || (is_id && !has(request, KEY_ID))) good &= note_key(server, request, in);
        json_skip(&in);
        json_take(&in, ':');
        json_skip(&in);
        json_take(&in, ',');
    }
    return good;
}

static bool expect(struct server *server, const struct request *request, enum key key,
                   unsigned first, const char *what) {
    struct json_cursor value = request->values[key];
    if (json_peek(&value) == first) return true;
    return fail(server, "%s: expected %s, found %s", key_names[key], what, json_kind(value));
}

static bool read_operation(struct server *server, struct request *request) {
    if (!has(request, KEY_OP)) return fail(server, "op is missing");
    if (!expect(server, request, KEY_OP, '"', "a text")) return false;
    unsigned operation = find_word(request->values[KEY_OP], op_names, OPS);
    if (operation == OPS) return fail(server, "op: there are decode, encode and schemas");
    request->operation = (enum operation)operation;
    for (unsigned key = KEY_SCHEMA; key < KEYS; key++) {
        bool required = required_keys[operation] >> key & 1;
        bool known = required || other_keys[operation] >> key & 1;
        if (required && !has(request, (enum key)key)) {
            return fail(server, "%s is missing", key_names[key]);
        }
        if (!known && has(request, (enum key)key)) {
            return fail(server, "%s: not for %s", key_names[key], op_names[operation]);
        }
    }
    return true;
}

static bool read_boolean(struct server *server, const struct request *request, enum key key,
                         bool *value) {
    struct json_cursor in = request->values[key];
    *value = in.at && json_peek(&in) == 't';
    if (*value || !in.at) return true;
    return expect(server, request, key, 'f', "true or false");
}

static bool read_schema(struct server *server, struct request *request) {
    struct json_cursor name = request->values[KEY_SCHEMA];
    if (!expect(server, request, KEY_SCHEMA, '"', "a text")) return false;
    for (unsigned i = 0; i < exi_schema_count; i++) {
        const char *known = exi_schemas[i]->name;
        if (json_string_is(name, 0, known, strlen(known))) {
            request->options.schema = exi_schemas[i];
            return true;
        }
    }
    bool may_be_auto = request->operation == OP_DECODE && !request->options.fragment;
    if (may_be_auto && json_string_is(name, 0, "auto", 4)) return true;
    return fail(server, "schema: no such schema");
}

static bool read_options(struct server *server, struct request *request) {
    struct options *options = &request->options;
    return read_boolean(server, request, KEY_FRAGMENT, &options->fragment) &&
           read_boolean(server, request, KEY_LENIENT, &options->lenient) &&
           read_schema(server, request);
}

/* --- answering --- */
static void add_warnings(struct server *server) {
    char text[EXI_MAX_TEXT];
    struct buffer *answer = &server->answer;
    buffer_add_text(answer, ",\"warnings\":[");
    for (unsigned i = 0; describe_warning(&server->outcome, i, text); i++) {
        if (i) buffer_add_text(answer, ",");
        add_string(text, strlen(text), answer);
    }
    buffer_add_text(answer, "]");
}

static bool decode(struct server *server, const struct request *request) {
    struct json_cursor exi = request->values[KEY_EXI];
    struct buffer *text = &server->outcome.out;
    struct buffer *stream = &server->stream;
    if (!expect(server, request, KEY_EXI, '"', "a text")) return false;
    buffer_reserve(text, server->in.size);
    json_read_string(&exi, text->data, text->capacity, &text->size);
    if (!from_form(FORM_HEX, text->data, text->size, stream)) {
        return fail(server, "exi: not a text of hexadecimal digits");
    }
    if (!decode_message(&request->options, stream->data, stream->size, &server->outcome)) {
        return false;
    }
    const char *schema = server->outcome.report.schema->name;
    buffer_add_text(&server->answer, "\"message\":");
    buffer_add(&server->answer, server->outcome.out.data, server->outcome.out.size);
    buffer_add_text(&server->answer, ",\"schema\":");
    add_string(schema, strlen(schema), &server->answer);
    add_warnings(server);
    return true;
}

static bool encode(struct server *server, const struct request *request) {
    const struct buffer *out = &server->outcome.out;
    struct json_cursor message = request->values[KEY_MESSAGE];
    struct json_cursor end = message;
    json_skip(&end);
    if (!encode_message(&request->options, (const char *)message.at,
                        (size_t)(end.at - message.at), &server->outcome)) {
        return false;
    }
    buffer_add_text(&server->answer, "\"exi\":\"");
    add_form(FORM_HEX, out->data, out->size, &server->answer);
    buffer_add_text(&server->answer, "\"");
    return true;
}

static bool run(struct server *server, struct request *request) {
    if (request->operation == OP_SCHEMAS) {
        add_schemas(&server->answer);
        return true;
    }
    if (!read_options(server, request)) return false;
    return request->operation == OP_DECODE ? decode(server, request) : encode(server, request);
}

static void add_id(struct server *server, const struct request *request) {
    struct buffer *answer = &server->answer;
    if (!has(request, KEY_ID)) return;
    buffer_add_text(answer, "\"id\":");
    /* The longest escape for what stood there: U+0085 of two octets becomes six. */
    buffer_reserve(answer, answer->size + 3 * server->in.size);
    struct json_writer writer = {(char *)answer->data, answer->capacity, answer->size};
    json_put_value(&writer, request->values[KEY_ID]);
    answer->size = writer.size;
    buffer_add_text(answer, ",");
}

static bool read_request(struct server *server, struct request *request) {
    const uint8_t *text = NULL;
    size_t size = 0;
    struct json_fault fault;
    buffer_strip(&server->in, &text, &size);
    if (!size) return fail(server, "an empty request");
    if (!json_check(text, size, &fault)) {
        return fail(server, "not JSON: %s at octet %zu", fault.reason, fault.offset);
    }
    return note_keys(server, request, (struct json_cursor){text, text + size});
}

void answer_request(struct server *server) {
    struct request request = {.options = {.direction = DECODE}};
    struct buffer *answer = &server->answer;
    answer->size = 0;
    buffer_add_text(answer, "{");
    bool good = read_request(server, &request);
    add_id(server, &request);
    good = good && read_operation(server, &request) && run(server, &request);
    if (!good) add_error(&server->outcome, answer);
    buffer_add_text(answer, "}");
}

void answer_error(struct server *server, const char *why) {
    struct buffer *answer = &server->answer;
    fail(server, "%s", why);
    answer->size = 0;
    buffer_add_text(answer, "{");
    add_error(&server->outcome, answer);
    buffer_add_text(answer, "}");
}
