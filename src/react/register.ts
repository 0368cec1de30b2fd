/**
 * Tells the hooks which app they serve, once per program:
 * `declare module 'ternion/react' { interface Register { app: App } }`
 */
import type { AppShape } from '../schema/app-shape.ts';

// biome-ignore lint/suspicious/noEmptyInterface: apps add to it
export interface Register {}

export type RegisteredApp = Register extends { app: infer A extends AppShape } ? A : AppShape;
