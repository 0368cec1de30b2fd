/** Who is looking. `auth.*` in policies reads this and nothing else. */
export interface Viewer {
  /** Null for the anonymous viewer. */
  readonly userId: string | null;
  readonly kind: 'anonymous' | 'guest' | 'user';
  readonly roles: readonly string[];
  readonly name: string | null;
}

export const ANONYMOUS: Viewer = { userId: null, kind: 'anonymous', roles: [], name: null };

/** Whether two viewers are the same to every policy. */
export function sameViewer(a: Viewer, b: Viewer): boolean {
  return viewerKey(a) === viewerKey(b);
}

/** One text per set of claims. */
export function viewerKey({ userId, kind, name, roles }: Viewer): string {
  return JSON.stringify([userId, kind, name, [...roles].sort()]);
}
