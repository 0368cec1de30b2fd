/** `ternion/auth`: identities. Node. */
export { type AuthOptions, auth } from './plugin.ts';
