/** The code of docs/guides/live-queries.md. */
import { defineSchema, entity, field, policy } from 'ternion';
import type { SyncEngine } from 'ternion/client';
import { createServer, defineApp } from 'ternion/server';

const Room = entity('Room', { name: field.string() });
const Message = entity(
  'Message',
  { roomId: field.id('Room'), text: field.string(), sentAt: field.datetime() },
  { sync: 'query', indexes: [{ name: 'by_room', fields: ['roomId', 'sentAt'] }] },
);
const schema = defineSchema({
  entities: [Room, Message],
  policies: [policy({ entity: 'Room', allowRead: 'true' }), policy({ entity: 'Message', allowRead: 'true' })],
});
export const app = defineApp({ schema, functions: {} });

export function follow(engine: SyncEngine<typeof app>, roomId: string, show: (line: string) => void) {
  const latest = engine.liveQuery({
    entity: 'Message',
    where: { roomId },
    orderBy: [{ field: 'sentAt', direction: 'desc' }],
    limit: 50,
  });
  const stop = latest.subscribe(({ data, complete, error }) => {
    if (error) show(`no messages: ${error.message}`);
    else if (data) show(`${data.length} messages${complete ? '' : ', maybe not all'}`);
  });
  return stop;
}

export async function serve() {
  const server = await createServer(app, {
    limits: { subscriptions: 100 },
    live: { maxSubscriptionRows: 5000, reserveRows: 20 },
  });
  return server;
}
