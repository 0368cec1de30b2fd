/** Bounds of single fields on a document's channel; both codecs refuse what is over them. [N3] */

/** Bytes of one fragment's data, and of the largest body that travels whole: a tick waits for no more. */
export const FRAGMENT_BYTES = 64 * 1024;
/** Bytes of an encoded version vector: about 20,000 peers. */
export const MAX_VECTOR_BYTES = 256 * 1024;
export const MAX_EPOCH_BYTES = 128;
/** UTF-8 bytes of one awareness state: a cursor, a selection, a name, a colour. */
export const MAX_AWARENESS_BYTES = 4096;
/** UTF-8 bytes of one question about history. */
export const MAX_ASK_BYTES = 64 * 1024;
/** States in one awareness frame. */
export const MAX_AWARENESS_STATES = 1000;
/** UTF-8 bytes of a user id or name beside an awareness state. */
export const MAX_NAME_BYTES = 1024;
