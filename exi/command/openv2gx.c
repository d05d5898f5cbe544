/* The dialect's entry: which direction an argument asks for, and the answer as it is printed. */
#include "openv2gx.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "digits.h"

#define THEIR_PROGRAM "OpenV2G"

/* --- texts --- */
void openv2gx_add(struct openv2gx_text *to, const char *format, ...) {
    size_t room = to->capacity - to->size;
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(to->text + to->size, room, format, arguments);
    va_end(arguments);
    size_t size = wanted < 0 ? 0 : (size_t)wanted;
    if (size >= room) {
        to->cut = true;
        size = room - 1;
    }
    to->size += size;
}

void openv2gx_add_hex(struct openv2gx_text *to, const uint8_t *bytes, size_t size) {
    if (to->capacity - to->size <= 2 * size) {
        to->cut = true;
        return;
    }
    digits_to_hex(bytes, size, DIGITS_LOWER, to->text + to->size);
    to->size += 2 * size;
    to->text[to->size] = 0;
}

/* JSON has its own way to write quotes, backslashes and control characters. */
void openv2gx_add_escaped(struct openv2gx_text *to, const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '"' || byte == '\\') {
            openv2gx_add(to, "\\%c", byte);
        } else if (byte < 0x20) {
            openv2gx_add(to, "\\u%04x", byte);
        } else {
            openv2gx_add(to, "%c", byte);
        }
    }
}

/* --- fields --- */
void openv2gx_begin(struct openv2gx_answer *answer, const char *name) {
    openv2gx_add(&answer->properties, ",\n\"%s\": \"", name);
}

void openv2gx_end(struct openv2gx_answer *answer) { openv2gx_add(&answer->properties, "\""); }

void openv2gx_field(struct openv2gx_answer *answer, const char *name, const char *value) {
    openv2gx_begin(answer, name);
    openv2gx_add_escaped(&answer->properties, value, strlen(value));
    openv2gx_end(answer);
}

void openv2gx_number(struct openv2gx_answer *answer, const char *name, long long value) {
    openv2gx_begin(answer, name);
    openv2gx_add(&answer->properties, "%lld", value);
    openv2gx_end(answer);
}

/* --- the answer --- */
/* The blank after the info's comma and the missing line feed at the end are the dialect's. */
static void print_answer(const struct openv2gx_answer *answer) {
    printf("{\n\"msgName\": \"%s\",\n\"info\": \"%s\", \n\"error\": \"%s\",\n\"result\": \"%s\"",
           answer->message, answer->info.text, answer->error.text, answer->result.text);
    printf("%s,\n\"debug\": \"%s\"\n}", answer->properties.text, answer->debug.text);
}

static void run(struct openv2gx_answer *answer, int argc, char *const *argv) {
    const char *argument = argc > 1 ? argv[1] : "";
    if (argc > 2) {
        openv2gx_add(&answer->error, "expected one argument, found %d", argc - 1);
    } else if (argument[0] == 'D') {
        openv2gx_decode(answer, argument);
    } else if (argument[0] == 'E') {
        openv2gx_encode(answer, argument);
    } else {
        openv2gx_add(&answer->error, "expected an argument that begins with D or E");
    }
}

int openv2gx(int argc, char *const *argv) {
    static char info[128], error[2 * EXI_MAX_TEXT], result[65536], debug[4096];
    static char properties[4 * OPENV2GX_MAX_RECORD];
    struct openv2gx_answer answer = {
        .message = "",
        .info = {.text = info, .capacity = sizeof info},
        .error = {.text = error, .capacity = sizeof error},
        .result = {.text = result, .capacity = sizeof result},
        .debug = {.text = debug, .capacity = sizeof debug},
        .properties = {.text = properties, .capacity = sizeof properties},
    };
    run(&answer, argc, argv);
    if (answer.properties.cut || answer.result.cut) {
        properties[0] = result[0] = 0;
        openv2gx_add(&answer.error, "the answer is too long");
    }
    print_answer(&answer);
    if (fflush(stdout) || ferror(stdout)) return STATUS_FILES;
    return answer.error.size ? STATUS_FAILED : STATUS_OK;
}

bool openv2gx_asked(int argc, char *const *argv) {
    const char *name = argc > 0 && argv[0] ? argv[0] : "";
    const char *slash = strrchr(name, '/');
    if (!strncmp(slash ? slash + 1 : name, THEIR_PROGRAM, strlen(THEIR_PROGRAM))) return true;
    return argc > 1 && (argv[1][0] == 'D' || argv[1][0] == 'E');
}
