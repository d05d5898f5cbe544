/* What a report keeps of the input. */
#ifndef EXI_REPORT_H
#define EXI_REPORT_H

#include "exi.h"

/* Note a text or number of the input, which is wrong, or its beginning. */
void report_quote(struct exi_report *report, const void *bytes, size_t size);

#endif
