/** The code of docs/guides/operations.md. */
import { auth } from 'ternion/auth';
import { type DataFunction, defineApp } from 'ternion/server';
import { schema } from './migrations.ts';

export const app = defineApp({ schema, plugins: [auth()] });

export const Page: DataFunction = (row) => ({ ...row, stars: Number(row.stars) });
