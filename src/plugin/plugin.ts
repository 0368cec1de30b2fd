/**
 * A feature of the server. `plugin.ts` of its folder lists all that it adds; create-server.ts is a loop
 * over plugins. Order of life: construct -> start -> (serve) -> drain -> close.
 */
import type { ContextMakers } from '../functions/plugin-context.ts';
import type { Authenticator } from './authenticator.ts';
import type { ChannelHost } from './channel.ts';
import type { Route } from './route.ts';
import type { Services } from './services.ts';

export interface Plugin {
  readonly name: string;
  /** What an operator may have it do without a server: `ternion <name> <app> <argument>`. */
  readonly commands?: Readonly<Record<string, PluginCommand>>;
  create(services: Services): PluginInstance;
}

/** What `ternion` prints; its exit code is 0 when `ok`, else 1. A Fault that it throws is told by its message. */
export type PluginCommand = (argument: string) => Promise<{ ok: boolean; lines: string[] }>;

/** A number read when metrics are scraped. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  read(): number;
}

export interface PluginInstance {
  /** `CREATE ... IF NOT EXISTS` statements for tables of the plugin's own, whose names begin with `_`. */
  readonly tables?: readonly string[];
  readonly routes?: readonly Route[];
  /** By the `kind` of an `open` message. */
  readonly channels?: Readonly<Record<string, ChannelHost>>;
  readonly authenticator?: Authenticator;
  readonly gauges?: readonly Gauge[];
  /** What `ctx` of mutations and actions has besides, by name. */
  readonly context?: ContextMakers;
  /** The store is open and its tables exist. */
  start?(): Promise<void>;
  /** No new work comes; finish and flush what is under way. [N2] */
  drain?(): Promise<void>;
  close?(): Promise<void>;
}
