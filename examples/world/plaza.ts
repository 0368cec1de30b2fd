/**
 * The shard: people and bots on the plaza. Server and browser import this very file; the browser predicts
 * its own figure with `step`, so that reads nothing but its arguments and agrees to the last bit. [T6]
 */
import { c, cos, defineShard, type EntityOf, s, sin, type WorldOf } from 'ternion/shards';
import { BOT_NAMES } from './bot-names.ts';
import { OBSTACLES, PLAZA_RADIUS } from './layout.ts';

const WALK_SPEED = 4.6; // m/s
const ACCELERATION = 26; // m/s^2
const TURN_SPEED = 12; // radians per second
/** How long a wave takes, and how long it is before the next. */
export const WAVE_TICKS = 32;
const WAVE_BACK_DISTANCE = 5; // m

const MAX_BOTS = 960;

export const plaza = defineShard({
  name: 'plaza',
  tickRate: 20,
  components: {
    kind: c.enum('guest', 'bot'),
    name: c.string({ maxBytes: 24 }),
    /** Which coat, hair and so on; a guest keeps it over visits. */
    look: c.uint({ max: 255 }),
    /** Metres; x is east, y is south. */
    position: c.vec2({ min: -32, max: 32, step: 0.01 }),
    velocity: c.vec2({ min: -8, max: 8, step: 0.02 }),
    /** The direction of the face; 0 is south, a quarter turn is east. */
    yaw: c.angle({ bits: 9 }),
    /** Ticks until the next wave. */
    rest: c.uint({ max: 63 }),
  },
  input: c.struct({
    /** Where to, in the world's directions; longer than 1 counts as 1. */
    move: c.vec2({ min: -1, max: 1, step: 0.02 }),
    yaw: c.angle({ bits: 9 }),
    wave: c.bool(),
  }),
  events: { wave: s.object({ by: s.int() }) },
  messages: s.object({ rename: s.string(24) }),
  params: s.object({ bots: s.int(0, MAX_BOTS) }),
  limits: { players: 64, entities: MAX_BOTS + 64 },

  authorize: ({ auth }) => auth.userId !== null,

  start(world, { bots }) {
    for (let i = 0; i < bots; i++) {
      const name = BOT_NAMES[i % BOT_NAMES.length]!;
      const angle = world.random.range(-Math.PI, Math.PI);
      const distance = world.random.range(6, PLAZA_RADIUS - 2);
      const position = { x: sin(angle) * distance, y: cos(angle) * distance };
      const yaw = world.random.range(-Math.PI, Math.PI);
      const bot = world.spawn({ kind: 'bot', name, look: (i * 79) % 256, position, yaw });
      walk(bot, 0); // out of the fountain, should it be there
    }
  },

  join(world, player) {
    const angle = world.random.range(-0.15, 0.6);
    const distance = world.random.range(7, 10);
    const position = { x: sin(angle) * distance, y: cos(angle) * distance };
    const look = lookOf(player.userId ?? '');
    const guest = world.spawn({ kind: 'guest', name: nameOf(player.name), look, position, yaw: Math.PI });
    walk(guest, 0);
    return guest;
  },

  receive(world, player, message) {
    const guest = world.get(player.entityId);
    if (guest) guest.name = nameOf(message.rename);
  },

  step(world, guest, input, dt) {
    const { move } = input;
    const length = Math.sqrt(move.x * move.x + move.y * move.y);
    const speed = WALK_SPEED / Math.max(length, 1);
    accelerate(guest, move.x * speed, move.y * speed, dt);
    if (length > 0) turn(guest, input.yaw, dt);
    walk(guest, dt);
    if (guest.rest > 0) guest.rest--;
    else if (input.wave) wave(world, guest);
  },

  tick(world, dt) {
    const waving = world.entities.filter(({ kind, rest }) => kind === 'guest' && rest === WAVE_TICKS - 8);
    for (const bot of world.entities) {
      if (bot.kind !== 'bot') continue;
      wander(world, bot, dt);
      if (bot.rest > 0) bot.rest--;
      else if (waving.some((guest) => isNear(guest, bot))) wave(world, bot);
    }
  },
});

type Person = EntityOf<typeof plaza>;
type Plaza = WorldOf<typeof plaza>;

function nameOf(name: string | null): string {
  return name?.trim() || 'Guest';
}

/** 0 to 255, evenly spread over ids. */
function lookOf(userId: string): number {
  let hash = 7;
  for (let i = 0; i < userId.length; i++) hash = (hash * 31 + userId.charCodeAt(i)) % 65_521;
  return hash % 256;
}

function accelerate(person: Person, x: number, y: number, dt: number): void {
  const dx = x - person.velocity.x;
  const dy = y - person.velocity.y;
  const change = Math.sqrt(dx * dx + dy * dy);
  const part = change > ACCELERATION * dt ? (ACCELERATION * dt) / change : 1;
  person.velocity.x += dx * part;
  person.velocity.y += dy * part;
}

function turn(person: Person, yaw: number, dt: number): void {
  let left = yaw - person.yaw;
  if (left > Math.PI) left -= 2 * Math.PI;
  if (left < -Math.PI) left += 2 * Math.PI;
  const most = TURN_SPEED * dt;
  person.yaw += Math.max(-most, Math.min(most, left));
}

/** Moves by the velocity and out of whatever is in the way. True when something was. */
function walk({ position, velocity }: Person, dt: number): boolean {
  let x = position.x + velocity.x * dt;
  let y = position.y + velocity.y * dt;
  let blocked = false;
  for (const place of OBSTACLES) {
    const dx = x - place.x;
    const dy = y - place.z;
    const square = dx * dx + dy * dy;
    if (square >= place.radius * place.radius) continue;
    const distance = Math.sqrt(square);
    x = place.x + (distance > 0 ? (dx / distance) * place.radius : place.radius);
    y = place.z + (distance > 0 ? (dy / distance) * place.radius : 0);
    blocked = true;
  }
  const fromMiddle = Math.sqrt(x * x + y * y);
  if (fromMiddle > PLAZA_RADIUS) {
    x *= PLAZA_RADIUS / fromMiddle;
    y *= PLAZA_RADIUS / fromMiddle;
    blocked = true;
  }
  position.x = x;
  position.y = y;
  return blocked;
}

/** A bot strolls, stands for a while, strolls on; all that it remembers is in its components. */
function wander(world: Plaza, bot: Person, dt: number): void {
  const { random } = world;
  const strolling = bot.velocity.x !== 0 || bot.velocity.y !== 0;
  if (random.next() < (strolling ? 0.006 : 0.015) !== strolling && bot.rest === 0) {
    bot.yaw += random.range(-0.12, 0.12);
    const pace = 0.9 + (bot.id % 7) * 0.12;
    bot.velocity.x = sin(bot.yaw) * pace;
    bot.velocity.y = cos(bot.yaw) * pace;
    if (walk(bot, dt)) bot.yaw += bot.id % 2 === 0 ? 0.3 : -0.3;
  } else {
    bot.velocity.x = 0;
    bot.velocity.y = 0;
  }
}

function wave(world: Plaza, person: Person): void {
  person.rest = WAVE_TICKS;
  world.emit('wave', { by: person.id });
}

function isNear(a: Person, b: Person): boolean {
  const dx = a.position.x - b.position.x;
  const dy = a.position.y - b.position.y;
  return dx * dx + dy * dy < WAVE_BACK_DISTANCE * WAVE_BACK_DISTANCE;
}
