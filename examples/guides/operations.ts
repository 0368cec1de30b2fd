/** The code of docs/guides/operations.md. */
import { auth } from 'ternion/auth';
import { docs } from 'ternion/crdt/server';
import { type DataFunction, defineApp } from 'ternion/server';
import { schema } from './migrations.ts';

export const app = defineApp({ schema, plugins: [auth()] });

export const Page: DataFunction = (row) => ({ ...row, stars: Number(row.stars) });

const DAY_MS = 86_400_000;
export const documents = docs({ trimHistoryMs: 30 * DAY_MS });
