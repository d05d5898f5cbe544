/* `decode` and `encode`: files and their lines, one line of output for each message. */
#include <errno.h>
#include <string.h>

#include "command.h"

struct filter {
    const struct options *options;
    const char *file;         /* being read */
    struct buffer in;
    struct buffer stream;     /* EXI that came as text */
    struct buffer line;       /* of output */
    struct outcome outcome;
    unsigned long number;     /* of the line */
    unsigned long good, failed, warnings;
    bool unreadable;          /* one of the files */
};

static bool fail(struct filter *filter, const char *why) {
    struct outcome *outcome = &filter->outcome;
    outcome->has_bit = outcome->warned = false;
    snprintf(outcome->error, sizeof outcome->error, "%s", why);
    return false;
}

static bool nothing(struct filter *filter) {
    return fail(filter, filter->options->whole_files ? "an empty file" : "an empty line");
}

static bool no_text(struct filter *filter) {
    bool hex = filter->options->form == FORM_HEX;
    if (filter->options->whole_files) {
        return fail(filter, hex ? "not a file of hexadecimal digits" : "not a file of base64");
    }
    return fail(filter, hex ? "not a line of hexadecimal digits" : "not a line of base64");
}

static bool decode(struct filter *filter, const uint8_t *text, size_t size) {
    struct buffer *stream = &filter->stream;
    if (!from_form(filter->options->form, text, size, stream)) return no_text(filter);
    return decode_message(filter->options, stream->data, stream->size, &filter->outcome);
}

/* Convert what was read. */
static bool convert(struct filter *filter) {
    const uint8_t *text = filter->in.data;
    size_t size = filter->in.size;
    bool decoding = filter->options->direction == DECODE;
    if (!decoding || filter->options->form != FORM_RAW) buffer_strip(&filter->in, &text, &size);
    if (!size) return nothing(filter);
    if (decoding) return decode(filter, text, size);
    return encode_message(filter->options, (const char *)text, size, &filter->outcome);
}

/* Put the output together: raw EXI stands alone, everything else is a line. */
static void add_output(struct filter *filter, bool done) {
    struct buffer *line = &filter->line;
    const struct buffer *out = &filter->outcome.out;
    enum form form = filter->options->form;
    line->size = 0;
    if (!done) {
        buffer_add_text(line, "{");
        add_error(&filter->outcome, line);
        buffer_add_text(line, "}\n");
    } else if (filter->options->direction == DECODE) {
        buffer_add(line, out->data, out->size);
        buffer_add_text(line, "\n");
    } else {
        add_form(form, out->data, out->size, line);
        if (form != FORM_RAW) buffer_add_text(line, "\n");
    }
}

static void print_warnings(struct filter *filter) {
    char text[EXI_MAX_TEXT];
    for (unsigned i = 0; describe_warning(&filter->outcome, i, text); i++) {
        if (filter->options->whole_files) {
            fprintf(stderr, "%s: warning: %s\n", filter->file, text);
        } else {
            fprintf(stderr, "line %lu: warning: %s\n", filter->number, text);
        }
        filter->warnings++;
    }
}

static void answer(struct filter *filter, enum reading reading) {
    bool done = reading == READ_TOO_LONG ? fail(filter, "more than 16 MiB") : convert(filter);
    add_output(filter, done);
    print(filter->line.data, filter->line.size);
    print_warnings(filter);
    filter->good += done;
    filter->failed += !done;
}

/* Answer every line of a file, or all of it at once. */
static enum reading read_open(struct filter *filter, FILE *file) {
    enum reading reading;
    if (filter->options->whole_files) {
        reading = buffer_read_file(&filter->in, file);
        if (reading != READ_FAILED) answer(filter, reading);
        return reading;
    }
    while ((reading = buffer_read_line(&filter->in, file)) <= READ_TOO_LONG) {
        filter->number++;
        answer(filter, reading);
    }
    return reading;
}

static void read_file(struct filter *filter, const char *name) {
    bool standard = !strcmp(name, "-");
    FILE *file = standard ? stdin : fopen(name, "rb");
    filter->file = standard ? "standard input" : name;
    if (!file || read_open(filter, file) == READ_FAILED) {
        complain(filter->file);
        filter->unreadable = true;
    }
    if (file && !standard) fclose(file);
}

int run_filter(const struct options *options) {
    struct filter filter = {.options = options};
    for (int i = 0; i < options->file_count; i++) read_file(&filter, options->files[i]);
    if (!options->file_count) read_file(&filter, "-");
    fprintf(stderr, "%lu %s, %lu failed, %lu warnings\n", filter.good,
            options->direction == DECODE ? "decoded" : "encoded", filter.failed, filter.warnings);
    buffer_free(&filter.in);
    buffer_free(&filter.stream);
    buffer_free(&filter.line);
    free_outcome(&filter.outcome);
    if (filter.unreadable) return STATUS_FILES;
    return filter.failed ? STATUS_FAILED : STATUS_OK;
}
