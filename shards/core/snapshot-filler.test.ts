import { expect, test } from 'vitest';
import { ChurnPlayer, ChurnWorld } from './churn-for-tests.ts';
import { c } from './components.ts';
import { RecordType } from './record-type.ts';
import { Snapshot } from './snapshot.ts';

const type = new RecordType({
  x: c.scalar({ min: 0, max: 1000, step: 1 }),
  turn: c.angle({ bits: 8 }),
  hp: c.uint({ max: 100 }),
});

/** Two cells, the first one in full and the second one at level 2; an entity that moves by 3 a frame. */
function twoCells() {
  const server = new ChurnWorld(type, 2, 3);
  const player = new ChurnPlayer(server);
  player.wanted.set(0, 0).set(1, 2);
  const snapshot = new Snapshot(type);
  const entity = server.world.spawn({ x: 100 });
  const frame = () => {
    if (entity.id > 0) entity.x += 3;
    server.advance();
    player.receive();
    player.replica.fill(snapshot);
    return Array.from({ length: snapshot.count }, (_, row) => snapshot.table.at(row).x);
  };
  return { server, entity, frame, snapshot };
}

test('what is told every 4th frame is drawn in between where it is expected', () => {
  const { server, entity, frame } = twoCells();
  server.cellOf.set(entity.id, 1);
  for (let i = 1; i <= 8; i++) frame();
  const drawn = Array.from({ length: 8 }, () => frame()[0]);
  expect(drawn).toEqual([127, 130, 133, 136, 139, 142, 145, 148]);
});

test('[T2] between two steps of a cell what moves is where it is expected, all else as it was; at the step all is exact', () => {
  const { server, entity, frame, snapshot } = twoCells();
  server.cellOf.set(entity.id, 1);
  for (let i = 1; i <= 8; i++) frame();
  const drawn = Array.from({ length: 8 }, (_, i) => {
    // It turns round after frame 13, and is hurt in each.
    if (i >= 5) entity.x -= 6;
    entity.hp = 50 + i;
    frame();
    const { x, hp } = snapshot.table.at(0);
    return [x, hp];
  });
  expect(drawn).toEqual([
    [127, 0],
    [130, 0],
    [133, 0],
    [136, 53],
    [139, 53],
    [142, 53],
    [145, 53],
    [entity.x, 57],
  ]);
  expect(entity.x).toBe(130);
});

test('who goes to a cell of a lower level is drawn all the time, and once', () => {
  const { server, entity, frame } = twoCells();
  server.cellOf.set(entity.id, 0);
  for (let i = 1; i <= 8; i++) frame();
  const drawn: number[][] = [];
  for (let i = 9; i <= 16; i++) {
    if (i === 10) server.cellOf.set(entity.id, 1);
    if (i === 14) server.cellOf.set(entity.id, 0);
    drawn.push(frame());
  }
  expect(drawn).toEqual([[127], [130], [133], [136], [139], [142], [145], [148]]);
});

test('who dies is gone at once, also where levels meet', () => {
  const { server, entity, frame } = twoCells();
  server.cellOf.set(entity.id, 0);
  for (let i = 1; i <= 8; i++) frame();
  server.world.despawn(entity.id);
  expect(frame()).toEqual([]);
});
