/** The app of the sync benchmarks. Pages take only its type: the server stays out of them. */
import { auth } from 'ternion/auth';
import { defineApp } from 'ternion/server';
import { schema } from './sync-schema.ts';

export const app = defineApp({ schema, plugins: [auth()] });
export type SyncApp = typeof app;
