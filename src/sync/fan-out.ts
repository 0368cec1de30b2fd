/**
 * From a commit to the sessions: equal viewers form an audience, whose operations are found and encoded
 * once; each member gets the same string behind a prefix with its own cursor. Where policies look at other
 * rows, those are read at the end of each transaction; an audience for which that was too much reads the log.
 * What a COMMIT is to a member's subscriptions (live-rows.ts) goes into the same batch.
 */
import type { Access } from '../policy/access.ts';
import type { WitnessSource } from '../policy/dependency.ts';
import type { Viewer } from '../policy/viewer.ts';
import { encodeBatch, withParts } from '../protocol/row-batch.ts';
import type { Commit } from '../store/change-log.ts';
import type { LiveRows } from './live-rows.ts';
import type { Member } from './member.ts';
import { type Findings, type Surveyor, UNKNOWN } from './survey.ts';
import type { Visibility } from './visibility.ts';

export interface FanOutDeps {
  readonly access: Access;
  readonly visibility: Visibility;
  readonly surveyor: Surveyor;
  readonly live: LiveRows;
}

interface Audience {
  readonly viewer: Viewer;
  readonly members: Set<Member>;
}

export class FanOut {
  readonly #access: Access;
  readonly #visibility: Visibility;
  readonly #surveyor: Surveyor;
  readonly #live: LiveRows;
  readonly #findings = new WeakMap<Commit, Findings>();
  readonly #audiences = new Map<string, Audience>();
  #seq: number;

  constructor({ access, visibility, surveyor, live }: FanOutDeps, seq: number) {
    this.#access = access;
    this.#visibility = visibility;
    this.#surveyor = surveyor;
    this.#live = live;
    this.#seq = seq;
  }

  /** Every member has been told of all commits up to here, as far as he may see them. */
  get seq(): number {
    return this.#seq;
  }

  get audiences(): number {
    return this.#audiences.size;
  }

  /** Viewers with equal keys see the same rows. */
  audienceKey(viewer: Viewer): string {
    return this.#access.audienceKey(viewer);
  }

  /** `member` has been told of everything up to `seq`. */
  join(member: Member): void {
    const key = this.audienceKey(member.viewer);
    const audience = this.#audiences.get(key);
    if (audience) audience.members.add(member);
    else this.#audiences.set(key, { viewer: member.viewer, members: new Set([member]) });
  }

  leave(member: Member): void {
    const key = this.audienceKey(member.viewer);
    const audience = this.#audiences.get(key);
    if (audience?.members.delete(member) && audience.members.size === 0) this.#audiences.delete(key);
  }

  /** Reads what `commit` will need, inside the transaction that becomes it. */
  survey(source: WitnessSource, commit: Commit): Promise<void> | undefined {
    const concerned = this.#audiences.size > 0 && this.#surveyor.concerns(commit);
    if (!concerned) return this.#live.survey(source, commit);
    return this.#survey(source, commit).then(() => this.#live.survey(source, commit));
  }

  async #survey(source: WitnessSource, commit: Commit): Promise<void> {
    const viewers = [...this.#audiences.values()].map(({ viewer }) => viewer);
    const found = await this.#surveyor.survey(source, { commits: [commit] }, { name: 'all', viewers });
    this.#findings.set(commit, found.get(commit) ?? UNKNOWN);
  }

  commit(commits: readonly Commit[]): void {
    const to = commits.at(-1)!.seq;
    this.#seq = to;
    const { parts, lost } = this.#live.commit(commits);
    for (const member of lost) {
      parts.delete(member);
      member.restart();
    }
    const findings = new Map<Commit, Findings>();
    for (const commit of commits) {
      if (this.#surveyor.concerns(commit)) findings.set(commit, this.#findings.get(commit) ?? UNKNOWN);
    }
    for (const { viewer, members } of [...this.#audiences.values()]) {
      const ops = this.#visibility.ops(commits, findings, viewer);
      if (!ops) {
        for (const member of [...members]) {
          parts.delete(member);
          member.restart();
        }
        continue;
      }
      if (ops.length === 0) continue; // the next batch starts from the older cursor
      const opsJson = JSON.stringify(ops);
      const texts = new Map<number, string>();
      for (const member of [...members]) {
        const from = member.cursor;
        const own = parts.get(member);
        if (own) {
          parts.delete(member);
          member.deliver(encodeBatch(from, to, withParts(opsJson, own)), to);
          continue;
        }
        let text = texts.get(from);
        if (text === undefined) {
          text = encodeBatch(from, to, opsJson);
          texts.set(from, text);
        }
        member.deliver(text, to);
      }
    }
    for (const [member, own] of parts)
      member.deliver(encodeBatch(member.cursor, to, withParts('[]', own)), to);
  }
}
