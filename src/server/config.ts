/**
 * The settings of a server as one typed value, resolved once: what the code gives, else the environment,
 * else the default. `process.env` is read here and nowhere else.
 *
 *   TERNION_PORT        port, default 4321; 0 takes a free one
 *   TERNION_HOST        address to listen on, default 127.0.0.1
 *   TERNION_DATABASE    path of the SQLite file, default ternion.db
 *   TERNION_ORIGINS     further origins whose pages may connect, separated by commas
 *   TERNION_LOG_LEVEL   debug, info, warn, error or silent; default info
 */
import type { Hono } from 'hono';
import { Fault } from '../base/fault.ts';
import type { HostOptions } from './host.ts';
import type { LogLevel } from './node-env.ts';

export interface ServerConfig extends HostOptions {
  port?: number;
  host?: string;
  /** Path of the SQLite file; the folder must exist. */
  database?: string;
  /** Origins, besides the server's own, whose pages may sync, over sockets and requests. [P6] */
  origins?: readonly string[];
  logLevel?: LogLevel;
  /** Bytes of an HTTP request's body. */
  maxBodyBytes?: number;
  /** Adds the app's own HTTP routes. */
  http?: (app: Hono) => void;
  /** Drain and exit on SIGTERM and SIGINT; default true. */
  signals?: boolean;
}

export type ResolvedConfig = Required<Omit<ServerConfig, keyof HostOptions | 'http'>> &
  Pick<ServerConfig, 'http'>;

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** Throws Fault `invalid` that names the setting. */
export function resolveConfig(
  given: ServerConfig,
  environment: NodeJS.ProcessEnv = process.env,
): ResolvedConfig {
  const port = given.port ?? Number(environment.TERNION_PORT ?? 4321);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Fault('invalid', 'TERNION_PORT must be 0 to 65535');
  const logLevel = given.logLevel ?? environment.TERNION_LOG_LEVEL ?? 'info';
  if (!isLevel(logLevel)) throw new Fault('invalid', `TERNION_LOG_LEVEL must be one of ${LEVELS.join(', ')}`);
  return {
    port,
    logLevel,
    host: given.host ?? environment.TERNION_HOST ?? '127.0.0.1',
    database: given.database ?? environment.TERNION_DATABASE ?? 'ternion.db',
    origins:
      given.origins ?? (environment.TERNION_ORIGINS ?? '').split(',').filter((origin) => origin !== ''),
    maxBodyBytes: given.maxBodyBytes ?? 1 << 20,
    http: given.http,
    signals: given.signals ?? true,
  };
}

function isLevel(value: string): value is LogLevel {
  return (LEVELS as readonly string[]).includes(value);
}
