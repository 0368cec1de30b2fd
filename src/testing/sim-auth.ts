/** Identities for tests: whoever says a name is that user. */
import type { Plugin } from '../plugin/plugin.ts';
import { ANONYMOUS, type Viewer } from '../policy/viewer.ts';

/** A token is the user's id; every user has the role `tester`. */
export const simAuth: Plugin = {
  name: 'sim-auth',
  create: () => ({ authenticator: { authenticate: async (token) => simViewer(token) } }),
};

export function simViewer(token: string | null): Viewer {
  return token === null ? ANONYMOUS : { userId: token, kind: 'user', roles: ['tester'], name: token };
}
