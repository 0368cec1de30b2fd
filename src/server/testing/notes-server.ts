/** For tests: a host of notes whose channels echo, and clients that speak the wire to it by hand. */
import { Fault } from '../../base/fault.ts';
import type { Json } from '../../base/json.ts';
import { functions } from '../../functions/define.ts';
import type { Channel, ChannelHandler } from '../../plugin/channel.ts';
import { defineApp } from '../../plugin/define-app.ts';
import type { Plugin } from '../../plugin/plugin.ts';
import { ANONYMOUS } from '../../policy/viewer.ts';
import { decodeFrame } from '../../protocol/frame.ts';
import type { ServerMessage } from '../../protocol/server-message.ts';
import { PROTOCOL } from '../../protocol/version.ts';
import { defineSchema } from '../../schema/define-schema.ts';
import { entity } from '../../schema/entity.ts';
import { field } from '../../schema/field.ts';
import { buildManifest } from '../../schema/manifest.ts';
import { policy } from '../../schema/policy-spec.ts';
import { v } from '../../schema/validator.ts';
import { simEnv } from '../../testing/sim-env.ts';
import { SimLink } from '../../testing/sim-link.ts';
import { TempDatabase } from '../../testing/temp-database.ts';
import { Host, type HostOptions } from '../host.ts';

const Note = entity('Note', { title: field.string() });
const schema = defineSchema({
  entities: [Note],
  policies: [policy({ entity: 'Note', allowRead: 'true', allowInsert: 'true' })],
});
const { mutation, query } = functions(schema);
const notes = {
  add: mutation({
    args: { title: v.string() },
    auth: 'public',
    handler: (ctx, { title }) => ctx.db.insert('Note', { title }),
  }),
  count: query({
    args: {},
    auth: 'public',
    handler: async (ctx) => (await ctx.db.query('Note').take(100)).length,
  }),
  bug: query({
    args: {},
    auth: 'public',
    handler: (): null => {
      throw new Error('the password is hunter2');
    },
  }),
};

export const HELLO = {
  t: 'hello',
  protocol: PROTOCOL,
  client: 'c1',
  schema: buildManifest(schema).hash,
  cursor: null,
};

export class NotesServer {
  readonly env = simEnv();
  /** The params of each echo channel that has closed, as JSON. */
  readonly closedChannels: string[] = [];
  readonly #database = new TempDatabase();
  #host: Host | undefined;

  get host(): Host {
    if (!this.#host) throw new Error('not started');
    return this.#host;
  }

  async start(options: HostOptions = {}): Promise<void> {
    const app = defineApp({ schema, functions: { notes }, plugins: [this.#plugin()] });
    this.#host = new Host(app, this.env, { drivers: this.#database.open(), options });
    await this.env.clock.run(this.#host.start());
  }

  /** A client that has connected and said nothing yet. */
  client(token: string | null = null): HandClient {
    return new HandClient(this, token);
  }

  /** A client that was welcomed. */
  async ready(token: string | null = null): Promise<HandClient> {
    const client = this.client(token);
    await client.say(HELLO);
    if (client.messages[0]?.t !== 'welcome')
      throw new Error(`not welcome: ${JSON.stringify(client.messages)}`);
    return client;
  }

  remove(): void {
    this.#database.remove();
  }

  /** Channels that send back what they get, and fail on demand; a token is a user's id. */
  #plugin(): Plugin {
    const echo = async (channel: Channel, params: Json): Promise<ChannelHandler> => {
      if (params === 'refuse') throw new Fault('forbidden', 'not you');
      return {
        info: { params },
        frame: (payload) => {
          if (payload[0] === 0xff) throw new Fault('bad_message', 'bad frame');
          if (payload[0] === 0xfe) throw new Error('a bug');
          channel.send(payload.slice(), 'docs');
        },
        closed: () => this.closedChannels.push(JSON.stringify(params)),
      };
    };
    const authenticate = async (token: string | null) => {
      if (token === 'bad') throw new Fault('unauthorized', 'bad token');
      return token === null ? ANONYMOUS : { userId: token, kind: 'user' as const, roles: [], name: null };
    };
    return { name: 'echo', create: () => ({ channels: { echo }, authenticator: { authenticate } }) };
  }
}

export class HandClient {
  readonly messages: ServerMessage[] = [];
  readonly frames: { channel: number; payload: number[] }[] = [];
  readonly link: SimLink;
  closed: { code: number; reason: string } | undefined;
  readonly #server: NotesServer;

  constructor(server: NotesServer, token: string | null) {
    this.#server = server;
    this.link = new SimLink(server.env.clock, 1, {
      open: () => {},
      message: (data) => {
        if (typeof data === 'string') this.messages.push(JSON.parse(data));
        else {
          const { channel, payload } = decodeFrame(data);
          this.frames.push({ channel, payload: [...payload] });
        }
      },
      close: (code, reason) => {
        this.closed = { code, reason };
      },
    });
    server.host.accept(this.link.server, token);
  }

  /** Sends, and lets the answer come. */
  async say(message: object | string | Uint8Array): Promise<void> {
    const raw =
      typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message);
    this.link.client.send(raw);
    await this.#server.env.clock.advance(20);
  }

  last<T extends ServerMessage['t']>(t: T): Extract<ServerMessage, { t: T }> | undefined {
    return this.messages.findLast((m): m is Extract<ServerMessage, { t: T }> => m.t === t);
  }
}
