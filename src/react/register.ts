/**
 * Tells the hooks which app they serve, once per program:
 * `declare module 'ternion/react' { interface Register { app: App } }`
 */
import type { AppShape } from '../schema/app-shape.ts';
import type { Schema } from '../schema/define-schema.ts';

// biome-ignore lint/suspicious/noEmptyInterface: apps add to it
export interface Register {}

export type RegisteredApp = Register extends { app: infer A extends AppShape } ? A : AppShape;
export type RegisteredSchema = RegisteredApp['schema'] extends infer S extends Schema ? S : Schema;
