/** A document is guarded as its row is: the read policy to join, the update policy to push. [D5] [P3] */
import type { JsonObject } from '../../src/base/json.ts';
import type { Access } from '../../src/policy/access.ts';
import type { Viewer } from '../../src/policy/viewer.ts';
import type { Permission } from '../core/down-frame.ts';

export interface Question {
  readonly entity: string;
  readonly viewer: Viewer;
  readonly row: JsonObject;
}

/** Null: this viewer may not even know that the document is there. */
export function permissionOf(access: Access, { entity, viewer, row }: Question): Permission | null {
  if (!access.may('read', entity, viewer, { data: row })) return null;
  return access.may('update', entity, viewer, { data: row, existing: row }) ? 'write' : 'read';
}

/** Who a peer id is bound to. [D9] All anonymous viewers are one identity: nothing tells them apart. */
export function ownerOf(viewer: Viewer): string {
  return viewer.userId === null ? 'anonymous' : `user:${viewer.userId}`;
}
