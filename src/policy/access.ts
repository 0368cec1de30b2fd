/**
 * The one decision that guards every door: may this viewer do this to this row? Built once from the
 * schema's policies; a policy that does not parse or check stops the start. No policy: denied. [P1] [P3]
 */
import type { JsonObject } from '../base/json.ts';
import type { Schema } from '../schema/define-schema.ts';
import { checkExpression } from './check.ts';
import { type Dependency, dependenciesOf, type Turn, type WitnessSource } from './dependency.ts';
import { compileExpression, type Facts, NO_ROW, NO_WITNESSES, type Witnesses } from './evaluate.ts';
import { type Explanation, explainExpression, NO_CLAUSE } from './explain.ts';
import { type Exists, type Expression, walk } from './expression.ts';
import { parseExpression } from './parse.ts';
import { compileSql, NO_ROWS, type SqlClause, type SqlFacts } from './to-sql.ts';
import { type Viewer, viewerKey } from './viewer.ts';

export type AccessAction = 'read' | 'insert' | 'update' | 'delete';

/** `data` is the row, or the new row; `existing` the old one of an update. */
export interface Images {
  readonly data: JsonObject;
  readonly existing?: JsonObject;
  /** Rows for the policy's `exists`; without them a policy that has one denies. */
  readonly witnesses?: Witnesses | undefined;
}

/** A question about one row whose answer may lie in other rows. */
export interface Question extends Images {
  readonly action: AccessAction;
  readonly entity: string;
  readonly viewer: Viewer;
}

/** Which rows a viewer may read, at one moment: `clause` in SQL and `allows` agree on every row. [P2] */
export interface ReadFilter {
  readonly clause: SqlClause;
  /**
   * Looks once more at a row that `clause` let pass. Of a policy with `exists` it says true: only the
   * database knows the other rows, and the clause has just asked it, at the same moment.
   */
  allows(data: JsonObject): boolean;
}

interface Rule {
  readonly text: string;
  readonly expression: Expression;
  readonly decide: (facts: Facts) => boolean;
  readonly dependencies: readonly Dependency[];
}

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
        checkExpression(expression, { schema, entity, clause: CLAUSES[action] });
        const decide = compileExpression(expression);
        const dependencies = dependenciesOf(expression, entity, schema);
        this.#rules.set(`${action} ${entity.name}`, { text, expression, decide, dependencies });
        if (action !== 'read') continue;
        this.#clauses.set(entity.name, compileSql(expression, entity, schema));
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

  /**
   * As `may`, and reads for `exists` what it needs; without one the answer is there at once. A read that
   * fails is thrown: nothing is allowed then.
   */
  decide(question: Question, source: WitnessSource): boolean | Promise<boolean> {
    const { action, entity, viewer } = question;
    if (this.dependencies(action, entity).length === 0) return this.may(action, entity, viewer, question);
    return this.witnesses(question, source).then((witnesses) =>
      this.may(action, entity, viewer, { ...question, witnesses }),
    );
  }

  /** For each `exists` of the policy a row that meets it, if there is one; undefined where it has none. */
  async witnesses(question: Question, source: WitnessSource): Promise<Witnesses | undefined> {
    const dependencies = this.dependencies(question.action, question.entity);
    if (dependencies.length === 0) return undefined;
    const facts = this.#facts(question.viewer, question);
    const found = new Map<Exists, readonly JsonObject[]>();
    for (const dependency of dependencies)
      found.set(dependency.exists, await dependency.find(source, facts, 1));
    return (exists, viewer) => found.get(exists) ?? NO_WITNESSES(exists, viewer);
  }

  /** What the decision about a row looks up in other rows. */
  dependencies(action: AccessAction, entity: string): readonly Dependency[] {
    return this.#rules.get(`${action} ${entity}`)?.dependencies ?? [];
  }

  /** Whether a change of a row of `changed` can turn what anybody may do to this row of `entity`. */
  turns(changed: string, turn: Turn, { entity, data }: { entity: string; data: JsonObject }): boolean {
    return (Object.keys(CLAUSES) as AccessAction[])
      .flatMap((action) => this.dependencies(action, entity))
      .some((dependency) => dependency.entity === changed && dependency.reaches(data, turn));
  }

  /** For reading rows in number: SQL leaves out what `allows` would refuse, so that a limit is one. */
  reads(entity: string, viewer: Viewer): ReadFilter {
    const rule = this.#rules.get(`read ${entity}`);
    const clauseFor = this.#clauses.get(entity);
    if (!rule || !clauseFor) return NOTHING;
    const facts = this.#facts(viewer, { data: NO_ROW });
    const allows = (data: JsonObject) => rule.decide({ ...facts, data });
    return { clause: clauseFor(facts), allows: rule.dependencies.length === 0 ? allows : () => true };
  }

  /** The decision of `may` with the value of every part of the policy. Never throws. */
  explain(action: AccessAction, entity: string, viewer: Viewer, images: Images): Explanation {
    const rule = this.#rules.get(`${action} ${entity}`);
    if (!rule) return NO_CLAUSE;
    return explainExpression(rule.text, rule.expression, this.#facts(viewer, images));
  }

  /** Whether who looks makes a difference to which rows of `entity` there are. */
  readsIdentity(entity: string): boolean {
    return this.#readsIdentity.has(entity);
  }

  /** Viewers with equal keys see the same rows of every entity, and may share one encoding. */
  audienceKey(viewer: Viewer): string {
    return this.#readsIdentity.size === 0 ? '' : viewerKey(viewer);
  }

  #facts(viewer: Viewer, { data, existing = NO_ROW, witnesses = NO_WITNESSES }: Images): Facts {
    return { auth: viewer, data, existing, input: NO_ROW, row: NO_ROW, witnesses, now: this.#now() };
  }
}
