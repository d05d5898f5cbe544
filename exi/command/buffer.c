#include "buffer.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"

#define FIRST_CAPACITY 4096

void buffer_reserve(struct buffer *buffer, size_t capacity) {
    if (capacity <= buffer->capacity) return;
    size_t larger = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
    while (larger < capacity) larger *= 2;
    uint8_t *data = realloc(buffer->data, larger);
    if (!data) {
        fputs(PROGRAM ": out of memory\n", stderr);
        exit(STATUS_FILES);
    }
    buffer->data = data;
    buffer->capacity = larger;
}

void buffer_free(struct buffer *buffer) {
    free(buffer->data);
    *buffer = (struct buffer){.data = NULL};
}

void buffer_add(struct buffer *buffer, const void *data, size_t size) {
    buffer_reserve(buffer, buffer->size + size);
    if (size) memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
}

void buffer_add_text(struct buffer *buffer, const char *text) {
    buffer_add(buffer, text, strlen(text));
}

/* Read up to `end`, a character or EOF. */
static enum reading read_until(struct buffer *buffer, FILE *file, int end) {
    bool too_long = false;
    bool any = false;
    int character;
    buffer->size = 0;
    while ((character = getc(file)) != end && character != EOF) {
        any = true;
        too_long |= buffer->size == MAX_MESSAGE_BYTES;
        if (too_long) continue;
        if (buffer->size == buffer->capacity) buffer_reserve(buffer, buffer->size + 1);
        buffer->data[buffer->size++] = (uint8_t)character;
    }
    if (ferror(file)) return READ_FAILED;
    if (character == EOF && end != EOF && !any) return READ_END;
    return too_long ? READ_TOO_LONG : READ_DONE;
}

enum reading buffer_read_line(struct buffer *buffer, FILE *file) {
    return read_until(buffer, file, '\n');
}

enum reading buffer_read_file(struct buffer *buffer, FILE *file) {
    return read_until(buffer, file, EOF);
}

static enum reading ended(FILE *file, bool at_start) {
    if (ferror(file)) return READ_FAILED;
    return at_start ? READ_END : READ_CUT;
}

enum reading buffer_read_frame(struct buffer *buffer, FILE *file) {
    uint8_t head[4];
    size_t got = fread(head, 1, sizeof head, file);
    if (got < sizeof head) return ended(file, got == 0);
    size_t left = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    bool too_long = left > MAX_MESSAGE_BYTES;
    buffer->size = 0;
    while (left) { /* what is too long is passed over, so that the next length is found */
        size_t part = left < FIRST_CAPACITY ? left : FIRST_CAPACITY;
        if (too_long) buffer->size = 0;
        buffer_reserve(buffer, buffer->size + part);
        if (fread(buffer->data + buffer->size, 1, part, file) < part) return ended(file, false);
        buffer->size += part;
        left -= part;
    }
    return too_long ? READ_TOO_LONG : READ_DONE;
}

static bool is_blank(unsigned character) {
    return character == ' ' || (character >= '\t' && character <= '\r');
}

void buffer_strip(const struct buffer *buffer, const uint8_t **start, size_t *size) {
    *start = buffer->data;
    *size = buffer->size;
    while (*size && is_blank(**start)) {
        ++*start;
        --*size;
    }
    while (*size && is_blank((*start)[*size - 1])) --*size;
}
