/**
 * The one decision that guards every door: may this viewer do this to this row? Built once from the
 * schema's policies; a policy that does not parse or check stops the start. No policy: denied. [P1] [P3]
 */
import type { JsonObject } from '../base/json.ts';
import type { Schema } from '../schema/define-schema.ts';
import { checkExpression } from './check.ts';
import { compileExpression, type Facts } from './evaluate.ts';
import { walk } from './expression.ts';
import { parseExpression } from './parse.ts';
import { type Viewer, viewerKey } from './viewer.ts';

export type AccessAction = 'read' | 'insert' | 'update' | 'delete';

/** `data` is the row, or the new row; `existing` the old one of an update. */
export interface Images {
  readonly data: JsonObject;
  readonly existing?: JsonObject;
}

const NO_ROW: JsonObject = {};
const CLAUSES = {
  read: 'allowRead',
  insert: 'allowInsert',
  update: 'allowUpdate',
  delete: 'allowDelete',
} as const;

export class Access {
  readonly #rules = new Map<string, (facts: Facts) => boolean>();
  readonly #readsIdentity = new Set<string>();
  readonly #now: () => number;

  constructor(schema: Schema, now: () => number) {
    this.#now = now;
    for (const policy of schema.policies) {
      const entity = schema.entity(policy.entity);
      for (const action of Object.keys(CLAUSES) as AccessAction[]) {
        const text = policy[CLAUSES[action]];
        if (text === undefined) continue;
        const expression = parseExpression(text);
        checkExpression(expression, entity, action === 'update');
        this.#rules.set(`${action} ${entity.name}`, compileExpression(expression));
        if (action !== 'read') continue;
        walk(expression, (e) => {
          const auth =
            e.kind === 'call' ? e.name.startsWith('auth.') : e.kind === 'path' && e.scope === 'auth';
          if (auth) this.#readsIdentity.add(entity.name);
        });
      }
    }
  }

  may(action: AccessAction, entity: string, viewer: Viewer, images: Images): boolean {
    const rule = this.#rules.get(`${action} ${entity}`);
    if (!rule) return false;
    const { data, existing = NO_ROW } = images;
    return rule({ auth: viewer, data, existing, input: NO_ROW, now: this.#now() });
  }

  /** Viewers with equal keys see the same rows of every entity, and may share one encoding. */
  audienceKey(viewer: Viewer): string {
    return this.#readsIdentity.size === 0 ? '' : viewerKey(viewer);
  }
}
