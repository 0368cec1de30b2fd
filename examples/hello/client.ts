/** All three planes over one WebSocket; runs in a browser as in Node. Start server.ts first. */
import { createSyncEngine, guestToken } from 'ternion/client';
import { openDoc } from 'ternion/crdt/client';
import { joinShard } from 'ternion/shards/client';
import type { App } from './server.ts';
import { arena, schema } from './shared.ts';

const url = 'http://localhost:4321';
const engine = createSyncEngine<App>(url, { schema, token: await guestToken(url) });
await engine.start();

// Rows: here at once, on the server soon, everywhere else a moment later.
const id = engine.insert('Note', { title: 'Hello', ownerId: engine.session?.userId ?? '' });
await engine.synced();
console.log('rows', engine.store.list('Note'));

// Documents: everybody types at once and every letter is kept, also after hours offline.
const note = openDoc(engine, 'Note', id);
await note.synced();
note.text('body').insert(0, 'Written together.');
note.doc.commit();

// Shards: one's own steps are predicted, the others' interpolated.
const game = joinShard(engine, arena, { id: 'main' });
game.send({ move: { x: 1, y: 0 } });
game.onFrame(() => console.log('me', game.me?.position.x, 'of', game.entities.length), 1000);
