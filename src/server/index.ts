/** `ternion/server`: functions, apps and the server that runs them. Node. */

export type { Env } from '../base/env.ts';
export type { AuthMode } from '../functions/auth-rule.ts';
export type { FunctionLimits } from '../functions/call.ts';
export type {
  ActionContext,
  HttpContext,
  MutationContext,
  QueryContext,
} from '../functions/context.ts';
export { functions } from '../functions/define.ts';
export type { Delay } from '../functions/delay.ts';
export type { HttpRouteDef, HttpRouteOptions } from '../functions/http-route.ts';
export { createInternalApi } from '../functions/internal-api.ts';
export type { FailedJob, Job } from '../functions/job-table.ts';
export type { Page, Pagination } from '../functions/row-query.ts';
export type { JobLimits } from '../functions/schedule.ts';
export type { Schedulable, Scheduler } from '../functions/scheduler.ts';
export type { Channel, ChannelHandler, ChannelHost } from '../plugin/channel.ts';
export { type App, defineApp } from '../plugin/define-app.ts';
export type { Plugin, PluginInstance } from '../plugin/plugin.ts';
export type { Route, RouteContext } from '../plugin/route.ts';
export type { Services } from '../plugin/services.ts';
export type { Session } from '../plugin/session.ts';
export { backUp, restore } from '../store/backup.ts';
export { checkIntegrity } from '../store/integrity.ts';
export { type MigrateOptions, type Migration, migrate } from '../store/migrate.ts';
export type { DataFunction } from '../store/move-rows.ts';
export { openSqlite } from '../store/sqlite.ts';
export type { ServerConfig } from './config.ts';
export { createServer, type Server } from './create-server.ts';
export { nodeEnv } from './node-env.ts';
