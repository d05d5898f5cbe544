#include "report.h"

#include <string.h>

void exi_start_report(struct exi_report *report, const struct exi_schema *schema) {
    report->schema = schema;
    report->root = NULL;
    report->roots = NULL;
    report->code = EXI_OK;
    report->bit = 0;
    report->depth = 0;
    report->state = -1;
    report->type = -1;
    report->field = -1;
    report->value = 0;
    report->negative = false;
    report->limit = 0;
    report->found = NULL;
    report->quote.size = 0;
    report->quote.there = false;
    report->warning_count = 0;
    report->full_lists = 0;
}

void report_quote(struct exi_report *report, const void *bytes, size_t size) {
    struct exi_quote *quote = &report->quote;
    quote->there = true;
    quote->cut = size > sizeof quote->bytes;
    quote->size = (uint8_t)(quote->cut ? sizeof quote->bytes : size);
    if (size) memcpy(quote->bytes, bytes, quote->size);
}

const struct exi_schema *exi_find_schema(const char *name) {
    for (unsigned i = 0; i < exi_schema_count; i++) {
        if (!strcmp(exi_schemas[i]->name, name)) return exi_schemas[i];
    }
    return NULL;
}
