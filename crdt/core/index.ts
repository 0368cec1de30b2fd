/** `ternion/crdt`: the documents' wire, for those who speak it themselves. Runs everywhere. */
export {
  containerOf,
  counterOf,
  listOf,
  mapOf,
  movableListOf,
  type Register,
  registerOf,
  textOf,
  treeOf,
} from './containers.ts';
export { type DocRef, docKey } from './doc-ref.ts';
export {
  type AckLevel,
  type AwarenessState,
  type DocDown,
  decodeDown,
  encodeDown,
  type Joined,
  type JoinKind,
  type Permission,
} from './down-frame.ts';
export { type DocUp, decodeUp, encodeUp, NO_WANTS, type Wants } from './up-frame.ts';
export { decodeVersions, encodeVersions, type Versions } from './versions.ts';
