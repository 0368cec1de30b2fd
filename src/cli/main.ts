#!/usr/bin/env node
/**
 * `ternion`: what an operator does to an app and its database. Ends with 0 when all is well, 1 when something is
 * wrong, 2 when it was called wrongly.
 */
import { Command, CommanderError, Option } from 'commander';
import { Fault } from '../base/fault.ts';
import { createServer } from '../server/create-server.ts';
import { backupCommand, restoreCommand } from './copies.ts';
import { doctorCommand, explainCommand } from './doctor.ts';
import { inspectCommand } from './inspect.ts';
import { type LinkFlags, openLink } from './link.ts';
import { loadApp } from './load-app.ts';
import { migrateCommand } from './migrate.ts';
import { pluginCommand } from './plugin-command.ts';
import type { Report } from './report.ts';

const WRONG_USAGE = 2;
const DATABASE = 'ternion.db';

const program = new Command('ternion')
  .description('rows, documents and shards over one WebSocket')
  .showHelpAfterError()
  .exitOverride();

const database = () =>
  new Option('-d, --database <file>', 'the SQLite file').env('TERNION_DATABASE').default(DATABASE);

program
  .command('start <app>')
  .description('run the app that the module exports as "app"')
  .addOption(database())
  .addOption(
    new Option('-p, --port <number>', 'the port').env('TERNION_PORT').default(4321).argParser(Number),
  )
  .action(async (path: string, flags: { database: string; port: number }) => {
    await createServer(await loadApp(path), flags);
  });

program
  .command('migrate <app>')
  .description('show what leads from the database to the schema of the app, and take the steps')
  .addOption(database())
  .option('--dry-run', 'take every step and undo it')
  .addOption(new Option('--allow <effect>', 'which steps may be taken').choices(['additive', 'destructive']))
  .option('--data <module>', 'functions of a row, each exported under the name of its entity')
  .action(async (path: string, flags) => print(await migrateCommand(path, flags)));

program
  .command('backup <database> <to>')
  .description('copy a database, also while a server runs on it')
  .action(async (from: string, to: string) => print(await backupCommand(from, to)));

program
  .command('restore <backup> <database>')
  .description('make a database of a backup; clients begin anew')
  .option('--force', 'lose what the database holds now')
  .action(async (backup: string, to: string, flags) => print(await restoreCommand(backup, to, flags)));

program
  .command('doctor <app>')
  .description('is the database sound, and does it fit the app?')
  .addOption(database())
  .action(async (path: string, flags: { database: string }) => print(await doctorCommand(path, flags)));

program
  .command('explain <app> <action> <entity> <id>')
  .description('why a viewer may or may not read, insert, update or delete a row')
  .addOption(database())
  .option('--as <viewer>', 'who: {"userId":"u1","roles":["admin"]}; anonymous without it')
  .action(async (path: string, action: string, entity: string, id: string, flags) => {
    print(await explainCommand(path, { action, entity, id, ...flags }));
  });

program
  .command('inspect <database>')
  .description('what is in a database, by numbers')
  .action(async (path: string) => print(await inspectCommand(path)));

program
  .command('replay <app> <recording>')
  .description('compute a recording of a shard again, and compare')
  .action(async (path: string, recording: string) => print(await pluginCommand('replay', path, recording)));

program
  .command('link <to>')
  .description('a bad link before a server that listens on port <to>: connect to --port instead')
  .addOption(new Option('-p, --port <number>', 'where to listen').default(4400).argParser(Number))
  .addOption(new Option('--latency <ms>', 'one way').default(80).argParser(Number))
  .addOption(new Option('--jitter <ms>', 'up to so much more').default(20).argParser(Number))
  .addOption(new Option('--loss <percent>', 'packets that are sent again').default(0).argParser(Number))
  .addOption(new Option('--kbps <number>', 'kilobits a second each way; 0: all').default(0).argParser(Number))
  .action(async (to: string, flags: LinkFlags) => {
    const port = await openLink(Number(to), flags);
    console.log(`a link to port ${to} at http://127.0.0.1:${port}`);
  });

function print({ ok, lines }: Report): void {
  for (const line of lines) console.log(line);
  process.exitCode = ok ? 0 : 1;
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : WRONG_USAGE;
  } else {
    // A Fault says what is wrong; anything else is a bug, and where it happened is what matters.
    console.error(error instanceof Fault ? `ternion: ${error.message}` : error);
    process.exitCode = 1;
  }
}
