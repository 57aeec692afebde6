/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exprnode - what a condition is between expr_parse() and expr_match(). Nobody else sees it.
 */
#ifndef NSDEBUG_OUT_EXPRNODE_H
#define NSDEBUG_OUT_EXPRNODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/out/col.h"

enum expr_kind { EXPR_AND, EXPR_OR, EXPR_NOT, EXPR_TRUE, EXPR_COMPARE };
enum expr_op { EXPR_EQ, EXPR_NE, EXPR_LT, EXPR_LE, EXPR_GT, EXPR_GE, EXPR_LIKE, EXPR_UNLIKE };

struct expr_node {
	enum expr_kind kind;
	unsigned int a, b;	/* of EXPR_AND, OR; EXPR_NOT has only a */
	const struct col *rows;	/* COL_ROWS that col is of; NULL: it is the row's own */
	const struct col *col;
	enum expr_op op;
	bool null;		/* compared with: the word null */
	uint64_t u;
	int64_t i;
	uint32_t nsec;
	struct bytes s;		/* owned */
};

struct expr {
	struct expr_node *nodes;
	unsigned int count, root;
};

bool expr_is_text(enum col_type t);

#endif
