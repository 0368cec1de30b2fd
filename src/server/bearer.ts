/** The token of a request: `Authorization: Bearer <token>`, and nowhere else. */
export function bearerOf(headers: Headers): string | null {
  const [scheme, token] = (headers.get('Authorization') ?? '').split(' ');
  return scheme?.toLowerCase() === 'bearer' && token ? token : null;
}
