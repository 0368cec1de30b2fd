/**
 * The protocol number, sent in the handshake and named by the subprotocol. A test pins `wireHash()` to
 * WIRE_HASH: whoever changes the shape of a message raises PROTOCOL and adds a line to the history.
 */
import { fnv1a64 } from '../base/hash.ts';
import { canonicalJson } from '../base/json.ts';
import { clientMessage } from './client-message.ts';
import { serverMessage } from './server-message.ts';

/**
 * History
 *   1  2026-11  first: handshake, calls, pushes, row batches and pages, channels
 *   2  2026-11  calls are answered in parts: `stream`
 *   3  2026-11  live rows and watched queries: `subscribe`, `watch`, `unsubscribe`, `answer`, `dropped`,
 *                 `batch.subs`, `welcome.queried`
 *   4  2026-11  documents: `join.wants`, `joined.spare`, shallow snapshots, `ask` and `told`
 *   5  2026-11  shards: cells by delta and key chunks, levels of detail, interned texts, tails, `resync`
 *   6  2026-11  shards: `spawned`, events of the own step; quaternions, ids, JSON,
 *                 the owner is told all in every frame; tickets, `transfer`, queues, lobbies; inputs tell what
 *                 their player saw
 */
export const PROTOCOL = 6;

/** The hash of all message shapes at PROTOCOL. */
export const WIRE_HASH = '6d325c13fcf148cd';

/** The WebSocket subprotocol of this number. */
export const SUBPROTOCOL = `ternion.${PROTOCOL}`;

/** Prefix of the subprotocol that carries a percent-encoded token, so that none is ever in a URL. */
export const BEARER_PREFIX = 'bearer.';

/** The hash of the shapes of both directions; the parameters are there for its test. */
export function wireHash(client = clientMessage.json, server = serverMessage.json): string {
  return fnv1a64(canonicalJson({ client, server }));
}
