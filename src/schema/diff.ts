/**
 * What leads from one schema to another, as a list of steps. Pure; store/migrate.ts takes the steps.
 * An additive step loses nothing and cannot fail on the rows there are, so a start may take it by itself.
 * A destructive one loses data, gives data another name or meaning, or depends on what the rows hold.
 * The order of the steps is that in which they are shown; how they are taken is the store's business.
 */
import { canonicalJson } from '../base/json.ts';
import type { EntityManifest, FieldManifest, IndexManifest, Manifest } from './manifest.ts';

/** Which parts of a field changed. `limits`: lengths and ranges, which bind later writes alone. */
export type FieldPart =
  | 'kind'
  | 'container'
  | 'optional'
  | 'required'
  | 'default'
  | 'target'
  | 'values'
  | 'limits'
  | 'readonly'
  | 'serverOnly';

/** `entity` and `field` are new names, except of what is dropped. */
type Change =
  | { do: 'create entity'; entity: string }
  | { do: 'drop entity'; entity: string }
  | { do: 'rename entity'; entity: string; from: string }
  | { do: 'change sync'; entity: string; to: 'all' | 'query' | 'none' }
  | { do: 'add field'; entity: string; field: string }
  | { do: 'drop field'; entity: string; field: string }
  | { do: 'rename field'; entity: string; field: string; from: string }
  | { do: 'change field'; entity: string; field: string; parts: FieldPart[] }
  | { do: 'create index'; entity: string; index: IndexManifest }
  | { do: 'drop index'; entity: string; index: string };

export type Step = Change & { effect: 'additive' | 'destructive' };

export function diff(before: Manifest, after: Manifest): Step[] {
  const earlier = new Map(before.entities.map((entity) => [entity.name, entity]));
  const kept = renamed(after.renames.entities, earlier, new Map(after.entities.map((e) => [e.name, e])));
  const steps: Step[] = [];
  for (const entity of after.entities) {
    const from = kept.get(entity.name) ?? entity.name;
    const old = earlier.get(from);
    earlier.delete(from);
    if (old) steps.push(...diffEntity(old, entity, after.renames.fields[entity.name] ?? {}));
    else steps.push(...created(entity));
  }
  for (const name of earlier.keys()) steps.push({ do: 'drop entity', entity: name, effect: 'destructive' });
  return steps;
}

/** What a renamed field, or entity, was called: hints that fit both sides, new name to old. */
export function renamed(
  hints: Readonly<Record<string, string>>,
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, from] of Object.entries(hints)) {
    const taken = [...found.values()].includes(from);
    if (!taken && before.has(from) && !before.has(name) && !after.has(from)) found.set(name, from);
  }
  return found;
}

/** One line for people. */
export function describeStep(step: Step): string {
  switch (step.do) {
    case 'rename entity':
      return `rename entity ${step.from} to ${step.entity}`;
    case 'rename field':
      return `rename field ${step.entity}.${step.from} to ${step.field}`;
    case 'change sync':
      return `change sync of ${step.entity} to ${step.to}`;
    case 'change field':
      return `change ${step.parts.join(', ')} of field ${step.entity}.${step.field}`;
    case 'create index':
      return `create ${step.index.unique ? 'unique ' : ''}index ${step.entity}.${step.index.name}`;
    case 'drop index':
      return `drop index ${step.entity}.${step.index}`;
    case 'add field':
    case 'drop field':
      return `${step.do} ${step.entity}.${step.field}`;
    default:
      return `${step.do} ${step.entity}`;
  }
}

/** Whether what clients hold is no longer what they would be sent. */
export function touchesRows(step: Step): boolean {
  if (step.do === 'create entity' || step.do === 'create index' || step.do === 'drop index') return false;
  return step.do !== 'change field' || step.effect === 'destructive' || step.parts.includes('serverOnly');
}

function created(entity: EntityManifest): Step[] {
  const indexes = entity.indexes.map(
    (index): Step => ({ do: 'create index', entity: entity.name, index, effect: 'additive' }),
  );
  return [{ do: 'create entity', entity: entity.name, effect: 'additive' }, ...indexes];
}

function diffEntity(before: EntityManifest, after: EntityManifest, hints: Record<string, string>): Step[] {
  const entity = after.name;
  const steps: Step[] = [];
  if (before.name !== entity)
    steps.push({ do: 'rename entity', entity, from: before.name, effect: 'destructive' });
  if (before.sync !== after.sync)
    steps.push({ do: 'change sync', entity, to: after.sync, effect: 'additive' });
  const earlier = new Map(Object.entries(before.fields));
  const names = renamed(hints, earlier, new Map(Object.entries(after.fields)));
  for (const [field, spec] of Object.entries(after.fields)) {
    const from = names.get(field) ?? field;
    const old = earlier.get(from);
    earlier.delete(from);
    if (from !== field) steps.push({ do: 'rename field', entity, field, from, effect: 'destructive' });
    if (!old)
      steps.push({ do: 'add field', entity, field, effect: isFillable(spec) ? 'additive' : 'destructive' });
    else steps.push(...changed(entity, field, fieldParts(old, spec)));
  }
  for (const field of earlier.keys()) steps.push({ do: 'drop field', entity, field, effect: 'destructive' });
  return [...steps, ...diffIndexes(before, after, steps)];
}

function diffIndexes(before: EntityManifest, after: EntityManifest, fieldSteps: readonly Step[]): Step[] {
  const entity = after.name;
  const moved = before.name !== entity;
  // Fields that are null in every row: null is unlike null, so no index over them meets a value twice.
  const blank = fieldSteps.flatMap((step) =>
    step.do === 'add field' &&
    after.fields[step.field]!.optional &&
    after.fields[step.field]!.default === null
      ? [step.field]
      : [],
  );
  const isIn = (list: readonly IndexManifest[], index: IndexManifest) =>
    list.some((other) => canonicalJson(other) === canonicalJson(index));
  const gone = before.indexes.filter((index) => moved || !isIn(after.indexes, index));
  const made = after.indexes.filter((index) => moved || !isIn(before.indexes, index));
  return [
    ...gone.map(
      ({ name }): Step => ({ do: 'drop index', entity: before.name, index: name, effect: 'additive' }),
    ),
    ...made.map(
      (index): Step => ({
        do: 'create index',
        entity,
        index,
        // The rows may hold a value twice.
        effect:
          index.unique && !index.fields.some((field) => blank.includes(field)) ? 'destructive' : 'additive',
      }),
    ),
  ];
}

function changed(entity: string, field: string, parts: FieldPart[]): Step[] {
  if (parts.length === 0) return [];
  const hard = parts.some((part) => ['kind', 'container', 'required', 'target', 'values'].includes(part));
  return [{ do: 'change field', entity, field, parts, effect: hard ? 'destructive' : 'additive' }];
}

/** `values` only when one is gone: another choice is a wider limit. */
function fieldParts(before: FieldManifest, after: FieldManifest): FieldPart[] {
  const parts: FieldPart[] = [];
  const same = (a: FieldManifest[keyof FieldManifest], b: FieldManifest[keyof FieldManifest]) =>
    canonicalJson(a) === canonicalJson(b);
  if (before.container !== after.container) parts.push('container');
  if (before.kind !== after.kind) parts.push('kind');
  else if (before.values?.some((value) => !after.values?.includes(value))) parts.push('values');
  else if (!same(before.shape, after.shape)) parts.push('limits');
  if (before.kind === after.kind && before.target !== after.target) parts.push('target');
  if (before.optional !== after.optional) parts.push(after.optional ? 'optional' : 'required');
  if (!same(before.default, after.default)) parts.push('default');
  if (before.readonly !== after.readonly) parts.push('readonly');
  if (before.serverOnly !== after.serverOnly) parts.push('serverOnly');
  return parts;
}

/** Whether rows that lack the field can be given one. */
export function isFillable(spec: FieldManifest): boolean {
  return spec.optional || spec.default !== null;
}
