/** `ternion/crdt/server`: documents on a server. */
export { DEFAULT_DOCS, type DocsOptions } from './options.ts';
export { type DocsInstance, type DocsPlugin, docs } from './plugin.ts';
export type { Quarantined } from './quarantine.ts';
export type { QuarantineDesk } from './quarantine-desk.ts';
