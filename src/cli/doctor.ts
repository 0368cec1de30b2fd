/**
 * `ternion doctor`: whether a database is sound and fits its app, and why a policy decides as it does. Reads
 * only, so a server may run meanwhile.
 */
import { Fault } from '../base/fault.ts';
import { parseJson } from '../base/json.ts';
import { parseShape, s } from '../base/shape.ts';
import { Access, type AccessAction } from '../policy/access.ts';
import type { Explanation, Part } from '../policy/explain.ts';
import { ANONYMOUS, type Viewer } from '../policy/viewer.ts';
import type { AnyEntity } from '../schema/define-schema.ts';
import { describeStep, diff } from '../schema/diff.ts';
import { buildManifest } from '../schema/manifest.ts';
import { nodeEnv } from '../server/node-env.ts';
import { ChangeLog } from '../store/change-log.ts';
import { checkIntegrity } from '../store/integrity.ts';
import { Snapshot } from '../store/store.ts';
import { loadManifest } from '../store/stored-manifest.ts';
import { isTernion, withDatabase } from './database.ts';
import { history } from './inspect.ts';
import { loadApp } from './load-app.ts';
import { type Report, table } from './report.ts';

const ACTIONS: readonly AccessAction[] = ['read', 'insert', 'update', 'delete'];
const MAX_VIEWER_CHARS = 10_000;
const viewerShape = s.object({
  userId: s.optional(s.nullable(s.string())),
  kind: s.optional(s.oneOf('anonymous', 'guest', 'user')),
  roles: s.optional(s.array(s.string())),
  name: s.optional(s.nullable(s.string())),
});

export async function doctorCommand(path: string, flags: { database: string }): Promise<Report> {
  const { schema } = await loadApp(path);
  new Access(schema, () => 0); // throws for a policy that does not parse or check
  return withDatabase(flags.database, 'read', async (driver) => {
    if (!(await isTernion(driver)))
      return { ok: false, lines: [`${flags.database} is no database of Ternion`] };
    const damage = await checkIntegrity(driver, 'full');
    const after = buildManifest(schema);
    const steps = diff(await loadManifest(driver, after), after);
    const silent = schema.entities.filter(
      ({ name }) => !schema.policies.some(({ entity }) => entity === name),
    );
    const lines = [
      ...table(await history(driver, flags.database)),
      '',
      ...(damage.length === 0 ? ['the pages are sound'] : damage.map((line) => `damaged: ${line}`)),
      ...(steps.length === 0
        ? ['the database fits the schema']
        : steps.map((step) => `${step.effect}: ${describeStep(step)}`)),
      ...silent.map(({ name }) => `nobody may read or write ${name}: it has no policy`),
    ];
    if (steps.some(({ effect }) => effect === 'destructive'))
      lines.push(`run: ternion migrate ${path} --dry-run --allow destructive`);
    return { ok: damage.length === 0 && steps.every(({ effect }) => effect === 'additive'), lines };
  });
}

export interface Question {
  readonly database: string;
  readonly action: string;
  readonly entity: string;
  readonly id: string;
  /** JSON of the viewer: `{"userId":"u1","roles":["admin"]}`. Anonymous without it. */
  readonly as?: string | undefined;
}

/** Why a viewer may or may not do this to the row as it is. An update is asked as one that changes nothing. */
export async function explainCommand(path: string, question: Question): Promise<Report> {
  const { schema } = await loadApp(path);
  const action = ACTIONS.find((known) => known === question.action);
  if (!action) throw new Fault('invalid', `the action is one of ${ACTIONS.join(', ')}`);
  const entity = schema.entity(question.entity);
  const viewer = readViewer(question.as);
  const access = new Access(schema, nodeEnv('silent').clock.now);
  return withDatabase(question.database, 'read', async (driver) => {
    const source = new Snapshot(driver, schema, new ChangeLog());
    const data = await source.get(entity.name, question.id);
    if (!data) throw new Fault('not_found', `no ${entity.name} ${question.id}`);
    const images = action === 'update' ? { data, existing: data } : { data };
    const witnesses = await access.witnesses({ action, entity: entity.name, viewer, ...images }, source);
    const told = access.explain(action, entity.name, viewer, { ...images, ...(witnesses && { witnesses }) });
    return { ok: true, lines: describe(told, entity) };
  });
}

function readViewer(text: string | undefined): Viewer {
  if (text === undefined) return ANONYMOUS;
  const given = parseShape(viewerShape, parseJson(text, { maxChars: MAX_VIEWER_CHARS, maxDepth: 4 }), '--as');
  const { userId = null, roles = [], name = null } = given;
  return { userId, roles, name, kind: given.kind ?? (userId === null ? 'anonymous' : 'user') };
}

function describe({ allowed, reason, text, root }: Explanation, entity: AnyEntity): string[] {
  if (reason === 'no_clause') return ['denied: no policy says anything about this'];
  return [`${allowed ? 'allowed' : 'denied'} by: ${text}`, ...(root ? describePart(root, entity, 1) : [])];
}

/** Server-only values stay on the server, also on its operator's screen. */
function describePart({ text, value, parts }: Part, entity: AnyEntity, depth: number): string[] {
  const secret = entity.serverOnlyFields.some(
    (field) => new RegExp(`\\.${field}\\b`).test(text) && parts.length === 0,
  );
  const shown = secret ? '(server-only)' : value === undefined ? 'cannot be found' : JSON.stringify(value);
  return [
    `${'  '.repeat(depth)}${text}  =  ${shown}`,
    ...parts.flatMap((inner) => describePart(inner, entity, depth + 1)),
  ];
}
