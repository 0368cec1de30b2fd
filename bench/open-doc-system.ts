/** The DocSystem of a name; a peer is loaded only where it is installed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DocSystem } from './doc-system.ts';
import { ternionDocs } from './ternion-docs.ts';

/** By folder in bench/peers. */
export const DOC_PEERS = ['hocuspocus', 'y-websocket', 'loro-websocket', 'automerge-repo'] as const;
export type DocPeer = (typeof DOC_PEERS)[number];
/** `ternion-memory`: the same, with its database on a file system in memory. */
export type DocSystemName = 'ternion' | 'ternion-memory' | DocPeer;

const folderOf = (peer: DocPeer) => join(import.meta.dirname, 'peers', peer);

export const installedDocPeers = (): DocPeer[] =>
  DOC_PEERS.filter((peer) => existsSync(join(folderOf(peer), 'node_modules')));

export const peerServerFile = (peer: DocPeer): string => join(folderOf(peer), 'server.js');

export async function openDocSystem(name: DocSystemName, url: string): Promise<DocSystem> {
  if (name === 'ternion' || name === 'ternion-memory') return ternionDocs(url);
  // Not by a literal: the types of a peer are not there where it is not installed.
  const { openPeer }: { openPeer(url: string): DocSystem } = await import(join(folderOf(name), 'client.js'));
  return openPeer(url);
}
