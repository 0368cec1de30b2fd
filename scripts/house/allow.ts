/** Exceptions, each with its reason. An entry that excuses nothing is itself a finding. */
export interface Allowed {
  readonly path: string;
  readonly rule: string;
  readonly reason: string;
}

export const ALLOWED: readonly Allowed[] = [
  {
    path: 'src/testing/sim-clock.ts',
    rule: 'ambient',
    reason: 'setImmediate lets every promise reaction run between two simulated tasks',
  },
  {
    path: 'crdt/client/open-doc.ts',
    rule: 'module-state',
    reason: 'the documents of an engine are kept beside it, since src/client knows no plane',
  },
];
