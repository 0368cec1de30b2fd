/**
 * Whether a page of some origin may sync with this server, over a socket or requests. [P6] Browsers send
 * `Origin` with every upgrade and every POST; programs do not, and have no cookies to abuse.
 */
export function originAllowed(
  { origin, host }: { origin?: string | undefined; host?: string | undefined },
  origins: readonly string[],
): boolean {
  if (origin === undefined || origins.includes(origin)) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
