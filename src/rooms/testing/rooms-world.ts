/** Pages of several users in one simulated world, and an app whose rooms are of every kind. For tests. */
import type { RoomView, TopicEvent } from '../../client/room-link.ts';
import type { SyncEngine } from '../../client/sync-engine.ts';
import { defineApp } from '../../plugin/define-app.ts';
import { defineSchema } from '../../schema/define-schema.ts';
import { entity } from '../../schema/entity.ts';
import { field } from '../../schema/field.ts';
import { policy } from '../../schema/policy-spec.ts';
import type { Store } from '../../store/store.ts';
import { World } from '../../testing/world.ts';
import type { RoomsOptions } from '../options.ts';
import { rooms } from '../plugin.ts';

const Note = entity('Note', { reader: field.string(), title: field.string() });
const Team = entity('Team', { title: field.string() });
const Seat = entity('Seat', { teamId: field.id('Team'), userId: field.string() });

const schema = defineSchema({
  entities: [Note, Team, Seat],
  policies: [
    policy({ entity: 'Note', allowRead: "data.reader == '*' || auth.userId == data.reader" }),
    policy({
      entity: 'Team',
      allowRead: 'exists(Seat where row.teamId == data.id && row.userId == auth.userId)',
    }),
  ],
});

const RULES: RoomsOptions['rooms'] = [
  { prefix: 'lobby', join: 'public' },
  { prefix: 'users', join: 'user' },
  { prefix: 'note:', entity: 'Note' },
  { prefix: 'team:', entity: 'Team' },
];

type RoomsWorld = Awaited<ReturnType<typeof makeWorld>>;

async function makeWorld(options: Partial<RoomsOptions>) {
  const app = () => defineApp({ schema, plugins: [rooms({ rooms: RULES, ...options })] });
  return World.create({ app });
}

/** The worlds of a test file. */
export class RoomsWorlds {
  readonly #worlds: RoomsWorld[] = [];

  readonly make = async (options: Partial<RoomsOptions> = {}) => {
    const world = await makeWorld(options);
    this.#worlds.push(world);
    const { clock } = world.env;
    const { store } = world.host;
    /** A page of a user that looks at a room. */
    const enter = async (user: string | null, room: string) => {
      const client = await world.client(user);
      const seen = new Onlooker(client, room);
      await clock.advance(100);
      return { client, engine: client.engine, seen };
    };
    const write = (job: Parameters<typeof store.write<unknown>>[0]) => clock.run(store.write(job));
    return { world, clock, store, enter, write };
  };

  async close(): Promise<void> {
    for (const world of this.#worlds.splice(0)) await world.close();
  }
}

interface Page {
  readonly engine: Pick<SyncEngine, 'onPresence' | 'onTopic'>;
}

/** What one page sees and hears of a room. */
export class Onlooker {
  readonly views: RoomView[] = [];
  readonly events: TopicEvent[] = [];
  readonly leave: () => void;

  constructor({ engine }: Page, room: string) {
    const cancels = [
      engine.onPresence(room, (view) => this.views.push(view)),
      engine.onTopic(room, (event) => this.events.push(event)),
    ];
    this.leave = () => {
      for (const cancel of cancels) cancel();
    };
  }

  get view(): RoomView {
    return this.views.at(-1)!;
  }

  /** The state of each other member, by user. */
  get shown(): Record<string, unknown> {
    return Object.fromEntries(this.view.others.map(({ userId, state }) => [userId ?? 'nobody', state]));
  }

  /** The data of the messages. */
  get heard(): unknown[] {
    return this.events.flatMap((event) => (event.name === 'message' ? [event.data] : []));
  }
}

/** Lets what a store is asked to read wait. Shut when it is made. */
export class ReadGate {
  #waiting = Promise.resolve();
  #letGo = () => {};

  constructor(store: Store) {
    const read = store.read.bind(store);
    store.read = async (task) => {
      await this.#waiting;
      return read(task);
    };
    this.shut();
  }

  shut(): void {
    this.#waiting = new Promise((resolve) => {
      this.#letGo = resolve;
    });
  }

  open(): void {
    this.#letGo();
  }
}
