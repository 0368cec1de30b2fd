/**
 * The one decision that guards every door: may this viewer do this to this row? Built once from the
 * schema's policies; a policy that does not parse or check stops the start. No policy: denied. [P1] [P3]
 */
import type { JsonObject } from '../base/json.ts';
import type { Schema } from '../schema/define-schema.ts';
import { checkExpression } from './check.ts';
import { compileExpression, type Facts } from './evaluate.ts';
import { type Explanation, explainExpression, NO_CLAUSE } from './explain.ts';
import { type Expression, walk } from './expression.ts';
import { parseExpression } from './parse.ts';
import { compileSql, NO_ROWS, type SqlClause, type SqlFacts } from './to-sql.ts';
import { type Viewer, viewerKey } from './viewer.ts';

export type AccessAction = 'read' | 'insert' | 'update' | 'delete';

/** `data` is the row, or the new row; `existing` the old one of an update. */
export interface Images {
  readonly data: JsonObject;
  readonly existing?: JsonObject;
}

/** Which rows a viewer may read, at one moment: `clause` in SQL and `allows` agree on every row. [P2] */
export interface ReadFilter {
  readonly clause: SqlClause;
  allows(data: JsonObject): boolean;
}

interface Rule {
  readonly text: string;
  readonly expression: Expression;
  readonly decide: (facts: Facts) => boolean;
}

const NO_ROW: JsonObject = {};
const CLAUSES = {
  read: 'allowRead',
  insert: 'allowInsert',
  update: 'allowUpdate',
  delete: 'allowDelete',
} as const;
const NOTHING: ReadFilter = { clause: NO_ROWS, allows: () => false };

export class Access {
  readonly #rules = new Map<string, Rule>();
  readonly #clauses = new Map<string, (facts: SqlFacts) => SqlClause>();
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
        checkExpression(expression, entity, CLAUSES[action]);
        const decide = compileExpression(expression);
        this.#rules.set(`${action} ${entity.name}`, { text, expression, decide });
        if (action !== 'read') continue;
        this.#clauses.set(entity.name, compileSql(expression, entity));
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
    return rule?.decide(this.#facts(viewer, images)) ?? false;
  }

  /** For reading rows in number: SQL leaves out what `allows` would refuse, so that a limit is one. */
  reads(entity: string, viewer: Viewer): ReadFilter {
    const rule = this.#rules.get(`read ${entity}`);
    const clauseFor = this.#clauses.get(entity);
    if (!rule || !clauseFor) return NOTHING;
    const facts = this.#facts(viewer, { data: NO_ROW });
    return { clause: clauseFor(facts), allows: (data) => rule.decide({ ...facts, data }) };
  }

  /** The decision of `may` with the value of every part of the policy. Never throws. */
  explain(action: AccessAction, entity: string, viewer: Viewer, images: Images): Explanation {
    const rule = this.#rules.get(`${action} ${entity}`);
    if (!rule) return NO_CLAUSE;
    return explainExpression(rule.text, rule.expression, this.#facts(viewer, images));
  }

  /** Viewers with equal keys see the same rows of every entity, and may share one encoding. */
  audienceKey(viewer: Viewer): string {
    return this.#readsIdentity.size === 0 ? '' : viewerKey(viewer);
  }

  #facts(viewer: Viewer, { data, existing = NO_ROW }: Images): Facts {
    return { auth: viewer, data, existing, input: NO_ROW, now: this.#now() };
  }
}
