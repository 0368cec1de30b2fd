/** An app that uses a connection in every way: rows, calls, faults, streams, binary channels. */

import { Fault } from '../../src/base/fault.ts';
import { createApi } from '../../src/client/index.ts';
import { functions } from '../../src/functions/define.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import { defineApp } from '../../src/plugin/define-app.ts';
import type { Plugin } from '../../src/plugin/plugin.ts';
import { sessionInfoOf } from '../../src/plugin/session.ts';
import { ANONYMOUS } from '../../src/policy/viewer.ts';
import { defineSchema } from '../../src/schema/define-schema.ts';
import { entity } from '../../src/schema/entity.ts';
import { field } from '../../src/schema/field.ts';
import { policy } from '../../src/schema/policy-spec.ts';
import { v } from '../../src/schema/validator.ts';

const Note = entity('Note', { title: field.string(), ownerId: field.string(), open: field.bool() });
export const schema = defineSchema({
  entities: [Note],
  policies: [
    policy({
      entity: 'Note',
      allowRead: 'data.open || auth.userId == data.ownerId',
      allowInsert: 'auth.userId == data.ownerId',
      allowDelete: 'auth.userId == data.ownerId',
    }),
  ],
});
const { query, mutation, action } = functions(schema);

const notes = {
  add: mutation({
    args: { title: v.string() },
    async handler(ctx, { title }) {
      await ctx.db.insert('Note', { title, ownerId: ctx.auth.userId ?? '', open: true });
      return { value: 'added' };
    },
  }),
  many: mutation({
    args: { run: v.string(), count: v.int() },
    async handler(ctx, { run, count }) {
      for (let i = 0; i < count; i++)
        await ctx.db.insert('Note', { title: `${run}${i}`, ownerId: ctx.auth.userId ?? '', open: false });
    },
  }),
  length: query({ args: { text: v.string() }, handler: (_, { text }) => text.length }),
  fails: query({
    args: {},
    handler: (): null => {
      throw new Fault('conflict', 'as it should', { n: 1 });
    },
  }),
  count: action({
    args: { to: v.int() },
    async handler(ctx, { to }) {
      for (let i = 0; i < to; i++) await ctx.stream.write(i);
      return to;
    },
  }),
};

/** Channels that send back what they get. A token is a user's id. */
const echo: Plugin = {
  name: 'echo',
  create: () => ({
    channels: {
      echo: async (channel: Channel) => ({
        info: null,
        frame: (payload: Uint8Array) => void channel.send(payload.slice(), 'docs'),
        closed: () => {},
      }),
    },
    authenticator: {
      authenticate: async (token) => {
        if (token === 'bad') throw new Fault('unauthorized', 'bad token');
        return token === null ? ANONYMOUS : { userId: token, kind: 'user', roles: [], name: null };
      },
    },
    routes: [
      {
        method: 'GET',
        path: '/api/auth/me',
        handle: (_, { viewer }) => Response.json({ session: sessionInfoOf(viewer) }),
      },
    ],
  }),
};

export const echoApp = () => defineApp({ schema, functions: { notes }, plugins: [echo] });
export type EchoApp = ReturnType<typeof echoApp>;
export const api = createApi<EchoApp>();
