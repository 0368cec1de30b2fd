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

export async function roomsWorld(options: Partial<RoomsOptions> = {}) {
  const app = () => defineApp({ schema, plugins: [rooms({ rooms: RULES, ...options })] });
  const world = await World.create({ app });
  return { world, clock: world.env.clock, store: world.host.store };
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
