/** Turns a token into a Viewer. One plugin provides it; without one everybody is anonymous. */
import type { Viewer } from '../policy/viewer.ts';

export interface Authenticator {
  /** Throws Fault `unauthorized` for a bad or expired token; null is the anonymous viewer. */
  authenticate(token: string | null): Promise<Viewer>;
}
