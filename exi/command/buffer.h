/* Bytes that grow as needed. Where there is no more memory the program ends. */
#ifndef BUFFER_H
#define BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MAX_MESSAGE_BYTES (16u << 20) /* of a line, a file, a request */

struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

enum reading {
    READ_DONE,
    READ_TOO_LONG, /* passed over */
    READ_END,      /* nothing is left */
    READ_CUT,      /* the end comes too early */
    READ_FAILED,   /* errno says why */
};

/* See that there is room for `capacity` bytes in all. */
void buffer_reserve(struct buffer *buffer, size_t capacity);

/* Give the memory back. */
void buffer_free(struct buffer *buffer);

void buffer_add(struct buffer *buffer, const void *data, size_t size);
void buffer_add_text(struct buffer *buffer, const char *text);

/* Read up to the end of a line or file, which is not kept. */
enum reading buffer_read_line(struct buffer *buffer, FILE *file);
enum reading buffer_read_file(struct buffer *buffer, FILE *file);

/* Read four octets of length, most significant first, and as many more. */
enum reading buffer_read_frame(struct buffer *buffer, FILE *file);

/* Take blanks off both ends. */
void buffer_strip(const struct buffer *buffer, const uint8_t **start, size_t *size);

#endif
