/** How large a policy expression may be. parse.ts refuses what is larger; everything behind it may recurse. */

/** UTF-16 units of text; also bounds how deep the SQL of a chain of `||` gets (SQLite takes 1000 levels). */
export const MAX_EXPRESSION_CHARS = 4096;
/** Parentheses, lists, calls and `!` inside one another. */
export const MAX_EXPRESSION_DEPTH = 32;
/** Items of one list, and arguments of one call. */
export const MAX_LIST_ITEMS = 100;
/** `exists` in one expression: each costs a read for every decision about a row. */
export const MAX_EXISTS = 4;
