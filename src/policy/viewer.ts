/** Who is looking. `auth.*` in policies reads this and nothing else. */
export interface Viewer {
  /** Null for the anonymous viewer. */
  readonly userId: string | null;
  readonly kind: 'anonymous' | 'guest' | 'user';
  readonly roles: readonly string[];
  readonly name: string | null;
}

export const ANONYMOUS: Viewer = { userId: null, kind: 'anonymous', roles: [], name: null };
