/** `ternion/crdt/server`: documents on a server. */
export type { DocChange, HistoryPage, NamedVersion, PageWish } from '../core/history.ts';
export type { DocEntity, DocFields } from './doc-entity.ts';
export { DEFAULT_DOCS, type DocsOptions } from './options.ts';
export { type DocsInstance, type DocsPlugin, docs } from './plugin.ts';
export type { ServerDocs } from './server-docs.ts';
