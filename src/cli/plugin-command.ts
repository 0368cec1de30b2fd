/** Commands that a plugin of the app brings along, such as `ternion replay`: this room knows none of the planes. */
import { Fault } from '../base/fault.ts';
import { loadApp } from './load-app.ts';
import type { Report } from './report.ts';

/** Throws as `loadApp` does, `unsupported` when no plugin of the app has such a command, and what the command throws. */
export async function pluginCommand(name: string, path: string, argument: string): Promise<Report> {
  const { plugins } = await loadApp(path);
  const command = plugins.find(({ commands }) => commands && Object.hasOwn(commands, name))?.commands?.[name];
  if (!command) throw new Fault('unsupported', `no plugin of ${path} has the command ${name}`);
  return command(argument);
}
