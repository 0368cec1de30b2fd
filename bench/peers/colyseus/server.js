/**
 * Colyseus with interest: a StateView for each player, filled by a grid of cells with the same rule as ours; positions
 * and angles as 16-bit integers; inputs by `defineInput`; the patch leaves in the turn of the step.
 */
import { Room, Server } from '@colyseus/core';
import { MapSchema, StateView } from '@colyseus/schema';
import { WebSocketTransport } from '@colyseus/ws-transport';
import { pin } from '../../pin.ts';
import { serve, serveOptions } from '../../serve.ts';
import { TickTimes } from '../../tick-times.ts';
import { TICK_RATE, WALK_SPEED } from '../../arena.ts';
import { Grid } from './grid.js';
import { schemas } from './schemas.js';

pin('server');
const options = serveOptions();
const { Person, Input, World } = schemas(options);
const times = new TickTimes(1000 / TICK_RATE);

class Arena extends Room {
  autoDispose = false;
  maxMessagesPerSecond = Number.POSITIVE_INFINITY;
  state = new World({ people: new MapSchema() });
  inputs = this.defineInput(Input, { bufferMaxSize: 64 });
  grid = new Grid();
  joined = 0;

  onCreate() {
    this.setFixedTimestep((step) => this.#step(step), TICK_RATE);
    this.patchRate = null; // by hand, after each step; set before the timestep, it would take the clock from it
  }

  onJoin(client) {
    const person = new Person();
    const place = () => (Math.random() * 2 - 1) * options.half;
    Object.assign(person, { x: place(), y: place(), yaw: 0, health: 100 });
    client.view = new StateView();
    client.person = person;
    this.state.people.set(String(this.joined++), person);
    this.grid.enter(person, client.view);
  }

  onLeave(client) {
    this.grid.leave(client.person);
  }

  #step({ tick, dt }) {
    times.add(tick);
    for (const client of this.clients) {
      const { person } = client;
      const input = this.inputs.get(client.sessionId).next();
      if (!input) continue;
      const { half } = options;
      person.x = Math.max(-half, Math.min(half, person.x + input.moveX * WALK_SPEED * dt));
      person.y = Math.max(-half, Math.min(half, person.y + input.moveY * WALK_SPEED * dt));
      person.yaw = input.yaw;
      if (input.fire) person.health = person.health > 0 ? person.health - 1 : 99;
      this.grid.moved(person);
    }
    this.broadcastPatch();
  }
}

const server = new Server({ greet: false, gracefullyShutdown: false, transport: new WebSocketTransport() });
server.define('arena', Arena);
await server.listen(0, '127.0.0.1');
const { port } = server.transport.server.address();
serve(
  `http://127.0.0.1:${port}`,
  async () => {},
  () => times.take(),
);
